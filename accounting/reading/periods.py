"""Periods as an accountant names them: a month (2026-03), a quarter (2026-T1), a calendar year (2026)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS_SHOWN, QUARTERS_SHOWN, YEARS_SHOWN = 13, 5, 3
_NAME = re.compile(r"(?P<year>(?:19|20)\d\d)(?:-(?:(?P<month>0[1-9]|1[0-2])|T(?P<quarter>[1-4])))?")


@dataclass(frozen=True)
class Period:
    """Some days, both ends included. `name` is how addresses call it."""

    name: str
    starts_on: date
    ends_on: date
    months: int


def period_named(name: str) -> Period | None:
    """The period of that name; None for what is no name of one."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    year = int(found["year"])
    if found["month"]:
        return _period(name, year, int(found["month"]), 1)
    if found["quarter"]:
        return _period(name, year, int(found["quarter"]) * 3 - 2, 3)
    return _period(name, year, 1, 12)


def recent_periods(today: date) -> list[Period]:
    """What is usually asked for, the latest of each first: months, quarters, years."""
    month, quarter = today.year * 12 + today.month - 1, today.year * 4 + (today.month - 1) // 3
    names = [
        *(f"{n // 12}-{n % 12 + 1:02d}" for n in range(month, month - MONTHS_SHOWN, -1)),
        *(f"{n // 4}-T{n % 4 + 1}" for n in range(quarter, quarter - QUARTERS_SHOWN, -1)),
        *(str(year) for year in range(today.year, today.year - YEARS_SHOWN, -1)),
    ]
    return [period for period in map(period_named, names) if period is not None]


def month_before(today: date) -> Period:
    """The last whole calendar month: what a return is due for."""
    last = today.replace(day=1) - timedelta(days=1)
    return _period(f"{last:%Y-%m}", last.year, last.month, 1)


def _period(name: str, year: int, month: int, months: int) -> Period:
    after = year * 12 + month - 1 + months
    return Period(
        name, date(year, month, 1), date(after // 12, after % 12 + 1, 1) - timedelta(days=1), months
    )
