"""The standing of issued invoices, written down so that the open ones among very many are found by an index.

What is open is derived by `invoicing.balances` and by nothing else; this is a copy of its answer, for finding and for
the dashboard's sums. It is brought up to date in the transaction that changes the answer: when an invoice is issued,
when a settlement of it is written, when a credit note of it is issued; each holds the invoice's lock. Verbs never
decide on it, `solde verify` compares it with what is derived, and `rebuild_standings` makes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Index,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, BigId, company_key, db, enum_type
from core.tenancy import CompanyScoped, current_company_id, insert_row
from invoicing.balances import DocumentBalance, balance_at_issue, balance_of, balances_of
from invoicing.lifecycle import DocumentKind, DocumentState, PaymentStatus
from invoicing.models import Document

BATCH = 500


class InvoiceStanding(CompanyScoped, Base):
    """How the issued invoice of the same id stands, as `balance_of` said last; with the dates lists are sorted by."""

    __tablename__ = "invoice_standing"
    __table_args__ = (
        company_key("document", "id"),
        CheckConstraint("is_open = (open_cents > 0)", name="open_when_cents_are"),
        Index("ix_invoice_standing_open", "company_id", "is_open", "issue_date", "id", "due_date"),
        Index("ix_invoice_standing_due", "company_id", "is_open", "due_date", "id", "open_cents"),
        Index("ix_invoice_standing_status", "company_id", "status", "issue_date", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    status: Mapped[PaymentStatus] = mapped_column(enum_type(PaymentStatus))
    is_open: Mapped[bool]
    open_cents: Mapped[int] = mapped_column(BigInteger)
    issue_date: Mapped[date] = mapped_column(Date)
    due_date: Mapped[date] = mapped_column(Date)


_TABLE = Base.metadata.tables["invoice_standing"]
_REFRESH = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("invoice_id"), _TABLE.c.company_id == bindparam("of_company"))
    .values({name: bindparam(name) for name in ("status", "is_open", "open_cents")})
)


def note_issued(invoice: Document) -> None:
    """Write down how an invoice stands that is just being issued, in its transaction."""
    insert_row(_TABLE, id=invoice.id, **_dates(invoice), **_values(balance_at_issue(invoice.total_cents)))


def note_changed(invoice_id: int) -> None:
    """Write down how an invoice stands now, in the transaction that has changed it and holds its lock."""
    at = {"invoice_id": invoice_id, "of_company": current_company_id()}
    db.session.connection().execute(_REFRESH, {**at, **_values(balance_of(invoice_id))})


def rebuild_standings() -> int:
    """Make the standings of the company entered anew, in the open transaction; returns how many invoices there are."""
    db.session.execute(delete(InvoiceStanding).execution_options(synchronize_session=False))
    count = 0
    for rows in _derived():
        db.session.connection().execute(insert(_TABLE), rows)
        count += len(rows)
    return count


def check_standings() -> Iterator[str]:
    """What is written down otherwise than it is derived, in the company entered; one English sentence each."""
    written = _written()
    for rows in _derived():
        for row in rows:
            found = written.pop(row["id"], None)
            if found != row:
                yield f"invoice {row['id']} stands otherwise than lists and dashboard say: rebuild them"
    for document_id in written:
        yield f"document {document_id} stands in lists, but is no issued invoice"


def _written() -> dict[int, dict[str, Any]]:
    columns = _TABLE.columns.keys()
    rows = db.session.execute(select(*(getattr(InvoiceStanding, name) for name in columns)))
    return {row["id"]: dict(row) for row in rows.mappings()}


def _derived() -> Iterator[list[dict[str, Any]]]:
    """The rows as they must be, in batches."""
    issued = (
        select(Document.id, Document.issue_date, Document.due_date)
        .where(Document.kind == DocumentKind.INVOICE, Document.state == DocumentState.ISSUED)
        .order_by(Document.id)
    )
    company_id, last = current_company_id(), 0
    while rows := db.session.execute(issued.where(Document.id > last).limit(BATCH)).all():
        balances, last = balances_of([row.id for row in rows]), rows[-1].id
        yield [
            {"company_id": company_id, "id": row.id, **_dates(row), **_values(balances[row.id])}
            for row in rows
        ]


def _dates(invoice: Any) -> dict[str, Any]:
    return {"issue_date": invoice.issue_date, "due_date": invoice.due_date}


def _values(balance: DocumentBalance) -> dict[str, Any]:
    return {
        "status": balance.status,
        "is_open": balance.open_cents > 0,
        "open_cents": balance.open_cents,
    }
