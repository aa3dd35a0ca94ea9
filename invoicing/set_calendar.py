"""Sets when a pattern is copied and what happens to the copies, and starts it. Called by the calendar's page."""

from __future__ import annotations

from datetime import date

from core.clock import paris_today
from core.database import db
from core.event_log import record_event
from core.versions import count_save
from invoicing.calendar_input import CalendarInput, checked_calendar, first_of
from invoicing.locked_recurring import locked_recurring
from invoicing.models import Recurrence
from invoicing.recurring import dates_made
from invoicing.recurring_dates import months_between, moved_period

_COPIED = ("months", "first_date", "last_date", "action", "label")


def set_calendar(
    document_id: int,
    given: CalendarInput,
    *,
    version: int | None = None,
    moves_period: bool = True,
    today: date | None = None,
    actor_id: int | None = None,
) -> Recurrence:
    """Set the calendar of a pattern and start it, also when it was paused or had ended.

    The next copy is made on the first date from today on for which none was made: dates that lie before are not made
    up for. The versions of the pattern count the saves of its calendar too.

    Args:
        document_id: the pattern.
        given: the calendar.
        version: the pattern's version that the person's page showed; None for what comes from no page.
        moves_period: move the pattern's period with the first date, so that each month keeps its own.
        today: the business day; None is today in Paris.
        actor_id: who does it.

    Raises:
        NotFoundError: there is no such recurring invoice.
        InvalidInputError: naming every field that is wrong; no date is left.
        OutdatedError: it was saved since that version.
    """
    checked, day = checked_calendar(given), today or paris_today()
    found = locked_recurring(document_id)
    pattern, recurrence = found.pattern, found.recurrence
    next_date = first_of(checked, day, dates_made(recurrence.id, day))
    if moves_period:
        months = months_between(recurrence.first_date, checked.first_date)
        pattern.period_start, pattern.period_end = moved_period(
            pattern.period_start, pattern.period_end, months
        )
    for name in _COPIED:
        setattr(recurrence, name, getattr(checked, name))
    recurrence.next_date, recurrence.paused, recurrence.problem = next_date, False, ""
    count_save(pattern, version)
    db.session.flush()
    record_event(
        "recurring.set", actor_id=actor_id, subject=("document", document_id), months=checked.months,
        next_date=next_date.isoformat(), action=checked.action.value,
    )  # fmt: skip
    return recurrence
