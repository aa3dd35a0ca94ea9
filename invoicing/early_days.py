"""Days that lie long before the company's first entry and its first document: a slip in the year (2016 for 2026).

An entry of such a day would open a financial year of long ago, as long as nothing is closed. Asked by `record_payment`,
where a person may say that the day is meant, and by `import_statement`.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from accounting.models import JournalEntry
from core.database import db
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document
from invoicing.recurring_dates import add_months
from invoicing.settings import invoicing_settings


def first_of_books() -> date | None:
    """The day of the first entry or of the first issued invoice, whichever is earlier; None while there is neither."""
    entry = db.session.scalar(select(func.min(JournalEntry.entry_date)))
    document = db.session.scalar(
        select(func.min(Document.issue_date)).where(
            Document.kind == DocumentKind.INVOICE, Document.state == DocumentState.ISSUED
        )
    )
    return min((day for day in (entry, document) if day is not None), default=None)


def long_before_the_books(day: date) -> date | None:
    """The first day of the books, where that day lies more months before it than the company takes for meant."""
    first = first_of_books()
    if first is None or day >= add_months(first, -invoicing_settings().early_payment_months):
        return None
    return first
