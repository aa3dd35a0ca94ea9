"""The daily walk of PayPlug's list: money that nobody told of and nobody waits for any more is found all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from core.clock import utc_now
from core.database import db
from payplug_bridge import sync
from payplug_bridge.apply_snapshot import Outcome, apply_snapshot
from payplug_bridge.close_attempt import close_attempt
from payplug_bridge.models import PayplugWalk
from payplug_bridge.snapshots import PaymentSnapshot
from payplug_bridge.sync import WALK_OVERLAP, sync_due_attempts, walk_due_lists
from tests.payplug_bridge.shop import ONE_OF_EACH, Shop


@pytest.fixture
def begins(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Where each walk began."""
    seen: list[datetime] = []
    real = sync._walk

    def walk(since: datetime) -> sync.SyncReport:
        seen.append(since)
        return real(since)

    monkeypatch.setattr(sync, "_walk", walk)
    return seen


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 5, 4, 8, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def sweep(shop: Shop) -> None:
    with shop.app.app_context():
        sync_due_attempts()
        walk_due_lists()
        db.session.remove()


def test_a_success_of_an_attempt_given_up_days_ago_is_found(
    each_shop: Shop, clock: time_machine.Traveller
) -> None:
    shop = each_shop
    invoice = shop.invoice()
    payment = shop.click(invoice)
    with shop.inside():
        close_attempt(shop.attempts(invoice)[0].id)
    sweep(shop)
    clock.shift(timedelta(days=3))
    # The bank said yes after all, and the notification was lost.
    shop.simulator.pay(payment, force=True, notify=False)
    sweep(shop)
    assert shop.states(invoice) == ["paid"]
    assert shop.counted() == ONE_OF_EACH
    clock.shift(timedelta(days=1))
    sweep(shop)
    assert shop.counted() == ONE_OF_EACH
    shop.assert_sound()


def test_a_walk_goes_on_where_the_last_one_ended(
    shop: Shop, clock: time_machine.Traveller, begins: list[datetime]
) -> None:
    first = utc_now()
    for _ in range(3):
        sweep(shop)
        clock.shift(timedelta(hours=2))
    assert begins == [first - WALK_OVERLAP]  # once a day
    # Switched off for two months: the next walk begins where the last one ended.
    clock.shift(timedelta(days=60))
    sweep(shop)
    assert begins[1:] == [first - WALK_OVERLAP]


def test_a_walk_that_payplug_broke_off_is_begun_again_an_hour_later(
    shop: Shop, clock: time_machine.Traveller, begins: list[datetime]
) -> None:
    shop.simulator.set_fault("error", target="list_payments", times=1)
    for _ in range(4):
        sweep(shop)
        clock.shift(timedelta(minutes=20))
    assert len(begins) == 2
    with shop.inside():
        walk = db.session.scalars(select(PayplugWalk)).one()
        assert walk.walked_until == walk.tried_at == datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def test_one_payment_that_the_books_trip_over_hides_none_of_the_others(
    shop: Shop, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices = [shop.invoice() for _ in range(3)]
    for invoice in invoices:
        payment = shop.click(invoice)
        with shop.inside():
            close_attempt(shop.attempts(invoice)[0].id)
        shop.simulator.pay(payment, force=True, notify=False)
    clock.shift(timedelta(days=3))
    tripped: list[str] = []

    def trips_once(snapshot: PaymentSnapshot) -> Outcome:
        if not tripped:
            tripped.append(snapshot.id)
            raise RuntimeError("poisoned")
        return apply_snapshot(snapshot)

    monkeypatch.setattr(sync, "apply_snapshot", trips_once)
    sweep(shop)
    assert sorted(shop.states(invoice)[0] for invoice in invoices) == ["aborted", "paid", "paid"]
    clock.shift(timedelta(hours=2))
    sweep(shop)
    assert [shop.states(invoice) for invoice in invoices] == [["paid"]] * 3
