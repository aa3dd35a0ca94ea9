"""Finding documents: one by id, and the list with its filters, page by page, also among a million of them.

The list reads along `ix_document_list`; what is open is computed for the rows of one page. Counting stops at
`MOST_COUNTED`, so that no page waits for a number nobody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import selectinload

from core.clock import paris_today
from core.database import db
from core.money import MoneyTextError, parse_cents
from invoicing.balances import credited_cents_sql, due_cents_sql, open_cents_sql
from invoicing.customers import customer_ids_matching
from invoicing.errors import NotFoundError
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document, NumberSeries

MOST_COUNTED = 10_000


class ListState(StrEnum):
    """What a list can be narrowed to; the values stand in addresses."""

    ALL = "all"
    DRAFT = "draft"
    OPEN = "open"
    LATE = "late"
    PARTLY_PAID = "partly-paid"
    PAID = "paid"
    CREDITED = "credited"
    CREDIT_NOTES = "credit-notes"


@dataclass(frozen=True)
class DocumentFilter:
    """What the list shows.

    Attributes:
        text: part of a number or of a customer's name, town, SIREN or address, or a total.
        year: calendar year of the document's date.
    """

    state: ListState = ListState.ALL
    text: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Sums:
    """Totals over everything a filter finds, in cents."""

    total_cents: int
    open_cents: int


def find_document(document_id: int) -> Document:
    """The document of that id.

    Raises:
        NotFoundError: this company has none.
    """
    document = db.session.get(Document, document_id)
    if document is None:
        raise NotFoundError(_l("This document does not exist, or was deleted."))
    return document


def find_issued(document_id: int, kind: DocumentKind | None = None) -> Document:
    """The issued document of that id, of one kind when it is named.

    Raises:
        NotFoundError: this company has none.
    """
    document = find_document(document_id)
    if document.state is not DocumentState.ISSUED or (kind is not None and document.kind is not kind):
        raise NotFoundError(_l("This document has not been issued."))
    return document


def list_documents(wanted: DocumentFilter, *, limit: int, offset: int = 0) -> list[Document]:
    """One page of the list with its customers: drafts first, then by date, the newest on top."""
    if wanted.state is not ListState.ALL:
        return _rows(wanted, limit, offset)
    # Drafts have no date yet: two reads along the index instead of one sort over everything.
    drafts = replace(wanted, state=ListState.DRAFT)
    count = count_documents(drafts)
    rows = _rows(drafts, limit, offset) if offset < count else []
    return [*rows, *_rows(wanted, limit - len(rows), max(0, offset - count))]


def _rows(wanted: DocumentFilter, limit: int, offset: int) -> list[Document]:
    if limit <= 0:
        return []
    statement = select(Document).where(*_conditions(wanted)).options(selectinload(Document.customer))
    newest_first = (Document.issue_date.desc(), Document.id.desc())
    return list(db.session.scalars(statement.order_by(*newest_first).limit(limit).offset(offset)))


def count_documents(wanted: DocumentFilter) -> int:
    """How many documents the filter finds; `MOST_COUNTED` + 1 when there are more than that."""
    states = (ListState.DRAFT, ListState.ALL) if wanted.state is ListState.ALL else (wanted.state,)
    found = sum(_capped_count(replace(wanted, state=state)) for state in states)
    return min(found, MOST_COUNTED + 1)


def _capped_count(wanted: DocumentFilter) -> int:
    statement = select(Document.id).where(*_conditions(wanted)).limit(MOST_COUNTED + 1)
    return db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def sums_of(wanted: DocumentFilter) -> Sums:
    """Totals of the issued documents that the filter finds; for lists whose count is not capped."""
    statement = select(
        func.coalesce(func.sum(Document.total_cents), 0), func.coalesce(func.sum(open_cents_sql()), 0)
    )
    row = db.session.execute(statement.where(*_conditions(wanted))).one()
    return Sums(int(row[0]), int(row[1]))


def years_of_documents() -> Sequence[int]:
    """The calendar years in which numbers were given, the latest first."""
    years = select(NumberSeries.year).distinct().order_by(NumberSeries.year.desc())
    return db.session.scalars(years).all()


def issued_invoices() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """SQL over `Document`: issued invoices, in the order of `ix_document_list`."""
    return Document.kind == DocumentKind.INVOICE, Document.state == DocumentState.ISSUED


def _conditions(wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    kind = DocumentKind.CREDIT_NOTE if wanted.state is ListState.CREDIT_NOTES else DocumentKind.INVOICE
    state = DocumentState.DRAFT if wanted.state is ListState.DRAFT else DocumentState.ISSUED
    conditions = [Document.kind == kind, Document.state == state, *_standing(wanted.state)]
    if wanted.year is not None:
        first, last = date(wanted.year, 1, 1), date(wanted.year, 12, 31)
        conditions.append(Document.issue_date.between(first, last))
    if wanted.text:
        conditions.append(_matches(wanted.text))
    return conditions


def _standing(state: ListState) -> list[ColumnElement[bool]]:
    """The state that is derived, as SQL; it says what `balances` says of one document."""
    open_, credited = due_cents_sql(), credited_cents_sql()
    not_credited = credited < Document.total_cents
    return {
        ListState.OPEN: [open_ > 0],
        ListState.LATE: [open_ > 0, Document.due_date < paris_today()],
        ListState.PARTLY_PAID: [open_ > 0, open_ < Document.total_cents],
        ListState.PAID: [open_ <= 0, or_(not_credited, credited == 0)],
        ListState.CREDITED: [credited > 0, credited >= Document.total_cents],
    }.get(state, [])


def _matches(text: str) -> ColumnElement[bool]:
    found = [
        Document.number.icontains(text, autoescape=True),
        Document.customer_id.in_(customer_ids_matching(text)),
    ]
    with suppress(MoneyTextError):
        found.append(Document.total_cents == parse_cents(text))
    return or_(*found)
