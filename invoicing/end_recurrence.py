"""Ends a recurring invoice: no copy is made any more. Called by its page; a new calendar starts it again."""

from __future__ import annotations

from core.database import db
from core.event_log import record_event
from core.versions import count_save
from invoicing.locked_recurring import forget_waiting, locked_recurring
from invoicing.models import Recurrence


def end_recurrence(document_id: int, *, actor_id: int | None = None) -> Recurrence:
    """End it; done twice, nothing happens the second time. What was still to be issued stays a draft.

    Raises:
        NotFoundError: there is no such recurring invoice.
    """
    found = locked_recurring(document_id)
    recurrence = found.recurrence
    if recurrence.next_date is None:
        return recurrence
    recurrence.next_date, recurrence.paused = None, False
    forget_waiting(recurrence)
    count_save(found.pattern, None)
    db.session.flush()
    record_event("recurring.ended", actor_id=actor_id, subject=("document", document_id))
    return recurrence
