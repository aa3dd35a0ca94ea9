"""Book money of a payment that went back: what it gives back of a credit, and what it opens again. One money event.

Called by `refund_payment` and `dispute_payment` alone. In this order it takes: the credit note that was named, the
payment's own surplus, credit left by the notes of what it paid, and last what it settles, the latest first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from accounting.facts import DisputeFact, RefundFact, Share
from accounting.record import record
from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.seal import seal
from invoicing.balances import balance_of, merged_ids, refunded_cents
from invoicing.errors import NotFoundError
from invoicing.input_checks import FieldErrors
from invoicing.ledger_facts import TREASURY_OF, collection_states, invoice_key, refund_key, third_party
from invoicing.lifecycle import DocumentKind
from invoicing.locked_payments import lock_payment, notes_of
from invoicing.models import Customer, Document
from invoicing.parties import buyer_of
from invoicing.payments import Payment
from invoicing.refunds import Refund, RefundKind, ReopenedInvoice
from invoicing.settle import live_settlements_of_payment, settle, undo_settlement
from invoicing.standing import note_changed
from invoicing.surplus_keys import surplus_keys

EVENTS = {RefundKind.REFUND: "refund.recorded", RefundKind.DISPUTE: "dispute.recorded"}


@dataclass(frozen=True)
class MoneyBack:
    """Money that has left the treasury account of its payment; see `Refund` for what each field means.

    `external_id` is of the processor: what it says happened is recorded, be it more than the payment had.
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
    _check_note(given, payment)
    db.session.add(refund)
    db.session.flush()
    shares = _match(refund, payment, invoices)
    for invoice in invoices:
        note_changed(invoice.id)
    record(_fact(refund, payment, shares, invoices))
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
    left = payment.amount_cents - refunded_cents(payment.id)
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
        recorded_by_id=given.recorded_by_id,
    )
    errors.raise_if_any()
    return refund


def _check_note(given: MoneyBack, payment: Payment) -> None:
    """A note that is named is one of the payment's customer, or of whom it was merged with."""
    if given.credit_note_id is None:
        return
    note = db.session.get_one(Document, given.credit_note_id)
    customers = set(db.session.scalars(merged_ids(payment.customer_id)))
    if note.kind is not DocumentKind.CREDIT_NOTE or note.customer_id not in customers:
        raise NotFoundError(_l("This is no credit note of the customer who paid."))


def _match(refund: Refund, payment: Payment, invoices: list[Document]) -> Counter[str]:
    """Match the refund with credits as far as they go, then take back what the payment settles.

    Returns:
        The cents by match key of the ledger, adding up to the refund.
    """
    shares: Counter[str] = Counter()
    rest = refund.amount_cents
    if refund.credit_note_id is not None:
        rest -= _against_note(refund, refund.credit_note_id, rest, shares)
    surplus = settle(
        at_most_cents=rest, settled_on=refund.refunded_on, refund_id=refund.id, payment_id=payment.id
    )
    if surplus is not None:
        shares[surplus_keys(payment_id=payment.id)[0]] += surplus.amount_cents
        rest -= surplus.amount_cents
    for note in notes_of(invoice.id for invoice in invoices):
        rest -= _against_note(refund, note.id, rest, shares)
    rest -= _reopen(refund, payment, rest, shares)
    if rest:
        # A bank may take back what was given back before: the customer owes it, on no invoice.
        shares[refund_key(refund.id)] += rest
    return shares


def _against_note(refund: Refund, note_id: int, at_most: int, shares: Counter[str]) -> int:
    settlement = settle(
        at_most_cents=at_most, settled_on=refund.refunded_on, refund_id=refund.id, credit_note_id=note_id
    )
    if settlement is None:
        return 0
    shares[surplus_keys(credit_note_id=note_id)[0]] += settlement.amount_cents
    return settlement.amount_cents


def _reopen(refund: Refund, payment: Payment, at_most: int, shares: Counter[str]) -> int:
    """Take back what the payment settles, the latest first; what a settlement has beyond is settled again."""
    day, taken = refund.refunded_on, Counter[int]()
    for settlement in reversed(live_settlements_of_payment(payment.id)):
        left = at_most - taken.total()
        if settlement.invoice_id is None or not left:
            continue
        invoice_id, amount = settlement.invoice_id, min(left, settlement.amount_cents)
        undo_settlement(settlement, undone_on=day)
        settle(at_most_cents=amount, settled_on=day, refund_id=refund.id, payment_id=payment.id)
        settle(
            at_most_cents=settlement.amount_cents - amount, settled_on=day, invoice_id=invoice_id,
            payment_id=payment.id,
        )  # fmt: skip
        taken[invoice_id] += amount
    for invoice_id, amount in taken.items():
        db.session.add(ReopenedInvoice(refund_id=refund.id, invoice_id=invoice_id, amount_cents=amount))
        shares[invoice_key(invoice_id)] += amount
    db.session.flush()
    return taken.total()


def _fact(refund: Refund, payment: Payment, shares: Counter[str], invoices: list[Document]) -> RefundFact:
    fact = DisputeFact if refund.kind is RefundKind.DISPUTE else RefundFact
    return fact(
        source=("refund", refund.id),
        treasury=TREASURY_OF[payment.method],
        refunded_on=refund.refunded_on,
        reference=refund.reference,
        third_party=third_party(buyer_of(db.session.get_one(Customer, payment.customer_id))),
        shares=tuple(Share(key, cents) for key, cents in shares.items()),
        collection=collection_states(*invoices),
    )
