"""The figures of the dashboard: what is owed, late, paid and waiting, and twelve months of money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nlargest
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from core.clock import paris_today
from core.database import db
from core.models import Company
from core.tenancy import current_company_id
from invoicing.balances import balances_of
from invoicing.lifecycle import DocumentKind, DocumentState, PaymentStatus
from invoicing.models import Customer, Document
from invoicing.payments import Payment, PaymentReversal
from invoicing.refunds import DisputeWin, Refund
from invoicing.settings import invoicing_settings
from invoicing.standing import InvoiceStanding
from invoicing.vat_categories import VatCase

SHOWN = 5
MONTHS = 12
_IS_OPEN = InvoiceStanding.is_open == true()
HELD = (PaymentStatus.REFUNDED, PaymentStatus.DISPUTED)


@dataclass(frozen=True)
class Owed:
    """What customers owe, and the part of it that is late. Cents and numbers of invoices."""

    open_cents: int
    open_count: int
    late_cents: int
    late_count: int


@dataclass(frozen=True)
class Month:
    """What was invoiced (less credit notes) and paid (less cancellations and refunds) in one calendar month. Cents."""

    first_day: date
    invoiced_cents: int
    paid_cents: int


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
    """What is open on all issued invoices, read off the open ones' part of one index.

    What is on hold is open and never late: nobody is asked for it. Those few are read by their status.
    """
    today = paris_today()
    is_past = InvoiceStanding.due_date < today
    past_cents, past_count = _open_where(is_past)
    held = _held_before(today)
    cents, count = _open_where(InvoiceStanding.due_date >= today)
    return Owed(past_cents + cents, past_count + count, past_cents - sum(held), past_count - len(held))


def _held_before(day: date) -> list[int]:
    """Open cents of each invoice on hold that was due before that day. Asked by its status alone: the database must
    not look through all that is late for the few."""
    rows = db.session.execute(
        select(InvoiceStanding.open_cents, InvoiceStanding.due_date).where(InvoiceStanding.status.in_(HELD))
    )
    return [int(cents) for cents, due_date in rows if due_date < day]


def _open_where(due: ColumnElement[bool]) -> tuple[int, int]:
    sums = select(func.coalesce(func.sum(InvoiceStanding.open_cents), 0), func.count())
    row = db.session.execute(sums.where(_IS_OPEN, due)).one()
    return int(row[0]), int(row[1])


def oldest_late() -> list[tuple[Document, int]]:
    """The invoices that are late for longest, each with what is open on it."""
    oldest = (
        select(InvoiceStanding.id)
        .where(_IS_OPEN, InvoiceStanding.due_date < paris_today(), InvoiceStanding.status.not_in(HELD))
        .order_by(InvoiceStanding.due_date, InvoiceStanding.id)
        .limit(SHOWN)
    )
    ids = db.session.scalars(oldest).all()
    rows = select(Document).where(Document.id.in_(ids)).options(selectinload(Document.customer))
    found, balances = {document.id: document for document in db.session.scalars(rows)}, balances_of(ids)
    return [(found[id_], balances[id_].open_cents) for id_ in ids]


def paid_between(first_day: date, last_day: date) -> int:
    """Cents received in a period, less what was taken or went back in it."""
    return sum(sign * _sum_between(day, cents, first_day, last_day) for sign, day, cents in _MONEY)


def _sum_between(
    day: InstrumentedAttribute[date], cents: InstrumentedAttribute[int], first_day: date, last_day: date
) -> int:
    total = select(func.coalesce(func.sum(cents), 0)).where(day.between(first_day, last_day))
    return int(db.session.scalar(total) or 0)


_MONEY: tuple[tuple[int, InstrumentedAttribute[date], InstrumentedAttribute[int]], ...] = (
    (1, Payment.paid_on, Payment.amount_cents),
    (-1, PaymentReversal.reversed_on, PaymentReversal.amount_cents),
    (-1, Refund.refunded_on, Refund.amount_cents),
    (1, DisputeWin.won_on, DisputeWin.amount_cents),
)
"""What moves money: its sign, day and cents."""


def drafts() -> tuple[int, Sequence[Document]]:
    """How many drafts wait, and the latest of them."""
    are_drafts = and_(Document.kind == DocumentKind.INVOICE, Document.state == DocumentState.DRAFT)
    # Sorted here: asked for the highest ids, SQLite may look for drafts among all documents, from the last one on.
    ids = db.session.scalars(select(Document.id).where(are_drafts)).all()
    latest = select(Document).where(Document.id.in_(nlargest(SHOWN, ids)))
    rows = db.session.scalars(latest.options(selectinload(Document.customer)))
    return len(ids), sorted(rows, key=lambda document: document.id, reverse=True)


def latest_payments() -> Sequence[Payment]:
    """The last payments, with their customers."""
    statement = select(Payment).options(selectinload(Payment.customer), selectinload(Payment.reversal))
    return db.session.scalars(
        statement.order_by(Payment.paid_on.desc(), Payment.id.desc()).limit(SHOWN)
    ).all()


def months() -> list[Month]:
    """The last twelve calendar months, this one last."""
    first_days = _first_days(paris_today())
    invoiced, credited = _issued_by_month(DocumentKind.INVOICE), _issued_by_month(DocumentKind.CREDIT_NOTE)
    money = [(sign, _by_month(day, cents)) for sign, day, cents in _MONEY]
    return [
        Month(day, invoiced[day] - credited[day], sum(sign * by_month[day] for sign, by_month in money))
        for day in first_days
    ]


def _issued_by_month(kind: DocumentKind) -> Counter[date]:
    # Issued is what has a sequence; the state is in no index that holds the totals (`Document` says why).
    is_issued = Document.sequence.is_not(None)
    return _by_month(Document.issue_date, Document.total_cents, Document.kind == kind, is_issued)


def _first_days(today: date) -> list[date]:
    this_month = today.year * 12 + today.month - 1
    return [_first_day(number) for number in range(this_month - MONTHS + 1, this_month + 1)]


def _first_day(months_since_year_0: int) -> date:
    year, month = divmod(months_since_year_0, 12)
    return date(year, month + 1, 1)


def _by_month(
    day: InstrumentedAttribute[Any], cents: InstrumentedAttribute[int], *conditions: ColumnElement[bool]
) -> Counter[date]:
    """Cents by first day of a month; the database adds up each day, as the rows lie in the index."""
    first_days = _first_days(paris_today())
    rows = db.session.execute(
        select(day, func.sum(cents)).where(day >= first_days[0], *conditions).group_by(day)
    )
    months_: Counter[date] = Counter()
    for on, total in rows:
        months_[on.replace(day=1)] += int(total)
    return months_


def first_steps() -> FirstSteps:
    """What is left to do before the first invoice can go out."""
    company = db.session.get_one(Company, current_company_id())
    # Under the franchise (CGI art. 293 B) a company need not have a VAT number.
    has_vat = bool(company.vat_number) or invoicing_settings().vat_case is VatCase.FRANCHISE
    # A quote or the pattern of a recurring invoice is no invoice yet.
    invoices = select(Document.id).where(Document.kind == DocumentKind.INVOICE).limit(1)
    return FirstSteps(
        company_complete=bool(company.legal_form and has_vat and company.iban),
        has_customer=db.session.scalars(select(Customer.id).limit(1)).first() is not None,
        has_invoice=db.session.scalars(invoices).first() is not None,
    )
