"""Clicks in two browsers, news that is lost, doubled, late or forged, faults, deaths, transfers, credit notes, refunds:
in any order. PayPlug's own list is the truth that the books are compared with."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import timedelta

import psycopg
import pytest
import time_machine
from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.database import db, transaction
from core.web.headers import limiter
from invoicing.apply_credit import apply_credit
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.credit_left import credit_left
from invoicing.errors import InvalidInputError
from invoicing.models import Document
from payplug_bridge import start_payment
from payplug_bridge.simulator.testing import RunningSimulator
from tests._profiles import LONG
from tests.conftest import MakeApp, new_postgres_database
from tests.payplug_bridge.card_world import (
    CUTS_OF_A_CLICK,
    CUTS_OF_A_REFUND,
    CUTS_OF_A_WORKER,
    FIRST_DAY,
    PAGE_SECONDS,
    World,
)
from tests.payplug_bridge.shop import Shop, at_once, open_shop

RUNS = {
    "sqlite": 2000 if LONG else 300,
    "postgresql": 100 if LONG else 4,
}
STEPS = 25 if LONG else 12
APPLICATIONS = 6
"""How many application objects a restart goes round in on SQLite: making one takes as long as a whole run."""
BEGINNINGS = ("", "click", "pay", "decline, then pay", "pay days after the page was closed")
"""What has happened before anybody does anything: the rarer ways begin here, or few runs would come to them."""
PRICES = ("10", "99.99", "1250")
SPANS = [timedelta(minutes=4), timedelta(minutes=11), timedelta(hours=2), timedelta(days=2)]
FAULTS = ["error", "null", "html", "drop", "lost_answer", "too_many_requests"]
CALLS = [
    "create_payment",
    "retrieve_payment",
    "update_payment",
    "list_payments",
    "create_refund",
    "list_refunds",
]

OpenWorld = Callable[[], AbstractContextManager[World]]

ANY = st.integers(0, 30)
BROWSER = st.integers(0, 1)


class CardMachine(RuleBasedStateMachine):
    """One company, two customers, up to three invoices."""

    open_world: OpenWorld
    taken = 0
    keys = 0

    @initialize(
        failure_kept=st.booleans(),
        minimal=st.booleans(),
        first_page=st.integers(0, 1),
        first=st.sampled_from(BEGINNINGS),
    )
    def begin(self, failure_kept: bool, minimal: bool, first_page: int, first: str) -> None:
        self.opened = type(self).open_world()
        self.world: World = self.opened.__enter__()
        self.world.simulator.assume(
            failure_kept_once_paid=failure_kept,
            minimal_notification_body=minimal,
            first_page=first_page,
            page_timeout_seconds=PAGE_SECONDS,
        )
        if first:
            self.world.click(0, 0)
        if first.startswith("decline"):
            self.world.pay(0, 0, how="card_declined")
        if first.endswith("pay"):
            self.world.pay(0, 0, how="pay")
        if first.startswith("pay days"):
            self.world.transfer(self.world.invoices[0], 100)
            self.world.pass_time(SPANS[0])
            self.world.sweep()
            self.world.pass_time(timedelta(days=3))
            self.world.pay(0, 0, how="late")

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.world.come_to_rest()
            self.world.everything_is_right()
            type(self).taken += self.world.taken()
        finally:
            self.opened.__exit__(None, None, None)

    def _one(self, choice: int) -> int:
        return choice % len(self.world.invoices)

    @precondition(lambda self: len(self.world.invoices) < 4)
    @rule(customer=st.integers(0, 1), price=st.sampled_from(PRICES), goods=st.booleans())
    def issue(self, customer: int, price: str, goods: bool) -> None:
        self.world.issue(customer, price, goods=goods)

    @rule(browser=BROWSER, choice=ANY)
    def click(self, browser: int, choice: int) -> None:
        self.world.click(browser, self._one(choice))

    @rule(browser=BROWSER, choice=ANY)
    def click_and_pay(self, browser: int, choice: int) -> None:
        self.world.click(browser, self._one(choice))
        self.world.pay(browser, self._one(choice), how="pay")

    @rule(choice=ANY)
    def two_tabs_click_at_once(self, choice: int) -> None:
        one = self._one(choice)
        assert at_once(lambda: self.world.click(0, one), lambda: self.world.click(1, one)) == []

    @rule(browser=BROWSER, choice=ANY, cut=st.sampled_from(sorted(CUTS_OF_A_CLICK)))
    def click_and_die(self, browser: int, choice: int, cut: str) -> None:
        with self.world.power_cut(CUTS_OF_A_CLICK[cut]):
            self.world.click(browser, self._one(choice))

    @rule(
        browser=BROWSER,
        choice=ANY,
        how=st.sampled_from(["pay", "pay", "pay", "late", "card_declined", "3ds_declined", "leave"]),
    )
    def act_on_the_page(self, browser: int, choice: int, how: str) -> None:
        self.world.pay(browser, self._one(choice), how=how)

    @rule(choice=ANY, way=st.sampled_from(["", "/return", "/cancel"]))
    def visit(self, choice: int, way: str) -> None:
        self.world.visit(self._one(choice), way)

    @rule(choice=ANY, times=st.sampled_from([1, 1, 2]))
    def deliver(self, choice: int, times: int) -> None:
        self.world.deliver(choice, times)

    @rule(choice=ANY, kind=st.sampled_from(["paid", "unknown", "refund", "path"]))
    def forge(self, choice: int, kind: str) -> None:
        self.world.forge(choice, kind)

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule(cut=st.sampled_from(sorted(CUTS_OF_A_WORKER)))
    def work_and_die(self, cut: str) -> None:
        with self.world.power_cut(CUTS_OF_A_WORKER[cut]):
            self.world.work()

    @rule()
    def sweep(self) -> None:
        self.world.sweep()

    @rule(kind=st.sampled_from(FAULTS), call=st.sampled_from(CALLS), processed=st.booleans())
    def something_fails_next(self, kind: str, call: str, processed: bool) -> None:
        self.world.fail_once(kind, call, processed=processed)

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: timedelta) -> None:
        self.world.pass_time(span)

    @rule(choice=ANY, share=st.sampled_from([40, 100]))
    def record_a_transfer(self, choice: int, share: int) -> None:
        self.world.transfer(self.world.invoices[self._one(choice)], share)

    @rule(choice=ANY)
    def cancel_a_transfer(self, choice: int) -> None:
        self.world.cancel_a_transfer(choice)

    @rule(choice=ANY, tenths=st.sampled_from([5, 10]))
    def credit(self, choice: int, tenths: int) -> None:
        invoice = self.world.invoices[self._one(choice)]
        with self.world.shop.inside(), suppress(InvalidInputError), transaction():
            if tenths == 10:
                credit_invoice(invoice, reason="Erreur")
                return
            left = credit_left(db.session.get_one(Document, invoice))
            chosen = CreditChoice({one.line.position: one.quantity * tenths // 10 for one in left.lines})
            credit_invoice(invoice, reason="Retour", choice=chosen)

    @rule(choice=ANY)
    def use_credit(self, choice: int) -> None:
        with self.world.shop.inside(), transaction():
            apply_credit(self.world.invoices[self._one(choice)])

    @rule(choice=ANY, share=st.sampled_from([30, 100]))
    def refund(self, choice: int, share: int) -> None:
        self.keys += 1
        self.world.refund(choice, share, f"refund-{self.keys}")

    @rule(choice=ANY, share=st.sampled_from([30, 100]), cut=st.sampled_from(sorted(CUTS_OF_A_REFUND)))
    def refund_and_die(self, choice: int, share: int, cut: str) -> None:
        self.keys += 1
        with self.world.power_cut(CUTS_OF_A_REFUND[cut]):
            self.world.refund(choice, share, f"refund-{self.keys}")

    @rule(choice=ANY)
    def claim_again(self, choice: int) -> None:
        self.world.claim(self._one(choice))

    @rule(choice=ANY, share=st.sampled_from([30, 100]))
    def refund_in_the_portal(self, choice: int, share: int) -> None:
        self.world.refund_in_portal(choice, share)


@contextmanager
def _world(shop: Shop, restarted: Callable[[], Flask], simulator: RunningSimulator) -> Iterator[World]:
    simulator.reset()
    simulator.pause_deliveries()
    with time_machine.travel(FIRST_DAY, tick=False) as traveller:
        world = World(shop, restarted, traveller)
        world.forget_queue()
        world.know_invoices()
        yield world


def _prepare(shop: Shop) -> None:
    """What each run begins with: two customers, three invoices."""
    with time_machine.travel(FIRST_DAY, tick=False):
        world = World(shop, lambda: shop.app, None)
        world.meet_customers()
        for number, price in enumerate(PRICES):
            world.issue(number % 2, price, goods=number == 2)


def _on_sqlite(make_app: MakeApp, url: str, simulator: RunningSimulator) -> OpenWorld:
    """Each run begins on a copy of one database; a restart goes round in a few application objects."""
    shop = open_shop(make_app, url, simulator)
    _prepare(shop)
    path, template = url.removeprefix("sqlite:///"), sqlite3.connect(":memory:")
    with closing(sqlite3.connect(path)) as prepared:
        prepared.backup(template)
    turns = itertools.cycle(
        [shop.app, *(make_app(url, payplug_api_url=simulator.url) for _ in range(APPLICATIONS - 1))]
    )

    def restarted() -> Flask:
        app = next(turns)
        app.extensions.pop("payplug_endpoints", None)
        return app

    @contextmanager
    def open_world() -> Iterator[World]:
        with closing(sqlite3.connect(path)) as fresh:
            template.backup(fresh)
        with _world(Shop(restarted(), simulator, shop.company_id), restarted, simulator) as world:
            yield world

    return open_world


def _on_postgresql(make_app: MakeApp, server: str, template: str, simulator: RunningSimulator) -> OpenWorld:
    """Each run has a database and application objects of its own."""
    prepared, prepared_url = new_postgres_database(server, template)
    shop = open_shop(make_app, prepared_url, simulator)
    _prepare(shop)
    _let_go(shop.app)

    @contextmanager
    def open_world() -> Iterator[World]:
        name, url = new_postgres_database(server, prepared)
        made: list[Flask] = []

        def restarted() -> Flask:
            made.append(make_app(url, payplug_api_url=simulator.url))
            return made[-1]

        try:
            with _world(Shop(restarted(), simulator, shop.company_id), restarted, simulator) as world:
                yield world
        finally:
            for app in made:
                _let_go(app)
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    return open_world


def _let_go(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["solde_huey"].storage.close()


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_cent_payplug_took_is_in_the_books_once(
    request: pytest.FixtureRequest,
    make_app: MakeApp,
    simulator: RunningSimulator,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
) -> None:
    monkeypatch.setattr(limiter, "enabled", False)
    # One tab waits for another that asks PayPlug, or that died asking: long enough to see either.
    monkeypatch.setattr(start_payment, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(start_payment, "POLL_SECONDS", 0.02)
    if engine == "sqlite":
        opened = _on_sqlite(make_app, request.getfixturevalue("sqlite_url"), simulator)
    else:
        server, template = (request.getfixturevalue(f"postgres_{name}") for name in ("server", "template"))
        opened = _on_postgresql(make_app, server, template, simulator)

    class Machine(CardMachine):
        open_world = staticmethod(opened)

    runs = RUNS[engine]
    run_state_machine_as_test(Machine, settings=settings(max_examples=runs, stateful_step_count=STEPS))
    assert Machine.taken > runs / 4, "a machine in which nobody pays proves nothing"
