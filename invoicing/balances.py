"""What is open: total less live settlements, computed here and nowhere else (`standing` keeps a copy to find by).

A settlement is live until a row undoes it; the undoing row has the same sides and amount, so the live sum counts it
negative. Pages, the payment link, the verbs and the facts told to the ledger all ask this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core.database import db
from core.tenancy import scoped
from invoicing.lifecycle import DocumentKind, DocumentState, PaymentStatus
from invoicing.models import Customer, Document
from invoicing.payments import Payment, PaymentReversal, Settlement

T = TypeVar("T")

_LIVE_CENTS = case((Settlement.undoes_id.is_(None), Settlement.amount_cents), else_=-Settlement.amount_cents)


@dataclass(frozen=True)
class DocumentBalance:
    """How an issued document stands. All cents.

    Attributes:
        paid_cents: invoice: settled by payments and by credit from elsewhere. Credit note: 0.
        credited_cents: total of the credit notes that correct it, whether they met an open part or became credit.
        used_cents: settled in all; for a credit note the part of its credit that is used.
        open_cents: total − used: due on an invoice, still to be used on a credit note.
    """

    kind: DocumentKind
    total_cents: int
    paid_cents: int
    credited_cents: int
    used_cents: int
    open_cents: int
    status: PaymentStatus


@dataclass(frozen=True)
class OpenCredit:
    """A payment or credit note of which something is left: exactly one of the two ids is set."""

    payment_id: int | None
    credit_note_id: int | None
    open_cents: int
    dated: date
    reference: str


# The statements of this module are built once: building one takes longer than running it.
@cache
def open_cents_sql() -> ColumnElement[int]:
    """SQL over `Document`: what is open on it, for sums over some of them."""
    settled = _settled(Settlement.invoice_id, Document.id) + _settled(Settlement.credit_note_id, Document.id)
    return Document.total_cents - settled


@cache
def due_cents_sql() -> ColumnElement[int]:
    """SQL over `Document`, for invoices alone: what is due; half the work of `open_cents_sql` among many."""
    return Document.total_cents - _settled(Settlement.invoice_id, Document.id)


def credited_cents_sql() -> ColumnElement[int]:
    """SQL over `Document`: the total of the credit notes that correct it."""
    note = aliased(Document)
    credited = select(func.coalesce(func.sum(note.total_cents), 0)).where(
        note.credits_id == Document.id, note.state == DocumentState.ISSUED
    )
    return credited.correlate(Document).scalar_subquery()


def balance_of(document_id: int) -> DocumentBalance:
    """How one issued document stands; the caller has made sure that it exists."""
    return balances_of([document_id])[document_id]


def balance_at_issue(total_cents: int) -> DocumentBalance:
    """How an invoice of that total stands before anything was paid or credited."""
    return _balance(DocumentKind.INVOICE, total_cents, total_cents, 0, 0)


def balances_of(document_ids: Iterable[int]) -> Mapping[int, DocumentBalance]:
    """How documents stand, in one query; drafts and unknown ids are left out."""
    rows = db.session.execute(_balances(), {"ids": list(document_ids)})
    return {row[0]: _balance(row[1], *map(int, row[2:])) for row in rows}


def paid_further(balance: DocumentBalance, cents: int) -> DocumentBalance:
    """How an invoice stands once a payment has settled that much more of it: what `balance_of` would read then."""
    used = balance.used_cents + cents
    return replace(
        balance,
        paid_cents=balance.paid_cents + cents,
        used_cents=used,
        open_cents=balance.open_cents - cents,
        status=_status(balance.total_cents, used, balance.credited_cents, balance.paid_cents + cents),
    )


@cache
def _balances() -> Select[Any]:
    note = aliased(Document)
    by_own_note = (
        select(func.coalesce(func.sum(_LIVE_CENTS), 0))
        .join(note, note.id == Settlement.credit_note_id)
        .where(Settlement.invoice_id == Document.id, note.credits_id == Document.id)
    )
    return scoped(
        select(
            Document.id,
            Document.kind,
            Document.total_cents,
            open_cents_sql(),
            by_own_note.correlate(Document).scalar_subquery(),
            credited_cents_sql(),
        ).where(Document.id.in_(bindparam("ids", expanding=True)), Document.state == DocumentState.ISSUED)
    )


def _balance(kind: DocumentKind, total: int, open_: int, by_own_note: int, credited: int) -> DocumentBalance:
    used = total - open_
    elsewhere = used - by_own_note
    paid = elsewhere if kind is DocumentKind.INVOICE else 0
    return DocumentBalance(
        kind, total, paid, credited, used, open_, _status(total, used, credited, elsewhere)
    )


def _status(total: int, used: int, credited: int, elsewhere: int) -> PaymentStatus:
    """`elsewhere`: what is used other than by its own credit notes; credited in part is open, not partly paid."""
    if credited and credited >= total:
        return PaymentStatus.CREDITED
    if used >= total:
        return PaymentStatus.PAID
    return PaymentStatus.PARTLY_PAID if elsewhere else PaymentStatus.OPEN


def _settled(side: InstrumentedAttribute[int | None], owner: Any) -> ScalarSelect[int]:
    live = select(func.coalesce(func.sum(_LIVE_CENTS), 0)).where(side == owner)
    return live.correlate_except(Settlement).scalar_subquery()


def open_of_payment(payment_id: int) -> int:
    """Cents of a payment that settle nothing: the customer's credit. 0 when it was taken back."""
    return int(db.session.scalars(_open_of_payment(), {"id": payment_id}).one())


@cache
def _open_of_payment() -> Select[Any]:
    return scoped(select(_left_of_payment()).where(Payment.id == bindparam("id")))


@cache
def _left_of_payment() -> ColumnElement[int]:
    return Payment.amount_cents - _settled(Settlement.payment_id, Payment.id)


def open_of_reversal(reversal_id: int) -> int:
    """Cents of a reversal not yet matched with the payment it takes back."""
    open_ = PaymentReversal.amount_cents - _settled(Settlement.reversal_id, PaymentReversal.id)
    return int(db.session.scalars(select(open_).where(PaymentReversal.id == reversal_id)).one())


def merged_ids(customer_id: int | BindParameter[int]) -> Select[int]:
    """SQL: the ids of all customers that are one since their merges, whichever of them is named."""
    named = aliased(Customer)
    head = (
        select(func.coalesce(named.merged_into_id, named.id)).where(named.id == customer_id).scalar_subquery()
    )
    return select(Customer.id).where(or_(Customer.id == head, Customer.merged_into_id == head))


def open_credits(customer_id: int) -> list[OpenCredit]:
    """The customer's payments and credit notes of which something is left, oldest first."""
    left = _left_of_payment()
    payments = db.session.execute(
        select(Payment.id, left, Payment.paid_on, Payment.reference).where(
            Payment.customer_id.in_(merged_ids(customer_id)), left > 0
        )
    )
    notes = db.session.execute(
        select(Document.id, open_cents_sql(), Document.issue_date, Document.number).where(
            Document.customer_id.in_(merged_ids(customer_id)),
            Document.kind == DocumentKind.CREDIT_NOTE,
            Document.state == DocumentState.ISSUED,
            open_cents_sql() > 0,
        )
    )
    found = [OpenCredit(row[0], None, int(row[1]), row[2], row[3]) for row in payments]
    found += [OpenCredit(None, row[0], int(row[1]), _known(row[2]), _known(row[3])) for row in notes]
    return sorted(found, key=lambda c: (c.dated, c.payment_id is None, c.payment_id or c.credit_note_id or 0))


def _known(value: T | None) -> T:
    assert value is not None, "an issued document has a number and a date"
    return value


def customer_credit_cents(customer_id: int) -> int:
    """What the customer has paid or been credited beyond what it owed, and not used yet."""
    return sum(credit.open_cents for credit in open_credits(customer_id))


def customer_due_cents(customer_id: int) -> int:
    """What is open on all the customer's issued invoices."""
    due = select(func.coalesce(func.sum(due_cents_sql()), 0)).where(
        Document.customer_id.in_(merged_ids(customer_id)),
        Document.kind == DocumentKind.INVOICE,
        Document.state == DocumentState.ISSUED,
    )
    return int(db.session.scalars(due).one())
