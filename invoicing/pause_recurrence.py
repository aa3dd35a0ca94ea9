"""Stops a recurring invoice for a time, or takes it up again. Called by its page."""

from __future__ import annotations

from datetime import date

from core.clock import paris_today
from core.database import db
from core.event_log import record_event
from core.versions import count_save
from invoicing.calendar_input import next_of
from invoicing.locked_recurring import forget_waiting, locked_recurring
from invoicing.models import Recurrence
from invoicing.recurring import calendar_of, dates_made


def pause_recurrence(
    document_id: int, *, paused: bool = True, today: date | None = None, actor_id: int | None = None
) -> Recurrence:
    """Pause it, or take it up again with `paused=False`; done twice, nothing happens the second time.

    Dates that pass meanwhile are skipped: it goes on with the first one from today on, or has ended when none is left.
    What was still to be issued stays a draft.

    Raises:
        NotFoundError: there is no such recurring invoice.
    """
    found = locked_recurring(document_id)
    recurrence, day = found.recurrence, today or paris_today()
    if recurrence.paused == paused or recurrence.next_date is None:
        return recurrence
    recurrence.paused = paused
    if paused:
        forget_waiting(recurrence)
    else:
        recurrence.next_date = next_of(calendar_of(recurrence), day, dates_made(recurrence.id, day))
    count_save(found.pattern, None)
    db.session.flush()
    kind = "recurring.paused" if paused else "recurring.resumed"
    record_event(kind, actor_id=actor_id, subject=("document", document_id))
    return recurrence
