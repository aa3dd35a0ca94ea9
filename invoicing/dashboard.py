"""The figures of the dashboard: what is owed, late, paid, waiting and failed, and twelve months of money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, exists, extract, func, select
from sqlalchemy.orm import aliased, selectinload

from core.clock import paris_today, utc_now
from core.database import db
from core.mail import MailState, OutboxMail
from core.models import Company
from core.tenancy import current_company_id
from invoicing.balances import due_cents_sql
from invoicing.documents import issued_invoices
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Customer, Document, Sending, SendingMail
from invoicing.payments import Payment, PaymentReversal

SHOWN = 5
MONTHS = 12
FAILURES_SHOWN_DAYS = 30


@dataclass(frozen=True)
class Owed:
    """What customers owe, and the part of it that is late. Cents and numbers of invoices."""

    open_cents: int
    open_count: int
    late_cents: int
    late_count: int


@dataclass(frozen=True)
class Month:
    """What was invoiced (less credit notes) and paid (less cancellations) in one calendar month. Cents."""

    first_day: date
    invoiced_cents: int
    paid_cents: int


@dataclass(frozen=True)
class Failure:
    """A mail that no server took, and has not been sent anew since."""

    document: Document
    mail: OutboxMail


@dataclass(frozen=True)
class FirstSteps:
    """What a new company has done already."""

    company_complete: bool
    has_customer: bool
    has_invoice: bool

    @property
    def are_done(self) -> bool:
        """True once everything is."""
        return self.company_complete and self.has_customer and self.has_invoice


def owed() -> Owed:
    """What is open on all issued invoices, in one pass over them."""
    is_late = Document.due_date < paris_today()
    standing = (
        select(due_cents_sql().label("cents"), is_late.label("late")).where(*issued_invoices()).subquery()
    )
    late = case((standing.c.late, standing.c.cents), else_=0)
    row = db.session.execute(
        select(
            func.coalesce(func.sum(standing.c.cents), 0),
            func.count(),
            func.coalesce(func.sum(late), 0),
            func.count().filter(standing.c.late),
        ).where(standing.c.cents > 0)
    ).one()
    return Owed(*(int(value) for value in row))


def oldest_late() -> list[tuple[Document, int]]:
    """The invoices that are late for longest, each with what is open on it."""
    open_ = due_cents_sql()
    rows = db.session.execute(
        select(Document, open_)
        .where(*issued_invoices(), Document.due_date < paris_today(), open_ > 0)
        .options(selectinload(Document.customer))
        .order_by(Document.due_date, Document.id)
        .limit(SHOWN)
    )
    return [(row[0], int(row[1])) for row in rows]


def paid_between(first_day: date, last_day: date) -> int:
    """Cents received in a period, less what was taken back in it."""
    received = select(func.coalesce(func.sum(Payment.amount_cents), 0)).where(
        Payment.paid_on.between(first_day, last_day)
    )
    taken_back = select(func.coalesce(func.sum(PaymentReversal.amount_cents), 0)).where(
        PaymentReversal.reversed_on.between(first_day, last_day)
    )
    return int(db.session.scalar(received) or 0) - int(db.session.scalar(taken_back) or 0)


def drafts() -> tuple[int, Sequence[Document]]:
    """How many drafts wait, and the latest of them."""
    are_drafts = and_(Document.kind == DocumentKind.INVOICE, Document.state == DocumentState.DRAFT)
    latest = select(Document).where(are_drafts).options(selectinload(Document.customer))
    count = db.session.scalar(select(func.count(Document.id)).where(are_drafts)) or 0
    return count, db.session.scalars(latest.order_by(Document.id.desc()).limit(SHOWN)).all()


def latest_payments() -> Sequence[Payment]:
    """The last payments, with their customers."""
    statement = select(Payment).options(selectinload(Payment.customer), selectinload(Payment.reversal))
    return db.session.scalars(
        statement.order_by(Payment.paid_on.desc(), Payment.id.desc()).limit(SHOWN)
    ).all()


def failures() -> list[Failure]:
    """Mails of the last month that were given up, unless the document was sent again later."""
    later = aliased(Sending)
    sent_again = exists().where(later.document_id == Sending.document_id, later.id > Sending.id)
    rows = db.session.execute(
        select(Document, OutboxMail)
        .join(Sending, Sending.document_id == Document.id)
        .join(SendingMail, SendingMail.sending_id == Sending.id)
        .join(OutboxMail, OutboxMail.id == SendingMail.mail_id)
        .where(
            OutboxMail.state == MailState.FAILED,
            OutboxMail.created_at >= utc_now() - timedelta(days=FAILURES_SHOWN_DAYS),
            ~sent_again,
        )
        .order_by(OutboxMail.id.desc())
        .limit(SHOWN)
    )
    return [Failure(document, mail) for document, mail in rows]


def months() -> list[Month]:
    """The last twelve calendar months, this one last."""
    first_days = _first_days(paris_today())
    sign = case((Document.kind == DocumentKind.INVOICE, 1), else_=-1)
    invoiced = _by_month(
        Document.issue_date, sign * Document.total_cents, Document.state == DocumentState.ISSUED
    )
    paid = _by_month(Payment.paid_on, Payment.amount_cents)
    taken_back = _by_month(PaymentReversal.reversed_on, PaymentReversal.amount_cents)
    return [Month(day, invoiced.get(day, 0), paid.get(day, 0) - taken_back.get(day, 0)) for day in first_days]


def _first_days(today: date) -> list[date]:
    this_month = today.year * 12 + today.month - 1
    return [_first_day(number) for number in range(this_month - MONTHS + 1, this_month + 1)]


def _first_day(months_since_year_0: int) -> date:
    year, month = divmod(months_since_year_0, 12)
    return date(year, month + 1, 1)


def _by_month(
    day: SQLColumnExpression[Any], cents: SQLColumnExpression[int], *conditions: ColumnElement[bool]
) -> dict[date, int]:
    year, month = extract("year", day), extract("month", day)
    rows = db.session.execute(
        select(year, month, func.sum(cents))
        .where(day >= _first_days(paris_today())[0], *conditions)
        .group_by(year, month)
    )
    return {date(int(row[0]), int(row[1]), 1): int(row[2]) for row in rows}


def first_steps() -> FirstSteps:
    """What is left to do before the first invoice can go out."""
    company = db.session.get_one(Company, current_company_id())
    return FirstSteps(
        company_complete=bool(company.legal_form and company.vat_number and company.iban),
        has_customer=db.session.scalars(select(Customer.id).limit(1)).first() is not None,
        has_invoice=db.session.scalars(select(Document.id).limit(1)).first() is not None,
    )
