"""The list of payments: by period, method and search, with what each settled and what came in altogether."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import selectinload

from core.database import db
from core.money import MoneyTextError, parse_cents
from invoicing.customers import customer_ids_matching
from invoicing.documents import MOST_COUNTED
from invoicing.models import Document
from invoicing.payments import Payment, PaymentMethod, PaymentReversal, Settlement
from invoicing.refunds import DisputeWin, Refund


@dataclass(frozen=True)
class PaymentFilter:
    """What the list shows; both days belong to the period."""

    text: str = ""
    method: PaymentMethod | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class PaymentCount:
    """How many payments a filter finds, what those that stand amount to, and what of them went back since.

    Counting stops at `MOST_COUNTED` + 1.
    """

    payments: int
    standing_cents: int
    given_back_cents: int


def find_payments(wanted: PaymentFilter, *, limit: int, offset: int = 0) -> list[Payment]:
    """One page of the list with customers, cancellations and refunds, the latest on top."""
    statement = (
        select(Payment)
        .where(*_conditions(wanted))
        .options(
            selectinload(Payment.customer), selectinload(Payment.reversal), selectinload(Payment.refunds)
        )
        .order_by(Payment.paid_on.desc(), Payment.id.desc())
    )
    return list(db.session.scalars(statement.limit(limit).offset(offset)))


def count_payments(wanted: PaymentFilter) -> PaymentCount:
    """Count and add up what the filter finds."""
    found = (
        select(Payment.id, Payment.amount_cents)
        .where(*_conditions(wanted))
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    standing = func.sum(found.c.amount_cents).filter(PaymentReversal.id.is_(None))
    row = db.session.execute(
        select(func.count(found.c.id), func.coalesce(standing, 0))
        .select_from(found)
        .outerjoin(PaymentReversal, PaymentReversal.payment_id == found.c.id)
    ).one()
    won = select(DisputeWin.id).where(DisputeWin.refund_id == Refund.id).exists()
    given_back = (
        select(func.coalesce(func.sum(Refund.amount_cents), 0))
        .join(found, found.c.id == Refund.payment_id)
        .where(~won)
    )
    return PaymentCount(row[0], int(row[1]), int(db.session.scalars(given_back).one()))


def invoices_of_payments(payment_ids: Collection[int]) -> Mapping[int, list[Document]]:
    """The invoices that each payment settled, in one query."""
    rows = db.session.execute(
        select(Settlement.payment_id, Document, Settlement.id)
        .join(Document, Document.id == Settlement.invoice_id)
        .where(Settlement.payment_id.in_(payment_ids), Settlement.undoes_id.is_(None))
    ).all()
    found: dict[int, list[Document]] = defaultdict(list)
    # Sorted here: asked for this order, SQLite would read every settlement in it.
    for payment_id, document, _ in sorted(rows, key=lambda row: row[2]):
        if payment_id is not None and document not in found[payment_id]:
            found[payment_id].append(document)
    return found


def _conditions(wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.method is not None:
        conditions.append(Payment.method == wanted.method)
    if wanted.first_day is not None:
        conditions.append(Payment.paid_on >= wanted.first_day)
    if wanted.last_day is not None:
        conditions.append(Payment.paid_on <= wanted.last_day)
    if wanted.text:
        conditions.append(_matches(wanted.text))
    return conditions


def _matches(text: str) -> ColumnElement[bool]:
    settled = (
        select(Settlement.payment_id)
        .join(Document, Document.id == Settlement.invoice_id)
        .where(Document.number.icontains(text, autoescape=True), Settlement.payment_id.is_not(None))
    )
    found = [
        Payment.reference.icontains(text, autoescape=True),
        Payment.customer_id.in_(customer_ids_matching(text)),
        Payment.id.in_(settled),
    ]
    try:
        cents = parse_cents(text)
    except MoneyTextError:
        return or_(*found)
    return or_(*found, Payment.amount_cents == cents)


def was_recorded(request_key: str) -> bool:
    """Whether a form with this key has recorded its payment: what comes after is the second click of a double one.

    Asked before the form is judged by what is due, which the first click has changed.
    """
    return (
        db.session.scalars(select(Payment.id).where(Payment.request_key == request_key)).first() is not None
    )
