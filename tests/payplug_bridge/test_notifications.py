"""The webhook and the inbox: what is stored, what is answered, what is made of it; true, forged and in floods."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from core.clock import utc_now
from core.database import db, lock, transaction
from core.jobs import run_due_jobs
from payplug_bridge import process_notifications as inbox
from payplug_bridge.apply_snapshot import Outcome, apply_snapshot
from payplug_bridge.keys import save_key
from payplug_bridge.models import NotificationState, PayplugNotification
from payplug_bridge.process_notifications import replay_notification
from payplug_bridge.snapshots import PaymentSnapshot
from tests.conftest import make_company
from tests.payplug_bridge.shop import ONE_OF_EACH, Shop, at_once

FLOOD = 50
UNKNOWN_ID = "pay_5iHMDxy4ABR4YBVW4UscIn"


def payment_body(payment_id: object, **more: object) -> dict[str, object]:
    return {"object": "payment", "id": payment_id, "is_live": True, "is_paid": True, **more}


def test_the_same_notification_fifty_times_at_once_records_once(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    body, path, answers = shop.simulator.payment(payment), shop.webhook_path(), []
    lock = threading.Lock()

    def post() -> None:
        answer = shop.app.test_client().post(path, json=body).status_code
        with lock:
            answers.append(answer)

    # Workers go through the inbox while the flood comes in.
    errors = at_once(*[post] * FLOOD, *[shop.work] * 4)
    shop.work()
    assert errors == []
    assert answers == [200] * FLOOD
    assert {row.state for row in shop.notifications()} == {NotificationState.DONE}
    assert len(shop.notifications()) == FLOOD
    assert shop.counted() == ONE_OF_EACH
    assert shop.balance(invoice).open_cents == 0
    shop.assert_sound()


def test_a_notification_that_another_worker_is_just_claiming_is_left_to_it(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    assert shop.notify_about(payment) == 200
    claiming = threading.Event()

    def other_worker() -> None:
        with shop.inside(), transaction():
            row = lock(select(PayplugNotification))
            assert row is not None
            row.tries, row.due_at = row.tries + 1, utc_now() + inbox.LEASE
            db.session.flush()
            claiming.set()
            time.sleep(0.5)  # long enough for us to wait for the row, or to go on without

    def we() -> None:
        assert claiming.wait(30)
        shop.work()

    assert at_once(other_worker, we) == []
    (row,) = shop.notifications()
    # The other one is reading the payment now: it alone applies it, or a sweep does once its lease has ended.
    assert (row.tries, row.state, shop.states(invoice)) == (1, NotificationState.RECEIVED, ["created"])
    with time_machine.travel(utc_now() + inbox.LEASE, tick=True):
        shop.work()
    assert shop.notifications()[0].state is NotificationState.DONE
    assert shop.counted() == ONE_OF_EACH
    shop.assert_sound()


def test_notification_return_page_and_sync_at_once_record_once(each_shop: Shop) -> None:
    shop = each_shop
    shop.app.config.update(RATELIMIT_ENABLED=False)
    invoice = shop.invoice()
    token, payment = shop.token(invoice), shop.click(invoice)
    shop.simulator.pay(payment, notify=False)

    def notify_and_work() -> None:
        assert shop.notify_about(payment) == 200
        shop.work()

    def come_back() -> None:
        assert shop.app.test_client().get(f"/p/{token}/return").status_code == 200

    assert at_once(notify_and_work, come_back, shop.sync, notify_and_work, come_back, shop.sync) == []
    shop.work()
    assert shop.states(invoice) == ["paid"]
    assert shop.counted() == ONE_OF_EACH
    shop.assert_sound()


def test_the_worker_is_woken_by_the_webhook(shop: Shop) -> None:
    assert shop.notify(payment_body(UNKNOWN_ID)) == 200
    run_due_jobs(shop.app)
    assert [row.outcome for row in shop.notifications()] == ["unknown_at_payplug"]


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        (b"", 400, "invalid_json"),
        (b"{not json", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"null", 400, "invalid_json"),
        (b"[" * 30_000, 400, "invalid_json"),
        (b"{}", 400, "invalid_object"),
        (json.dumps(payment_body("../customers/x")).encode(), 400, "invalid_id"),
        (json.dumps(payment_body("")).encode(), 400, "invalid_id"),
        (json.dumps(payment_body(None)).encode(), 400, "invalid_id"),
        (json.dumps(payment_body(["pay_x"])).encode(), 400, "invalid_id"),
        (
            json.dumps({"object": "refund", "id": "re_12345678", "payment_id": "../x"}).encode(),
            400,
            "invalid_id",
        ),
        (
            json.dumps({"object": "accounting_report", "id": "ar_12345678"}).encode(),
            200,
            "unknown_at_payplug",
        ),
        (json.dumps({"object": "accounting_report", "id": "../ar_1"}).encode(), 400, "invalid_id"),
        (json.dumps({"object": "installment_plan", "id": "inst_12345678"}).encode(), 200, "other_object"),
    ],
)
def test_what_is_no_notification_of_a_payment_is_kept_and_changes_nothing(
    shop: Shop, body: bytes, status: int, outcome: str
) -> None:
    before = shop.counted()
    assert shop.notify(body) == status
    shop.work()
    (row,) = shop.notifications()
    assert (row.state, row.outcome, row.body) == (NotificationState.IGNORED, outcome, body)
    assert shop.counted() == before


def test_a_huge_body_is_not_even_read(shop: Shop) -> None:
    assert shop.notify(b"x" * (64 * 1024 + 1)) == 413
    assert shop.notifications() == []
    assert shop.notify(b"x" * (64 * 1024)) == 400


def test_an_address_we_never_gave_is_not_found(shop: Shop) -> None:
    assert shop.notify(payment_body(UNKNOWN_ID), path="/webhooks/payplug/guessed") == 404
    assert shop.notifications() == []


def test_an_unknown_id_is_looked_up_and_ignored(shop: Shop) -> None:
    before = shop.counted()
    assert shop.notify(payment_body(UNKNOWN_ID)) == 200
    shop.work()
    assert [(r.state, r.outcome) for r in shop.notifications()] == [
        (NotificationState.IGNORED, "unknown_at_payplug")
    ]
    assert shop.counted() == before


def test_a_forged_success_of_a_payment_that_is_not_paid_is_not_believed(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    assert shop.notify({**shop.simulator.payment(payment), "is_paid": True, "amount": 1}) == 200
    shop.work()
    assert shop.states(invoice) == ["created"]
    assert shop.counted()["payments"] == 0


def test_another_companys_payment_changes_nothing_for_either(shop: Shop) -> None:
    other_account = shop.simulator.create_account("Autre Maison")
    changes = {"siren": "404833048", "siret": "40483304800022", "vat_number": "FR83404833048"}
    other = Shop(shop.app, shop.simulator, make_company(shop.app, name="Autre Maison", **changes))
    other.save_key(other_account.live_key)
    invoice = other.invoice()
    payment = other.click(invoice)
    shop.simulator.pay(payment, notify=False)
    assert shop.notify(shop.simulator.payment(payment), path=shop.webhook_path()) == 200
    shop.work()
    assert [row.outcome for row in shop.notifications()] == ["unknown_at_payplug"]
    assert other.states(invoice) == ["created"]
    assert (shop.counted()["payments"], other.counted()["payments"]) == (0, 0)
    assert other.sync().changed == 1


def test_a_payment_of_a_shop_on_the_same_account_is_not_ours(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    _set_metadata(shop, payment, {"order": "42"})
    elsewhere = shop.simulator.payment(payment)["id"]
    with shop.inside(), transaction() as session:
        # The attempt never learned its id: only the metadata could tell that it is ours.
        session.execute(text("DROP TRIGGER IF EXISTS frozen_payment_attempt_update"))
        session.execute(text("UPDATE payment_attempt SET payplug_id = NULL"))
    shop.notify_about(elsewhere)
    shop.work()
    assert [(r.state, r.outcome) for r in shop.notifications()] == [(NotificationState.IGNORED, "not_ours")]


def _set_metadata(shop: Shop, payment: str, metadata: dict[str, str]) -> None:
    import requests

    answer = requests.patch(
        f"{shop.simulator.url}/v1/payments/{payment}",
        json={"metadata": metadata},
        headers={"Authorization": f"Bearer {shop.simulator.live_key}", "PayPlug-Version": "2019-08-06"},
        timeout=5,
    )
    assert answer.status_code == 200


def test_the_address_of_a_replaced_key_still_works(shop: Shop) -> None:
    old_path = shop.webhook_path()
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.save_key()
    assert shop.webhook_path() != old_path
    shop.simulator.pay(payment, notify=False)
    assert shop.notify(shop.simulator.payment(payment), path=old_path) == 200
    shop.work()
    assert shop.states(invoice) == ["paid"]


def test_a_refund_made_in_the_portal_is_recorded_and_shown_as_trouble(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    shop.sync()
    refund = shop.simulator.refund(payment, 1_000, notify=False)
    assert shop.notify(refund) == 200
    shop.work()
    assert [a.trouble for a in shop.attempts(invoice)] == ["refunded"]
    assert [row.outcome for row in shop.notifications()] == ["refunded"]
    # The payment's settlement is undone, the refund matched with it and the rest settled again: one entry more.
    assert shop.counted() == {"payments": 1, "settlements": 4, "entries": 3}


def test_minimal_bodies_are_enough(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    assert shop.notify({"id": payment, "object": "payment", "is_live": True}) == 200
    shop.work()
    assert shop.states(invoice) == ["paid"]


def test_payplug_down_postpones_and_the_next_round_does_it(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    shop.simulator.set_fault("error", target="retrieve_payment", times=1, status=503)
    shop.notify_about(payment)
    shop.work()
    (row,) = shop.notifications()
    assert (row.state, row.outcome, row.tries) == (NotificationState.RECEIVED, "http_503", 1)
    assert row.due_at > utc_now()
    with time_machine.travel(utc_now() + timedelta(minutes=2), tick=True):
        shop.work()
    assert shop.states(invoice) == ["paid"]


def test_a_poisoned_row_does_not_hold_the_others_up_and_ends_visible(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, healthy = shop.invoice(), shop.invoice()
    bad, good = shop.click(poisoned), shop.click(healthy)
    for payment in (bad, good):
        shop.simulator.pay(payment, notify=False)
        shop.notify_about(payment)

    def trip(snapshot: PaymentSnapshot) -> Outcome:
        if snapshot.id == bad:
            raise RuntimeError("whatever")
        return apply_snapshot(snapshot)

    monkeypatch.setattr(inbox, "apply_snapshot", trip)
    moment = utc_now()
    for _ in range(inbox.MOST_TRIES):
        with time_machine.travel(moment, tick=True):
            shop.work()
        moment += timedelta(hours=7)
    assert shop.states(healthy) == ["paid"]
    first, second = shop.notifications()
    assert (first.state, first.outcome, second.state) == (
        NotificationState.STUCK,
        "RuntimeError",
        NotificationState.DONE,
    )
    monkeypatch.setattr(inbox, "apply_snapshot", apply_snapshot)
    with shop.inside(), transaction():
        replay_notification(first.id)
    shop.work()
    assert shop.states(poisoned) == ["paid"]


def test_a_worker_that_dies_with_a_claim_loses_nothing(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    shop.notify_about(payment)
    with shop.inside():
        assert len(inbox._claim(payment)) == 1
    shop.work()
    assert shop.states(invoice) == ["created"]
    with time_machine.travel(utc_now() + inbox.LEASE + timedelta(seconds=1), tick=True):
        shop.work()
    assert shop.states(invoice) == ["paid"]


def test_what_was_received_never_changes(each_shop: Shop) -> None:
    each_shop.notify(payment_body(UNKNOWN_ID))
    for change in ("body = 'x'", "resource_id = 'x'", "received_at = '2020-01-01'"):
        with each_shop.inside(), pytest.raises(Exception, match="frozen"), transaction() as session:
            session.execute(text(f"UPDATE payplug_notification SET {change}"))
    with each_shop.inside(), pytest.raises(Exception, match="frozen"), transaction() as session:
        session.execute(text("DELETE FROM payplug_notification"))


def test_two_keys_of_one_company_are_both_asked(shop: Shop) -> None:
    with shop.inside():
        save_key(shop.simulator.test_key)
    shop.notify(payment_body(UNKNOWN_ID))
    shop.work()
    with shop.inside():
        row = db.session.query(PayplugNotification).one()
        assert row.outcome == "unknown_at_payplug"
