"""Card money that goes back: asked for by Solde or made at PayPlug, told, found, lost, doubled; each is booked once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from core.clock import utc_now
from core.database import db, transaction
from invoicing.balances import balance_of, open_of_payment
from invoicing.claim_again import claim_again
from invoicing.credit_invoice import credit_invoice
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.lifecycle import PaymentStatus
from payplug_bridge.errors import NothingToPay, RefundInProgress
from payplug_bridge.keys import choose_mode
from payplug_bridge.models import PayplugMode, PayplugRefund, RefundState
from payplug_bridge.public_page import PageState, public_page
from payplug_bridge.refund import RefundRequest, refund_card
from payplug_bridge.start_payment import start_payment
from payplug_bridge.sync_refunds import sync_due_refunds
from payplug_bridge.troubles import Trouble
from tests.payplug_bridge.refunding import at_payplug, paid, refunds, standing
from tests.payplug_bridge.shop import BACK, Shop, at_once
from tests.scenarios.money import books

ACCOUNTS = ("411", "706", "44571", "44574", "512500")


def give_back(
    shop: Shop, payment_id: int, cents: int, key: str = "key-1", note: int | None = None
) -> PayplugRefund:
    with shop.inside():
        found = refund_card(RefundRequest(payment_id, cents, note, "Geste commercial", key))
        db.session.expunge_all()
        return found


def in_books(shop: Shop) -> dict[str, str]:
    with shop.inside():
        return books(*ACCOUNTS)


def test_a_refund_from_solde_is_made_and_booked_once_however_often_it_is_sent(each_shop: Shop) -> None:
    shop = each_shop
    invoice, payplug_id, payment_id = paid(shop)
    made = give_back(shop, payment_id, 5_000)
    assert (made.state, made.failure_code) == (RefundState.DONE, "")
    assert give_back(shop, payment_id, 5_000).id == made.id
    assert refunds(shop) == [(5_000, made.payplug_id)]
    assert at_payplug(shop, payplug_id) == 5_000
    assert standing(shop, invoice) == (5_000, PaymentStatus.REFUNDED)
    assert in_books(shop) == {
        "411": "50.00", "706": "-100.00", "44571": "-11.67", "44574": "-8.33", "512500": "70.00",
    }  # fmt: skip
    # It is ours: its echo is known, by notification and by sync, and nobody has to look at it.
    shop.notify({"object": "refund", "id": made.payplug_id, "payment_id": payplug_id})
    shop.notify_about(payplug_id)
    shop.work()
    shop.sync()
    assert [row.outcome for row in shop.notifications()] == ["known", "known"]
    assert len(refunds(shop)) == 1
    assert shop.attempts(invoice)[-1].trouble == ""
    # A second one, of what is left, and no more.
    assert give_back(shop, payment_id, 7_000, "key-2").state is RefundState.DONE
    for cents in (9, 1_000):
        with pytest.raises(InvalidInputError):
            give_back(shop, payment_id, cents, f"key-{cents}")
    assert standing(shop, invoice) == (12_000, PaymentStatus.REFUNDED)
    shop.assert_sound()


def test_two_clicks_at_once_give_back_once(each_shop: Shop) -> None:
    shop = each_shop
    _invoice, payplug_id, payment_id = paid(shop)
    assert at_once(*[lambda: give_back(shop, payment_id, 3_000)] * 4) == []
    # Of two windows one is told to wait: which of the two was meant is not for us to guess.
    errors = at_once(*[lambda n=n: give_back(shop, payment_id, 2_000, f"tab-{n}") for n in range(3)])
    assert all(isinstance(error, RefundInProgress) for error in errors)
    assert at_payplug(shop, payplug_id) == 3_000 + 2_000 * (3 - len(errors))
    assert sum(cents for cents, _ in refunds(shop)) == at_payplug(shop, payplug_id)
    shop.assert_sound()


@pytest.mark.parametrize(
    "found_by", ["notification of the refund", "notification of the payment", "sync", "interval"]
)
def test_a_refund_made_at_payplug_is_found_and_recorded_once(found_by: str, shop: Shop) -> None:
    invoice, payplug_id, payment_id = paid(shop)
    made = shop.simulator.refund(payplug_id, 4_000, notify=False)
    second = shop.simulator.refund(payplug_id, 2_000, notify=False)

    def hear() -> None:
        if found_by == "sync":
            shop.sync()
        elif found_by == "interval":
            with time_machine.travel(utc_now() + timedelta(hours=7), tick=True), shop.app.app_context():
                sync_due_refunds()
                db.session.remove()
        else:
            body = {key: made[key] for key in ("object", "id", "payment_id")}
            shop.notify(body if "refund" in found_by else shop.simulator.payment(payplug_id))
            shop.work()

    hear()
    hear()
    assert refunds(shop) == [(4_000, made["id"]), (2_000, second["id"])]
    assert standing(shop, invoice) == (6_000, PaymentStatus.REFUNDED)
    assert shop.attempts(invoice)[-1].trouble == Trouble.REFUNDED
    assert in_books(shop)["512500"] == "60.00"
    with shop.inside():
        assert public_page(invoice).state is PageState.REFUNDED
        with pytest.raises(NothingToPay):
            start_payment(invoice, BACK)
    # The owner claims the rest again: the page takes cards as before, and what is paid then settles the invoice.
    with shop.inside(), transaction():
        claim_again(invoice)
    again = shop.click(invoice)
    shop.simulator.pay(again, notify=False)
    shop.sync()
    assert standing(shop, invoice) == (0, PaymentStatus.PAID)
    assert payment_id != shop.attempts(invoice)[-1].payment_id
    shop.assert_sound()


def test_a_payment_that_was_refunded_before_we_heard_of_either(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    payplug_id = shop.click(invoice)
    shop.simulator.pay(payplug_id, notify=False)
    shop.simulator.refund(payplug_id, notify=False)
    shop.notify_about(payplug_id)
    shop.work()
    assert standing(shop, invoice) == (12_000, PaymentStatus.REFUNDED)
    assert in_books(shop) == {"411": "120.00", "706": "-100.00", "44574": "-20.00"}
    shop.assert_sound()


def test_refunds_of_what_is_owed_to_the_customer_open_nothing(shop: Shop) -> None:
    # Paid twice: the surplus is given back, and nothing is left to handle.
    invoice = shop.invoice()
    payplug_id = shop.click(invoice)
    shop.transfer(invoice, 12_000)
    shop.simulator.pay(payplug_id, notify=False, force=True)
    shop.sync()
    assert shop.attempts(invoice)[-1].trouble == Trouble.SURPLUS
    payment_id = shop.attempts(invoice)[-1].payment_id
    assert payment_id is not None
    assert give_back(shop, payment_id, 12_000).state is RefundState.DONE
    assert standing(shop, invoice) == (0, PaymentStatus.PAID)
    assert (shop.credit(invoice), shop.attempts(invoice)[-1].trouble) == (0, "")
    # Credited: given back against the note, from Solde in part and in the portal the rest.
    other, other_payplug_id, other_payment = paid(shop)
    with shop.inside(), transaction():
        note = credit_invoice(other, reason="Retour").id
    with pytest.raises(InvalidInputError) as refused:
        give_back(shop, other_payment, 12_001, "too much", note)
    assert set(refused.value.errors) == {"amount_cents", "credit_note_id"}
    with pytest.raises(NotFoundError):
        give_back(shop, other_payment, 100, "no note", invoice)
    assert give_back(shop, other_payment, 7_000, "note", note).state is RefundState.DONE
    shop.simulator.refund(other_payplug_id, notify=False)
    shop.sync()
    with shop.inside():
        assert balance_of(note).open_cents == 0
        assert open_of_payment(other_payment) == 0
    assert shop.attempts(other)[-1].trouble == ""
    assert in_books(shop) == {"706": "-100.00", "44571": "-20.00"}
    shop.assert_sound()


def later(shop: Shop) -> None:
    """Some minutes go by and the worker sweeps."""
    with time_machine.travel(utc_now() + timedelta(minutes=3), tick=True), shop.app.app_context():
        sync_due_refunds()
        db.session.remove()


LOST: list[tuple[str, str, bool, RefundState]] = [
    ("was made, the answer lost and the list silent too", "lost_answer", True, RefundState.DONE),
    ("was not made, which PayPlug said too late", "error", True, RefundState.REFUSED),
    ("was made, the answer lost, and found at once", "lost_answer", False, RefundState.DONE),
]


@pytest.mark.parametrize(
    ("fault", "is_silent", "end"), [row[1:] for row in LOST], ids=[row[0] for row in LOST]
)
def test_an_answer_that_was_lost_is_looked_for_and_never_asked_again(
    shop: Shop, fault: str, is_silent: bool, end: RefundState
) -> None:
    invoice, payplug_id, payment_id = paid(shop)
    shop.simulator.set_fault(fault, target="create_refund", times=1)
    if is_silent:
        shop.simulator.set_fault("error", target="list_refunds", times=1, status=503)
    asked = give_back(shop, payment_id, 5_000)
    assert asked.state is (RefundState.UNCONFIRMED if is_silent else end)
    if is_silent:
        with pytest.raises(RefundInProgress):
            give_back(shop, payment_id, 5_000, "impatient")
    later(shop)
    later(shop)
    with shop.inside():
        assert db.session.get_one(PayplugRefund, asked.id).state is end
    given_back = 5_000 if end is RefundState.DONE else 0
    assert at_payplug(shop, payplug_id) == given_back
    assert sum(cents for cents, _ in refunds(shop)) == given_back
    assert standing(shop, invoice)[0] == given_back
    # Asked for in good order afterwards it is made.
    assert give_back(shop, payment_id, 1_000, "afterwards").state is RefundState.DONE
    assert at_payplug(shop, payplug_id) == given_back + 1_000
    shop.assert_sound()


def test_what_payplug_refuses_is_told_by_its_reason_and_changes_nothing(shop: Shop) -> None:
    invoice, payplug_id, payment_id = paid(shop)
    shop.simulator.refund(payplug_id, 8_000, notify=False)
    # We do not know of the portal's refund yet: PayPlug refuses, and we learn why.
    assert give_back(shop, payment_id, 12_000).failure_code == "not_left"
    assert refunds(shop)[0][0] == 8_000
    shop.simulator.set_fault("unprocessable", target="create_refund", times=1)
    assert give_back(shop, payment_id, 1_000, "key-2").failure_code == "http_422"
    shop.simulator.advance_clock(400 * 24 * 3600)
    with time_machine.travel(utc_now() + timedelta(days=400), tick=True):
        assert give_back(shop, payment_id, 1_000, "key-3").failure_code == "too_old"
    with shop.inside():
        states = set(db.session.scalars(select(PayplugRefund.state)))
    assert states == {RefundState.REFUSED}
    assert at_payplug(shop, payplug_id) == standing(shop, invoice)[0] == 8_000
    shop.assert_sound()


def test_a_test_payment_gives_nothing_back_in_the_books(shop: Shop) -> None:
    shop.save_key(shop.simulator.test_key)
    with shop.inside(), transaction():
        choose_mode(PayplugMode.TEST)
    invoice = shop.invoice()
    payplug_id = shop.click(invoice)
    shop.simulator.pay(payplug_id, notify=False)
    shop.simulator.refund(payplug_id, notify=False)
    shop.sync()
    shop.sync()
    assert refunds(shop) == []
    assert standing(shop, invoice) == (12_000, PaymentStatus.OPEN)
    shop.assert_sound()


def test_a_refund_takes_its_page_of_the_card_away(shop: Shop) -> None:
    """Partly paid by card, a second page open: the refund holds the invoice, so nobody pays on that page."""
    invoice, payplug_id, _payment_id = paid(shop)
    with shop.inside(), transaction():
        claim_again(invoice)
    shop.simulator.refund(payplug_id, 3_000, notify=False)
    shop.sync()
    with shop.inside(), transaction():
        claim_again(invoice)
    open_page = shop.click(invoice)
    shop.simulator.refund(payplug_id, 1_000, notify=False)
    shop.sync()
    shop.sync()
    assert shop.simulator.payment(open_page)["failure"]["code"] == "aborted"
    assert standing(shop, invoice) == (4_000, PaymentStatus.REFUNDED)
