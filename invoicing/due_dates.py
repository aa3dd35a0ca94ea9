"""What the ledger’s lists (`accounting.reading`) ask of invoices and credit notes: due dates and documents of keys."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from accounting.reading.key_documents import KeyDocument
from core.database import db
from invoicing.models import Document

_AT_ONCE = 5_000


def due_dates_of_invoices(invoice_ids: list[int]) -> dict[int, date]:
    """The day on which each invoice is to be paid; one without a day of its own is due when it is issued."""
    found: dict[int, date] = {}
    for first in range(0, len(invoice_ids), _AT_ONCE):
        statement = select(Document.id, Document.due_date, Document.issue_date).where(
            Document.id.in_(invoice_ids[first : first + _AT_ONCE])
        )
        for document_id, due_date, issue_date in db.session.execute(statement):
            day = due_date or issue_date
            if day is not None:
                found[document_id] = day
    return found


def documents_of_ids(document_ids: list[int]) -> dict[int, KeyDocument]:
    """The number and the page of each issued document."""
    found: dict[int, KeyDocument] = {}
    for first in range(0, len(document_ids), _AT_ONCE):
        statement = select(Document.id, Document.number).where(
            Document.id.in_(document_ids[first : first + _AT_ONCE])
        )
        for document_id, number in db.session.execute(statement):
            found[document_id] = KeyDocument(number or "", "invoices.show", "document_id", document_id)
    return found
