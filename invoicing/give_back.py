"""Book money of a payment that went back: what it gives back of a credit, and what it opens again. One money event.

Called by `refund_payment` and `dispute_payment` alone; what is matched with what is planned by `refund_plan`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from accounting.facts import DisputeFact, RefundFact, Treasury, TreasuryPlace
from accounting.record import record
from accounting.treasury_accounts import treasury_place
from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.seal import seal
from invoicing.balances import balance_of, refunded_cents
from invoicing.follow_doubt import follow_doubt
from invoicing.input_checks import FieldErrors
from invoicing.kept_of_payment import live_kept
from invoicing.ledger_facts import collection_states, live_key, refund_key, share_on, third_party, treasury_of
from invoicing.locked_payments import lock_payment
from invoicing.models import Customer, Document
from invoicing.note_of_payer import note_of_payer
from invoicing.parties import buyer_of
from invoicing.payments import Payment, Settlement
from invoicing.refund_plan import refund_plan
from invoicing.refunds import Refund, RefundKind, ReopenedInvoice
from invoicing.settle import settle, undo_settlement
from invoicing.standing import note_changed
from invoicing.surplus_keys import surplus_keys

EVENTS = {RefundKind.REFUND: "refund.recorded", RefundKind.DISPUTE: "dispute.recorded"}


@dataclass(frozen=True)
class MoneyBack:
    """Money that has left a treasury account; see `Refund` for what each field means.

    `external_id` is of the processor: what it says happened is recorded, be it more than the payment had.
    `treasury_account_id` None: it has left the account where the payment came in.
    """

    payment_id: int
    amount_cents: int
    went_on: date
    kind: RefundKind = RefundKind.REFUND
    reason: str = ""
    reference: str = ""
    external_id: str | None = None
    request_key: str | None = None
    credit_note_id: int | None = None
    treasury_account_id: int | None = None
    recorded_by_id: int | None = None


def give_back(given: MoneyBack) -> Refund:
    """Record it, once per `external_id` and per `request_key`.

    Raises:
        NotFoundError: there is no such payment, or no such credit note of its customer.
        InvalidInputError: naming every field that is wrong.
        ConflictError: the payment was cancelled, or used on another invoice at this moment.
    """
    payment, invoices = lock_payment(given.payment_id, _named(given))
    earlier = _earlier(given)
    if earlier is not None:
        return earlier
    if payment.reversal is not None:
        raise ConflictError(_l("This payment was cancelled: there is nothing to give back."))
    refund = _checked_refund(given, payment)
    if given.credit_note_id is not None:
        note_of_payer(given.credit_note_id, payment)
    db.session.add(refund)
    db.session.flush()
    shares = _match(refund, payment)
    for invoice in invoices:
        note_changed(invoice.id)
    record(_fact(refund, payment, shares, invoices))
    for invoice in invoices:
        follow_doubt(("refund", refund.id), invoice, refund.refunded_on)
    seal("refund", refund.id)
    for invoice in invoices:
        record_event(
            EVENTS[refund.kind], actor_id=given.recorded_by_id, subject=("document", invoice.id), refund_id=refund.id,
            payment_id=payment.id, amount_cents=refund.amount_cents, open_cents=balance_of(invoice.id).open_cents,
        )  # fmt: skip
    return refund


def _named(given: MoneyBack) -> list[int]:
    return [] if given.credit_note_id is None else [given.credit_note_id]


def _earlier(given: MoneyBack) -> Refund | None:
    keys = []
    if given.external_id is not None:
        keys.append(Refund.external_id == given.external_id)
    if given.request_key is not None:
        keys.append(Refund.request_key == given.request_key)
    return db.session.scalars(select(Refund).where(or_(*keys))).one_or_none() if keys else None


def _checked_refund(given: MoneyBack, payment: Payment) -> Refund:
    errors = FieldErrors()
    kept = sum(row.amount_cents for row in live_kept(payment.id))
    left = payment.amount_cents - refunded_cents(payment.id) - kept
    if given.amount_cents <= 0:
        errors.add("amount_cents", _l("The amount must be above zero."))
    elif given.external_id is None and given.amount_cents > left:
        errors.add("amount_cents", _l("This is more than what is left of the payment."))
    if errors.day("refunded_on", given.went_on) is not None:
        if given.went_on > paris_today():
            errors.add("refunded_on", _l("The date lies in the future. Choose today or an earlier day."))
        elif given.went_on < payment.paid_on:
            errors.add("refunded_on", _l("Money cannot go back before the day it came."))
    refund = Refund(
        payment_id=payment.id,
        kind=given.kind,
        amount_cents=given.amount_cents,
        refunded_on=given.went_on,
        reason=errors.text("reason", given.reason, 255),
        reference=errors.text("reference", given.reference, 100),
        external_id=given.external_id,
        request_key=given.request_key,
        credit_note_id=given.credit_note_id,
        treasury_account_id=given.treasury_account_id,
        recorded_by_id=given.recorded_by_id,
    )
    errors.raise_if_any()
    return refund


def _match(refund: Refund, payment: Payment) -> Counter[str]:
    """Match the refund with what it gives back; returns the cents by match key of the ledger, adding up to it."""
    shares: Counter[str] = Counter()
    reopened: Counter[int] = Counter()
    for part in refund_plan(payment.id, refund.amount_cents, refund.credit_note_id):
        if part.is_beyond:
            # A bank may take back what was given back before: the customer owes it, on no invoice.
            shares[refund_key(refund.id)] += part.cents
        elif part.settlement is not None:
            reopened[_taken_back(refund, payment, part.settlement, part.cents)] += part.cents
        elif part.credit_note_id is not None:
            _settle(refund, part.cents, credit_note_id=part.credit_note_id)
            shares[surplus_keys(credit_note_id=part.credit_note_id)[0]] += part.cents
        else:
            _settle(refund, part.cents, payment_id=payment.id)
            shares[surplus_keys(payment_id=payment.id)[0]] += part.cents
    for invoice_id, cents in reopened.items():
        db.session.add(ReopenedInvoice(refund_id=refund.id, invoice_id=invoice_id, amount_cents=cents))
        shares[live_key(db.session.get_one(Document, invoice_id))] += cents
    db.session.flush()
    return shares


def _taken_back(refund: Refund, payment: Payment, settlement: Settlement, cents: int) -> int:
    """Take back what the payment settles; what the settlement has beyond is settled again. Returns the invoice."""
    assert settlement.invoice_id is not None
    undo_settlement(settlement, undone_on=refund.refunded_on)
    _settle(refund, cents, payment_id=payment.id)
    settle(
        at_most_cents=settlement.amount_cents - cents, settled_on=refund.refunded_on,
        invoice_id=settlement.invoice_id, payment_id=payment.id,
    )  # fmt: skip
    return settlement.invoice_id


def _settle(
    refund: Refund, cents: int, *, payment_id: int | None = None, credit_note_id: int | None = None
) -> None:
    settlement = settle(
        at_most_cents=cents, settled_on=refund.refunded_on, refund_id=refund.id, payment_id=payment_id,
        credit_note_id=credit_note_id,
    )  # fmt: skip
    assert settlement is not None
    assert settlement.amount_cents == cents, "what is open under the locks is what was planned"


def _left_from(refund: Refund, payment: Payment) -> Treasury | TreasuryPlace:
    if refund.treasury_account_id is None:
        return treasury_of(payment)
    return treasury_place(refund.treasury_account_id)


def _fact(refund: Refund, payment: Payment, shares: Counter[str], invoices: list[Document]) -> RefundFact:
    fact = DisputeFact if refund.kind is RefundKind.DISPUTE else RefundFact
    return fact(
        source=("refund", refund.id),
        treasury=_left_from(refund, payment),
        refunded_on=refund.refunded_on,
        reference=refund.reference,
        third_party=third_party(buyer_of(db.session.get_one(Customer, payment.customer_id))),
        shares=tuple(share_on(key, cents) for key, cents in shares.items()),
        collection=collection_states(*invoices),
    )
