"""Makes the pattern of a recurring invoice: a document that is copied and never issued. Called by the editor's page
and by `repeat_invoice`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from core.clock import paris_today
from core.database import db
from core.event_log import record_event
from invoicing.draft_input import DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.lifecycle import DocumentKind
from invoicing.models import Document, Recurrence, RecurringAction


def draft_pattern(given: DraftInput, *, today: date | None = None, actor_id: int | None = None) -> Document:
    """Make a pattern with a calendar that is paused: monthly from today on, drafts. `set_calendar` starts it.

    Dates of one sale (invoice date, due date, date of supply) have no place on a pattern. A request key seen before
    returns its pattern.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    undated = replace(given, issue_date=None, due_date=None, supply_date=None)
    pattern = draft_invoice(undated, kind=DocumentKind.RECURRING, actor_id=actor_id)
    calendar = select(Recurrence.id).where(Recurrence.document_id == pattern.id)
    if db.session.scalars(calendar).one_or_none() is not None:
        return pattern
    day = today or paris_today()
    recurrence = Recurrence(
        document_id=pattern.id,
        months=1,
        first_date=day,
        next_date=day,
        action=RecurringAction.DRAFT,
        paused=True,
    )
    db.session.add(recurrence)
    db.session.flush()
    record_event("recurring.created", actor_id=actor_id, subject=("document", pattern.id))
    return pattern
