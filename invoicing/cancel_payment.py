"""Takes a recorded payment back, whole: a mistake, a cheque that bounced. A mirrored record, nothing is deleted.

Called by the invoice's page. Money that came by card is not cancelled here: it did come in.
"""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.facts import CollectionReversalFact, Treasury
from accounting.receivable_facts import BankFeeFact
from accounting.record import record
from accounting.record_receivable import record_receivable
from core.clock import paris_today
from core.database import db, lock
from core.errors import ConflictError, SoldeError
from core.event_log import record_event
from core.seal import seal
from invoicing.bank.return_cheque import return_cheque
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.follow_doubt import follow_doubt
from invoicing.input_checks import checked_reason
from invoicing.kept_of_payment import live_kept
from invoicing.ledger_facts import collection_states, follow_merge, moved_keys, treasury_of
from invoicing.locked_documents import locked_issued_invoice
from invoicing.models import Document
from invoicing.payments import Payment, PaymentMethod, PaymentReversal, ReversalKind, Settlement
from invoicing.settle import live_settlements_of_payment, settle, undo_settlement

LARGEST_FEE_CENTS = 1_000_00


class CardPaymentError(SoldeError):
    """A card payment cannot be cancelled by hand."""

    default = _l("A card payment did come in: it cannot be cancelled, only refunded.")


def cancel_payment(
    payment_id: int,
    *,
    reason: str,
    kind: ReversalKind = ReversalKind.CANCELLATION,
    fee_cents: int = 0,
    today: date | None = None,
    actor_id: int | None = None,
) -> PaymentReversal:
    """Take a payment back: every document it settled is open again. Cancelled twice, the first reversal is returned.

    Args:
        payment_id: a transfer, cheque or cash payment.
        reason: kept in the history.
        kind: a mistake, or the bank sent the payment back.
        fee_cents: what the bank charged for sending it back.
        today: the business day of the cancellation; None is today in Paris.
        actor_id: who does it.

    Raises:
        NotFoundError: there is no such payment.
        CardPaymentError: it came by card.
        InvalidInputError: no reason, or a day before the payment.
        ConflictError: the payment was used on another invoice at this moment, or money of it was given back.
    """
    invoices = _locked_invoices(payment_id)
    payment = _locked_payment(payment_id)
    earlier = _reversal_of(payment_id)
    if earlier is not None:
        return earlier
    _refuse_what_is_bound(payment)
    settlements = live_settlements_of_payment(payment_id)
    if not {row.invoice_id for row in settlements} <= {invoice.id for invoice in invoices}:
        raise ConflictError
    reversal = _written_reversal(
        payment,
        PaymentReversal(
            kind=kind,
            fee_cents=_checked_fee(kind, fee_cents),
            reason=checked_reason(reason),
            reversed_on=_checked_day(payment, today),
            recorded_by_id=actor_id,
        ),
    )
    return_cheque(payment.id, returned_on=reversal.reversed_on)
    _take_back(payment, reversal, settlements)
    record(_fact(payment, reversal, invoices))
    follow_merge(
        ("payment_reversal", reversal.id), payment.customer_id, reversal.reversed_on, f"REG{payment.id:06d}"
    )
    for invoice in invoices:
        follow_doubt(("payment_reversal", reversal.id), invoice, reversal.reversed_on)
    _record_fee(payment, reversal)
    seal("payment_reversal", reversal.id)
    for invoice in invoices:
        record_event(
            "payment.cancelled", actor_id=actor_id, subject=("document", invoice.id), payment_id=payment.id,
            amount_cents=payment.amount_cents, reason=reversal.reason,
        )  # fmt: skip
    return reversal


def _refuse_what_is_bound(payment: Payment) -> None:
    """Cards are given back by the processor, and what was given back or kept of a payment rests on it."""
    if payment.method is PaymentMethod.CARD:
        raise CardPaymentError
    if payment.refunds:
        raise ConflictError(_l("Money of this payment was given back: it cannot be cancelled any more."))
    if live_kept(payment.id):
        raise ConflictError(
            _l("A part of this payment was kept. Take that back first, on the page of the payment.")
        )


def _locked_invoices(payment_id: int) -> list[Document]:
    """The invoices the payment settles, locked by id: invoices come before payments in the order of locks."""
    ids = {row.invoice_id for row in live_settlements_of_payment(payment_id) if row.invoice_id is not None}
    return [locked_issued_invoice(invoice_id) for invoice_id in sorted(ids)]


def _locked_payment(payment_id: int) -> Payment:
    payment = lock(select(Payment).where(Payment.id == payment_id))
    if payment is None:
        raise NotFoundError(_l("This payment does not exist."))
    return payment


def _reversal_of(payment_id: int) -> PaymentReversal | None:
    return db.session.scalars(
        select(PaymentReversal).where(PaymentReversal.payment_id == payment_id)
    ).one_or_none()


def _checked_fee(kind: ReversalKind, fee_cents: int) -> int:
    if fee_cents < 0:
        raise InvalidInputError({"fee_cents": _l("The amount must be above zero.")})
    if fee_cents > LARGEST_FEE_CENTS:
        raise InvalidInputError({"fee_cents": _l("This number is too large.")})
    if fee_cents and kind is not ReversalKind.REJECTION:
        raise InvalidInputError({"fee_cents": _l("A bank charges for what it sent back only.")})
    return fee_cents


def _record_fee(payment: Payment, reversal: PaymentReversal) -> None:
    """The fee leaves the bank account: that of the payment, or the first one for a cheque."""
    if not reversal.fee_cents:
        return
    reference = payment.reference.strip() or f"REG{payment.id:06d}"
    record_receivable(
        BankFeeFact(
            source=("payment_reversal", reversal.id),
            charged_on=reversal.reversed_on,
            reference=reference,
            label=f"Frais d’impayé {reference} {payment.customer.full_name}",
            treasury=Treasury.BANK if payment.method is PaymentMethod.CHEQUE else treasury_of(payment),
            amount_cents=reversal.fee_cents,
        )
    )


def _checked_day(payment: Payment, today: date | None) -> date:
    day = today or paris_today()
    if day < payment.paid_on:
        raise InvalidInputError({"today": _l("A payment cannot be cancelled before the day it was made.")})
    if day > paris_today():
        raise InvalidInputError({"today": _l("The date lies in the future. Choose today or an earlier day.")})
    return day


def _written_reversal(payment: Payment, reversal: PaymentReversal) -> PaymentReversal:
    reversal.payment_id, reversal.amount_cents = payment.id, payment.amount_cents
    db.session.add(reversal)
    db.session.flush()
    return reversal


def _fact(payment: Payment, reversal: PaymentReversal, invoices: list[Document]) -> CollectionReversalFact:
    return CollectionReversalFact(
        source=("payment_reversal", reversal.id),
        reverses=("payment", payment.id),
        reversed_on=reversal.reversed_on,
        reference=payment.reference,
        collection=collection_states(*invoices),
        moved=moved_keys(invoices),
    )


def _take_back(payment: Payment, reversal: PaymentReversal, settlements: list[Settlement]) -> None:
    for settlement in settlements:
        undo_settlement(settlement, undone_on=reversal.reversed_on)
    mirror = settle(
        at_most_cents=payment.amount_cents,
        settled_on=reversal.reversed_on,
        reversal_id=reversal.id,
        payment_id=payment.id,
    )
    assert mirror is not None
    assert mirror.amount_cents == payment.amount_cents, "a payment is taken back whole"
