"""Two tabs, a card beside a transfer, news over real HTTP: separate threads, separate connections, both engines."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from core.clock import paris_today
from core.database import db, transaction
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput, record_payment
from payplug_bridge.apply_snapshot import Outcome, apply_snapshot
from payplug_bridge.attempts import find_by_payplug_id, new_attempt
from payplug_bridge.errors import NothingToPay
from payplug_bridge.keys import client_for
from payplug_bridge.models import PayplugMode
from payplug_bridge.simulator.testing import RunningSimulator
from payplug_bridge.start_payment import start_payment
from payplug_bridge.troubles import Trouble
from tests.conftest import make_company
from tests.payplug_bridge.shop import BACK, ONE_OF_EACH, Shop, at_once
from tests.serving import listening_socket, served


def test_the_same_snapshot_applied_by_many_at_the_same_instant_is_recorded_once(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    with shop.inside():
        snapshot = client_for(PayplugMode.LIVE).retrieve_payment(payment)
    outcomes: list[Outcome] = []
    ready = threading.Barrier(8)

    def apply() -> None:
        # Each one has its connection and has read what it decides on: only the lock can set them in a row.
        with shop.inside():
            assert find_by_payplug_id(payment) is not None
            db.session.rollback()
            with transaction() as session:
                session.connection()
                if shop.app.config["SOLDE"].database_url.startswith("postgresql"):
                    ready.wait(30)
                outcomes.append(apply_snapshot(snapshot))

    assert at_once(*[apply] * 8) == []
    assert sorted(outcomes) == [Outcome.KNOWN] * 7 + [Outcome.RECORDED]
    assert shop.counted() == ONE_OF_EACH
    shop.assert_sound()


def test_two_tabs_are_sent_to_one_page(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    addresses: list[str] = []

    def click() -> None:
        with shop.inside():
            addresses.append(start_payment(invoice, BACK))

    assert at_once(*[click] * 6) == []
    assert len(set(addresses)) == 1
    assert len(shop.simulator.payments()) == 1
    assert shop.states(invoice) == ["created"]


def test_the_database_itself_takes_one_open_attempt_of_an_invoice(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    shop.click(invoice)
    with (
        pytest.raises(IntegrityError, match=r"uq_payment_attempt_open|payment_attempt\.document_id"),
        shop.inside(),
        transaction(),
    ):
        new_attempt(invoice, 12_000, PayplugMode.LIVE)
    assert shop.states(invoice) == ["created"]


def test_a_click_while_a_transfer_is_recorded_never_charges_more_than_is_due_unseen(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()

    def click() -> None:
        # Before the transfer it gets a page, after it there is nothing to pay.
        with shop.inside(), contextlib.suppress(NothingToPay):
            start_payment(invoice, BACK)

    assert at_once(click, lambda: shop.transfer(invoice, 12_000)) == []
    shop.sync()
    assert shop.balance(invoice).open_cents == 0
    assert "created" not in shop.states(invoice)
    assert all(p["failure"]["code"] == "aborted" for p in shop.simulator.payments())
    assert shop.counted()["payments"] == 1


def test_a_card_paid_while_a_transfer_is_being_recorded_is_told_as_a_surplus(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    with shop.inside():
        snapshot = client_for(PayplugMode.LIVE).retrieve_payment(payment)
    recorded = threading.Event()

    def transfer() -> None:
        with shop.inside(), transaction():
            record_payment(PaymentInput(invoice, PaymentMethod.TRANSFER, 12_000, paris_today()))
            recorded.set()
            time.sleep(0.5)  # long enough for the card to wait for the invoice, or to go on without

    def card() -> None:
        recorded.wait(30)
        with shop.inside(), transaction():
            assert apply_snapshot(snapshot) is Outcome.RECORDED

    assert at_once(transfer, card) == []
    assert shop.attempts(invoice)[-1].trouble == Trouble.SURPLUS
    assert shop.credit(invoice) == 12_000
    shop.assert_sound()


def test_payments_and_aborts_at_once_end_in_one_truth(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.transfer(invoice, 12_000)
    outcome: list[bool] = []

    def pay() -> None:
        try:
            shop.simulator.pay(payment, notify=False)
            outcome.append(True)
        except Exception:  # noqa: BLE001  # the abort was faster
            outcome.append(False)

    assert at_once(pay, shop.sync) == []
    shop.sync()
    assert shop.states(invoice) == ["paid" if outcome[0] else "aborted"]
    assert shop.credit(invoice) == (12_000 if outcome[0] else 0)
    shop.assert_sound()


@pytest.mark.parametrize("lost", [False, True])
def test_payplug_notifies_over_http_and_the_invoice_is_settled(
    make_app: Callable[..., Flask], sqlite_url: str, simulator: RunningSimulator, lost: bool
) -> None:
    with listening_socket() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = make_app(sqlite_url, payplug_api_url=simulator.url, public_url=url)
        shop = Shop(app, simulator, make_company(app))
        shop.save_key()
        invoice = shop.invoice()
        with served(app, listener):
            if lost:
                simulator.set_fault("lose", target="paid", times=1)
            else:
                simulator.set_fault("duplicate", target="paid", times=1, copies=9)
            simulator.pay(shop.click(invoice))
            simulator.wait_for_deliveries()
            _until(lambda: len(shop.notifications()) == (0 if lost else 10))
            shop.work()
        shop.sync()
        assert shop.counted() == ONE_OF_EACH
        assert shop.balance(invoice).open_cents == 0
        shop.assert_sound()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
