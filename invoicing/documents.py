"""Finding documents: one by id, and the list with its filters, page by page, also among a million of them.

The list reads along an index: of documents, or of their standings where it is narrowed to a state that is derived; what
a row shows as open is computed for the rows of one page. Counting stops at `MOST_COUNTED`, so that no page waits for a
number nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from core.clock import paris_today
from core.database import db
from core.money import MoneyTextError, parse_cents
from invoicing.balances import open_cents_sql
from invoicing.customers import customer_ids_matching
from invoicing.errors import NotFoundError
from invoicing.lifecycle import DocumentKind, DocumentState, PaymentStatus
from invoicing.models import Document, NumberSeries
from invoicing.standing import InvoiceStanding

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
    MONEY_BACK = "money-back"
    DOUBTFUL = "doubtful"
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
    ids = db.session.scalars(_newest_first(wanted).limit(limit).offset(offset)).all()
    statement = select(Document).where(Document.id.in_(ids)).options(selectinload(Document.customer))
    found = {document.id: document for document in db.session.scalars(statement)}
    return [found[id_] for id_ in ids]


def count_documents(wanted: DocumentFilter) -> int:
    """How many documents the filter finds; `MOST_COUNTED` + 1 when there are more than that."""
    states = (ListState.DRAFT, ListState.ALL) if wanted.state is ListState.ALL else (wanted.state,)
    found = sum(_capped_count(replace(wanted, state=state)) for state in states)
    return min(found, MOST_COUNTED + 1)


def _capped_count(wanted: DocumentFilter) -> int:
    found = _ids(wanted).limit(MOST_COUNTED + 1)
    return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0


def sums_of(wanted: DocumentFilter) -> Sums:
    """Totals of the issued documents that the filter finds; for lists whose count is not capped."""
    # With its limit SQLite keeps the found ones apart and begins with them, not with every document there is.
    found = _ids(wanted).limit(MOST_COUNTED + 1).subquery()
    row = db.session.execute(
        select(func.coalesce(func.sum(Document.total_cents), 0), func.coalesce(func.sum(open_cents_sql()), 0))
        .select_from(found)
        .join(Document, Document.id == found.c.id)
    ).one()
    return Sums(int(row[0]), int(row[1]))


def matching_ids(
    wanted: DocumentFilter, state: ListState, *conditions: ColumnElement[bool], limit: int
) -> list[int]:
    """Ids of what the filter finds in a state, the earliest date first; `conditions` are about `Document`."""
    found = _ids(replace(wanted, state=state)).subquery()
    statement = select(Document.id).join(found, Document.id == found.c.id).where(*conditions)
    by_date = statement.order_by(func.coalesce(Document.issue_date, paris_today()), Document.id)
    return list(db.session.scalars(by_date.limit(limit)))


def years_of_documents() -> Sequence[int]:
    """The calendar years for which the list has invoices or credit notes, the latest first.

    A series does not say what it numbers, and quotes have theirs: it gives the years, the documents their ends.
    """
    ends = [_ends_of(kind) for kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)]
    days = [day for pair in ends for day in pair if day is not None]
    if not days:
        return []
    years = select(NumberSeries.year).where(NumberSeries.year.between(min(days).year, max(days).year))
    return db.session.scalars(years.distinct().order_by(NumberSeries.year.desc())).all()


def _ends_of(kind: DocumentKind) -> tuple[date | None, date | None]:
    """The first and the last day on which such a document was issued, each read off the end of an index."""
    of_kind = (Document.kind == kind, Document.state == DocumentState.ISSUED)
    first = select(Document.issue_date).where(*of_kind).order_by(Document.issue_date, Document.id).limit(1)
    last = (
        select(Document.issue_date)
        .where(*of_kind)
        .order_by(Document.issue_date.desc(), Document.id.desc())
        .limit(1)
    )
    return db.session.scalar(first), db.session.scalar(last)


def _newest_first(wanted: DocumentFilter) -> Select[int]:
    day = InvoiceStanding.issue_date if wanted.state in _STANDINGS else Document.issue_date
    id_ = InvoiceStanding.id if wanted.state in _STANDINGS else Document.id
    return _ids(wanted).order_by(day.desc(), id_.desc())


def _ids(wanted: DocumentFilter) -> Select[int]:
    """The ids of what the filter finds: along an index of documents, or of their standings."""
    day: InstrumentedAttribute[Any]
    if wanted.state in _STANDINGS:
        statement, day = select(InvoiceStanding.id), InvoiceStanding.issue_date
        statement = statement.where(*_STANDINGS[wanted.state]())
        if wanted.text:
            statement = statement.join(Document, Document.id == InvoiceStanding.id)
    else:
        kind = DocumentKind.CREDIT_NOTE if wanted.state is ListState.CREDIT_NOTES else DocumentKind.INVOICE
        state = DocumentState.DRAFT if wanted.state is ListState.DRAFT else DocumentState.ISSUED
        statement, day = select(Document.id), Document.issue_date
        statement = statement.where(Document.kind == kind, Document.state == state)
    if wanted.year is not None:
        statement = statement.where(day.between(date(wanted.year, 1, 1), date(wanted.year, 12, 31)))
    return statement.where(_matches(wanted.text)) if wanted.text else statement


_Conditions = tuple[ColumnElement[bool], ...]
_IS_OPEN = InvoiceStanding.is_open == true()

_STANDINGS: Mapping[ListState, Callable[[], _Conditions]] = {
    ListState.OPEN: lambda: (_IS_OPEN,),
    ListState.LATE: lambda: (
        _IS_OPEN,
        InvoiceStanding.due_date < paris_today(),
        # Nobody is asked for what is on hold.
        InvoiceStanding.status.not_in([PaymentStatus.REFUNDED, PaymentStatus.DISPUTED]),
    ),
    ListState.PARTLY_PAID: lambda: (InvoiceStanding.status == PaymentStatus.PARTLY_PAID,),
    ListState.PAID: lambda: (InvoiceStanding.status == PaymentStatus.PAID,),
    ListState.CREDITED: lambda: (InvoiceStanding.status == PaymentStatus.CREDITED,),
    ListState.MONEY_BACK: lambda: (
        InvoiceStanding.status.in_([PaymentStatus.REFUNDED, PaymentStatus.DISPUTED]),
    ),
    ListState.DOUBTFUL: lambda: (InvoiceStanding.status.in_([PaymentStatus.DOUBTFUL, PaymentStatus.LOST]),),
}
"""The states that are derived, as SQL over what `standing` has written down."""


def _matches(text: str) -> ColumnElement[bool]:
    found = [
        Document.number.icontains(text, autoescape=True),
        Document.customer_id.in_(customer_ids_matching(text)),
    ]
    with suppress(MoneyTextError):
        found.append(Document.total_cents == parse_cents(text))
    return or_(*found)
