"""The calendar of a recurring invoice: which days it names, and how a period moves along. Pure dates.

The day of the month is the first date's: from 31 January on, 28 February follows and then 31 March. Days are counted
from the first date, never from the one before, so that a short month leaves no trace.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import MAXYEAR, date, timedelta
from itertools import count


def add_months(day: date, months: int) -> date:
    """The same day of another month, or its last day where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_between(earlier: date, later: date) -> int:
    """Calendar months from one day to another; the days of the month do not count."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def dates_from(first: date, months: int, day: date, last: date | None = None) -> Iterator[date]:
    """The days of a calendar that lie on or after a day, in order.

    Args:
        first: the first date.
        months: 1, 3 or 12.
        day: days before it are left out.
        last: the last day there may be; None: without end.
    """
    # One step early: the month may fit and the day of the month not yet.
    start = max(0, months_between(first, day) // months - 1)
    for number in count(start):
        if first.year + (first.month + number * months) // 12 >= MAXYEAR:
            return
        found = add_months(first, number * months)
        if last is not None and found > last:
            return
        if found >= day:
            yield found


def moved_period(start: date | None, end: date | None, months: int) -> tuple[date | None, date | None]:
    """A period of service some months later: January as a whole becomes February as a whole.

    Moved is the day after the end, so that a period that ends with a month still does; the 16th to the 15th stays so.
    """
    moved_start = None if start is None else add_months(start, months)
    moved_end = None if end is None else add_months(end + timedelta(days=1), months) - timedelta(days=1)
    return moved_start, moved_end
