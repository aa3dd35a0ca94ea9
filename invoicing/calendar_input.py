"""What the calendar of a recurring invoice is told, checked, and the next date that follows from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import lazy_gettext as _l

from invoicing.errors import InvalidInputError
from invoicing.input_checks import FieldErrors
from invoicing.models import RecurringAction
from invoicing.recurring_dates import dates_from

EVERY_MONTHS = (1, 3, 12)
LONGEST_LABEL = 120


@dataclass(frozen=True)
class CalendarInput:
    """When a pattern is copied, and what happens to the copies.

    Attributes:
        months: 1, 3 or 12.
        first_date: keeps the day of the month; dates before today are not made up for.
        last_date: the last day on which one may be made; None: until somebody ends it.
        label: how the company calls it, for its own eyes.
    """

    months: int
    first_date: date
    last_date: date | None = None
    action: RecurringAction = RecurringAction.DRAFT
    label: str = ""


def checked_calendar(given: CalendarInput) -> CalendarInput:
    """The input cleaned.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    errors = FieldErrors()
    if given.months not in EVERY_MONTHS:
        errors.add("months", _l("Choose how often."))
    errors.day("first_date", given.first_date)
    errors.day("last_date", given.last_date)
    if given.last_date is not None and given.last_date < given.first_date:
        errors.add("last_date", _l("The last date cannot lie before the first one."))
    label = errors.text("label", given.label, LONGEST_LABEL)
    errors.raise_if_any()
    return replace(given, label=label)


def next_of(calendar: CalendarInput, today: date, made: Collection[date] = ()) -> date | None:
    """The first date from today on for which no copy was made; None when none is left."""
    coming = dates_from(calendar.first_date, calendar.months, today, calendar.last_date)
    return next((day for day in coming if day not in made), None)


def first_of(calendar: CalendarInput, today: date, made: Collection[date] = ()) -> date:
    """The same, for a calendar that somebody has just set.

    Raises:
        InvalidInputError: no date is left.
    """
    found = next_of(calendar, today, made)
    if found is None:
        message = _l("No date is left up to this day. Choose a later one, or leave it empty.")
        raise InvalidInputError({"last_date": message})
    return found
