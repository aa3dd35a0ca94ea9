"""From the click to the books, and every way in which news of a payment arrives."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from core.clock import utc_now
from core.database import db, transaction
from invoicing.apply_credit import apply_credit
from invoicing.balances import open_of_payment
from invoicing.payments import Payment
from payplug_bridge.attempts import may_pass
from payplug_bridge.errors import CardNotPossible, NothingToPay, PayplugUnconfirmed, PayplugUnreachable
from payplug_bridge.keys import choose_mode, save_key
from payplug_bridge.models import AttemptState, NotificationState, PayplugMode
from payplug_bridge.start_payment import start_payment
from tests.payplug_bridge.shop import BACK, ONE_OF_EACH, Shop, tamper


def test_a_notification_settles_the_invoice(each_shop: Shop) -> None:
    invoice = each_shop.invoice()
    payment = each_shop.click(invoice)
    each_shop.simulator.pay(payment, notify=False)
    assert each_shop.notify_about(payment) == 200
    each_shop.work()
    assert each_shop.states(invoice) == ["paid"]
    assert each_shop.balance(invoice).open_cents == 0
    assert each_shop.counted() == ONE_OF_EACH
    assert [row.state for row in each_shop.notifications()] == [NotificationState.DONE]
    each_shop.assert_sound()


def test_a_lost_notification_is_made_up_for_by_the_sync(each_shop: Shop) -> None:
    invoice = each_shop.invoice()
    each_shop.simulator.pay(each_shop.click(invoice), notify=False)
    report = each_shop.sync()
    assert (report.changed, report.failed) == (1, 0)
    assert each_shop.balance(invoice).open_cents == 0
    assert each_shop.sync().changed == 0
    assert each_shop.counted() == ONE_OF_EACH
    each_shop.assert_sound()


def test_a_notification_that_comes_before_our_own_record_finds_the_attempt_by_its_reference(
    shop: Shop,
) -> None:
    invoice = shop.invoice()
    shop.simulator.set_fault("lost_answer", target="create_payment", times=1)
    shop.simulator.set_fault("error", target="list_payments", times=1, status=503)
    with shop.inside(), pytest.raises(PayplugUnconfirmed):
        start_payment(invoice, BACK)
    assert shop.states(invoice) == ["unconfirmed"]
    payment = shop.simulator.payments()[0]["id"]
    shop.simulator.pay(payment, notify=False)
    assert shop.notify_about(payment) == 200
    shop.work()
    assert shop.states(invoice) == ["paid"]
    assert shop.counted() == ONE_OF_EACH


def test_a_late_notification_changes_nothing_any_more(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    shop.sync()
    before = shop.counted()
    assert shop.notify_about(payment) == 200
    shop.work()
    assert shop.counted() == before
    assert [row.outcome for row in shop.notifications()] == ["known"]


def test_a_failure_told_after_the_success_is_not_believed(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.decline(payment, notify=False)
    declined = shop.simulator.payment(payment)
    shop.simulator.pay(payment, notify=False)
    assert shop.notify_about(payment) == 200
    assert shop.notify(declined) == 200
    shop.work()
    assert shop.states(invoice) == ["paid"]
    assert shop.counted() == ONE_OF_EACH


@pytest.mark.parametrize("kept", [True, False])
def test_a_success_after_a_decline_on_the_same_page_is_recorded(shop: Shop, kept: bool) -> None:
    shop.simulator.assume(failure_kept_once_paid=kept)
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.decline(payment, "insufficient_funds", notify=False)
    shop.sync()
    attempt = shop.attempts(invoice)[0]
    assert (attempt.state.value, attempt.failure_code) == ("failed", "insufficient_funds")
    shop.simulator.pay(payment, notify=False)
    shop.sync()
    assert shop.states(invoice) == ["paid"]
    assert shop.counted() == ONE_OF_EACH


def test_a_success_that_comes_after_the_abort_is_recorded(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.abort(payment, notify=False)
    shop.sync()
    assert shop.states(invoice) == ["aborted"]
    shop.simulator.pay(payment, force=True, notify=False)
    shop.notify_about(payment)
    shop.work()
    assert shop.states(invoice) == ["paid"]
    assert shop.balance(invoice).open_cents == 0


def test_the_same_page_is_given_again_within_ten_minutes(shop: Shop) -> None:
    invoice = shop.invoice()
    with shop.inside():
        first, second = start_payment(invoice, BACK), start_payment(invoice, BACK)
    assert first == second
    assert shop.states(invoice) == ["created"]
    assert len(shop.simulator.payments()) == 1


def test_an_older_page_is_aborted_before_another_is_made(shop: Shop) -> None:
    invoice = shop.invoice()
    first = shop.click(invoice)
    with time_machine.travel(utc_now() + timedelta(minutes=11), tick=True):
        second = shop.click(invoice)
    assert first != second
    assert shop.states(invoice) == ["aborted", "created"]
    assert shop.simulator.payment(first)["failure"]["code"] == "aborted"


def test_another_amount_needs_another_page(shop: Shop) -> None:
    invoice = shop.invoice()
    first = shop.click(invoice)
    shop.transfer(invoice, 5_000)
    second = shop.click(invoice)
    assert [a.amount_cents for a in shop.attempts(invoice)] == [12_000, 7_000]
    assert shop.simulator.payment(first)["failure"]["code"] == "aborted"
    shop.simulator.pay(second, notify=False)
    shop.sync()
    assert shop.balance(invoice).open_cents == 0
    shop.assert_sound()


def test_a_declined_page_is_closed_before_another_is_made(shop: Shop) -> None:
    invoice = shop.invoice()
    first = shop.click(invoice)
    shop.simulator.decline(first, notify=False)
    shop.notify_about(first)
    shop.work()
    second = shop.click(invoice)
    assert first != second
    assert shop.states(invoice) == ["aborted", "created"]


def test_a_page_paid_while_another_is_asked_for_is_recorded_instead(shop: Shop) -> None:
    invoice = shop.invoice()
    first = shop.click(invoice)
    shop.simulator.pay(first, notify=False)
    with (
        shop.inside(),
        time_machine.travel(utc_now() + timedelta(minutes=11), tick=True),
        pytest.raises(NothingToPay),
    ):
        start_payment(invoice, BACK)
    assert shop.states(invoice) == ["paid"]
    assert shop.balance(invoice).open_cents == 0


def test_a_page_that_timed_out_is_replaced(shop: Shop) -> None:
    invoice = shop.invoice()
    first = shop.click(invoice)
    shop.simulator.time_out(first, notify=False)
    with time_machine.travel(utc_now() + timedelta(minutes=11), tick=True):
        shop.click(invoice)
    assert shop.states(invoice) == ["failed", "created"]


def test_a_created_payment_whose_answer_was_lost_is_found_again_at_once(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.simulator.set_fault("lost_answer", target="create_payment", times=1)
    payment = shop.click(invoice)
    assert shop.states(invoice) == ["created"]
    assert [p["id"] for p in shop.simulator.payments()] == [payment]


def test_an_unconfirmed_payment_is_looked_for_before_another_is_made(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.simulator.set_fault("lost_answer", target="create_payment", times=1)
    shop.simulator.set_fault("error", target="list_payments", times=1)
    with shop.inside(), pytest.raises(PayplugUnconfirmed):
        start_payment(invoice, BACK)
    assert shop.states(invoice) == ["unconfirmed"]
    payment = shop.click(invoice)
    assert shop.states(invoice) == ["created"]
    assert [p["id"] for p in shop.simulator.payments()] == [payment]


def test_an_unconfirmed_payment_that_was_not_made_gives_way_to_another(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.simulator.set_fault("error", target="create_payment", times=1)
    with shop.inside(), pytest.raises(PayplugUnconfirmed):
        start_payment(invoice, BACK)
    assert shop.states(invoice) == ["refused"]
    shop.click(invoice)
    assert shop.states(invoice) == ["refused", "created"]


def test_payplug_down_at_the_click_leaves_nothing_half_done(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.simulator.stop()
    try:
        with shop.inside(), pytest.raises(PayplugUnreachable):
            start_payment(invoice, BACK)
        assert shop.states(invoice) == ["refused"]
        assert shop.attempts(invoice)[0].failure_code == "unreachable"
    finally:
        shop.simulator.restart()
    shop.click(invoice)
    assert shop.states(invoice) == ["refused", "created"]


def test_nothing_due_means_nothing_to_pay(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.transfer(invoice, 12_000)
    with shop.inside(), pytest.raises(NothingToPay):
        start_payment(invoice, BACK)
    assert shop.attempts(invoice) == []


@pytest.mark.parametrize("price", ["0.20", "20000.01"])
def test_an_amount_outside_the_accounts_limits_is_not_asked_for(shop: Shop, price: str) -> None:
    invoice = shop.invoice(price)
    with shop.inside(), pytest.raises(CardNotPossible):
        start_payment(invoice, BACK)
    assert shop.attempts(invoice) == []


def test_a_revoked_key_is_told_as_card_not_possible(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.simulator.revoke_key(shop.simulator.live_key)
    with shop.inside(), pytest.raises(CardNotPossible):
        start_payment(invoice, BACK)
    assert shop.attempts(invoice)[0].failure_code == "http_401"


def test_a_card_page_left_open_is_closed_when_a_transfer_settles_the_invoice(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.transfer(invoice, 12_000)
    shop.sync()
    assert shop.states(invoice) == ["aborted"]
    assert shop.simulator.payment(payment)["failure"]["code"] == "aborted"
    assert shop.counted()["payments"] == 1


def test_a_card_that_was_faster_than_the_abort_becomes_the_customers_credit(shop: Shop) -> None:
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.transfer(invoice, 12_000)
    shop.simulator.pay(payment, notify=False)
    shop.sync()
    assert shop.states(invoice) == ["paid"]
    assert shop.attempts(invoice)[0].trouble == "surplus"
    assert (shop.balance(invoice).open_cents, shop.credit(invoice)) == (0, 12_000)
    shop.assert_sound()


def test_test_mode_leaves_the_books_untouched(shop: Shop) -> None:
    with shop.inside():
        save_key(shop.simulator.test_key)
        with transaction():
            choose_mode(PayplugMode.TEST)
    invoice = shop.invoice()
    before = shop.counted()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    shop.notify_about(payment)
    shop.work()
    assert shop.states(invoice) == ["paid"]
    assert shop.counted() == before
    assert shop.balance(invoice).open_cents == 12_000


@pytest.mark.parametrize(
    ("sql", "trouble"),
    [
        ("UPDATE payments SET amount = 1, request = json_set(request, '$.currency', 'USD')", "currency"),
        ("UPDATE payments SET request = json_set(request, '$.currency', 'USD')", "currency"),
        ("UPDATE payments SET request = json_set(request, '$.metadata.solde_attempt', 'x')", "metadata"),
        ("UPDATE payments SET request = json_remove(request, '$.metadata')", "metadata"),
    ],
)
def test_what_does_not_match_is_put_aside_and_settles_nothing(shop: Shop, sql: str, trouble: str) -> None:
    invoice = shop.invoice()
    before = shop.counted()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    tamper(shop, sql)
    shop.notify_about(payment)
    shop.work()
    (attempt,) = shop.attempts(invoice)
    assert (attempt.state.value, attempt.trouble) == ("created", trouble)
    assert shop.counted() == before
    assert [row.outcome for row in shop.notifications()] == ["trouble"]
    page = shop.app.test_client().get(f"/p/{shop.token(invoice)}").get_data(as_text=True)
    assert "/pay" not in page


@pytest.mark.parametrize("taken_cents", [1_000, 20_000])
def test_what_was_taken_instead_of_what_was_asked_for_is_the_customers_credit(
    each_shop: Shop, taken_cents: int
) -> None:
    shop, invoice = each_shop, each_shop.invoice()
    payment = shop.click(invoice)
    shop.simulator.pay(payment, notify=False)
    tamper(shop, f"UPDATE payments SET amount = {taken_cents}")
    for _ in range(2):
        shop.notify_about(payment)
        shop.work()
    shop.sync()
    (attempt,) = shop.attempts(invoice)
    assert (attempt.state.value, attempt.trouble) == ("paid", "other_amount")
    with shop.inside():
        booked = db.session.get_one(Payment, attempt.payment_id)
        assert (booked.amount_cents, open_of_payment(booked.id)) == (taken_cents, taken_cents)
    assert shop.balance(invoice).open_cents == 12_000
    page = shop.app.test_client().get(f"/p/{shop.token(invoice)}").get_data(as_text=True)
    assert "/pay" not in page  # nobody is asked again before a person has looked
    with shop.inside(), pytest.raises(NothingToPay):
        start_payment(invoice, BACK)  # from a page that was opened before
    with shop.inside(), transaction():
        apply_credit(invoice)
    assert shop.balance(invoice).open_cents == max(0, 12_000 - taken_cents)
    page = shop.app.test_client().get(f"/p/{shop.token(invoice)}").get_data(as_text=True)
    assert ("/pay" in page) is (taken_cents < 12_000)
    shop.assert_sound()


def test_a_reference_of_another_attempt_is_put_aside(shop: Shop) -> None:
    first, second = shop.invoice(), shop.invoice("50")
    shop.click(first)
    payment = shop.click(second)
    reference = shop.attempts(first)[0].reference
    shop.simulator.pay(payment, notify=False)
    tamper(
        shop,
        f"UPDATE payments SET request = json_set(request, '$.metadata.solde_attempt', '{reference}')"
        f" WHERE id = '{payment}'",
    )
    shop.notify_about(payment)
    shop.work()
    assert [a.trouble for a in shop.attempts(second)] == ["metadata"]
    assert shop.counted()["payments"] == 0


def test_what_was_asked_for_never_changes(each_shop: Shop) -> None:
    invoice = each_shop.invoice()
    payment = each_shop.click(invoice)
    changes = ["amount_cents = 1", "reference = 'x'", "mode = 'test'", "payplug_id = 'pay_other'"]
    each_shop.simulator.pay(payment, notify=False)
    each_shop.sync()
    for change in (*changes, "state = 'failed'", "payment_id = NULL"):
        with each_shop.inside(), pytest.raises(DatabaseError, match="frozen"), transaction() as session:
            session.execute(text(f"UPDATE payment_attempt SET {change}"))


@pytest.mark.parametrize("before", list(AttemptState))
def test_nothing_leads_out_of_paid_and_everything_may_lead_there(before: AttemptState) -> None:
    assert may_pass(before, AttemptState.PAID)
    for after in set(AttemptState) - {AttemptState.PAID}:
        assert not may_pass(AttemptState.PAID, after)
