"""What a receipt says: one payment as it was recorded, and what it settled then. Read from frozen rows alone, so that a
receipt drawn again says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from core.database import db
from invoicing.document_view import DocumentView, document_view
from invoicing.errors import NotFoundError
from invoicing.models import Document, PaymentCard
from invoicing.payments import Payment, PaymentMethod, Settlement


@dataclass(frozen=True)
class ReceiptRow:
    """An invoice that the payment settled. `left_cents` is what remained open right after it."""

    number: str
    issue_date: date
    total_cents: int
    settled_cents: int
    left_cents: int


@dataclass(frozen=True)
class ReceiptView:
    """A receipt.

    `invoice` gives seller, buyer and language; `paid_at` is UTC; `credit_cents` is what no invoice used.
    """

    payment_id: int
    invoice: DocumentView
    method: PaymentMethod
    amount_cents: int
    paid_on: date
    paid_at: datetime | None
    recorded_at: datetime
    reference: str
    details: str
    rows: tuple[ReceiptRow, ...]
    credit_cents: int


def card_of(payment_id: int) -> PaymentCard | None:
    """What may be shown of the card that paid; None for payments of another kind, or from before it was kept."""
    return db.session.scalars(select(PaymentCard).where(PaymentCard.payment_id == payment_id)).one_or_none()


def receipt_view(payment_id: int, document_id: int) -> ReceiptView:
    """The receipt of a payment of the company entered.

    Args:
        payment_id: the payment.
        document_id: the invoice it was made for; its parties and language are those of the receipt.

    Raises:
        NotFoundError: this company has no such payment or document.
    """
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFoundError
    first = _first_settlements(payment_id)
    return ReceiptView(
        payment_id=payment.id,
        invoice=document_view(document_id),
        method=payment.method,
        amount_cents=payment.amount_cents,
        paid_on=payment.paid_on,
        paid_at=payment.paid_at,
        recorded_at=payment.recorded_at,
        reference=payment.reference,
        details=payment.details,
        rows=tuple(_row(settlement) for settlement in first),
        credit_cents=payment.amount_cents - sum(settlement.amount_cents for settlement in first),
    )


def _first_settlements(payment_id: int) -> Sequence[Settlement]:
    """What the payment settled when it was recorded: for that it has one settlement, written with it. What its surplus
    settled later is no part of a receipt."""
    earliest = (
        select(Settlement)
        .where(Settlement.payment_id == payment_id, Settlement.invoice_id.is_not(None))
        .order_by(Settlement.id)
        .limit(1)
    )
    return db.session.scalars(earliest).all()


def _row(settlement: Settlement) -> ReceiptRow:
    assert settlement.invoice_id is not None
    invoice = db.session.get_one(Document, settlement.invoice_id)
    assert invoice.number is not None
    assert invoice.issue_date is not None
    return ReceiptRow(
        invoice.number,
        invoice.issue_date,
        invoice.total_cents,
        settlement.amount_cents,
        invoice.total_cents - _settled_until(settlement),
    )


def _settled_until(settlement: Settlement) -> int:
    """What was settled of the invoice right after this settlement: those until then, less those undone until then."""
    until = (Settlement.invoice_id == settlement.invoice_id) & (Settlement.id <= settlement.id)
    done = func.coalesce(func.sum(Settlement.amount_cents), 0)
    made = db.session.scalar(select(done).where(until, Settlement.undoes_id.is_(None))) or 0
    undone = db.session.scalar(select(done).where(until, Settlement.undoes_id.is_not(None))) or 0
    return int(made) - int(undone)
