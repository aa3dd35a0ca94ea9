"""Closed periods: what may be dated where. Months are closed for the time being, years for good.

Invoicing asks before it issues a document (`open_period`). Money that was received is never refused: it keeps its
true date and is posted on the first open day (`open_year_for`).
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from accounting.books_begin import beginning_after
from accounting.errors import MonthNotClosable, YearNotFound
from accounting.fiscal_years import lock_year
from accounting.models import FiscalYear
from core.clock import paris_today
from core.database import db
from core.event_log import record_event

MONTHS_CLOSED = "months.closed"
MONTHS_REOPENED = "months.reopened"


def first_open_day(day: date) -> date:
    """The day itself where it is open, else the first open day after it. Opens no year."""
    while (through := _shut_through(day)) is not None:
        day = through + timedelta(days=1)
    return day


def close_months(
    year_id: int, through: date, *, today: date | None = None, actor_id: int | None = None
) -> None:
    """Close the months of a year up to the one that ends on `through`, for the time being.

    Raises:
        YearNotFound: the company has no such year.
        MonthNotClosable: the year is closed, or the month is none of it or not over.
    """
    year = _locked(year_id)
    if through not in month_ends(year):
        raise MonthNotClosable
    if through >= (today or paris_today()):
        raise MonthNotClosable.not_over(through)
    if year.months_closed_through is not None and through <= year.months_closed_through:
        return
    _move(year, through, MONTHS_CLOSED, actor_id)


def reopen_months(year_id: int, first_day: date, *, actor_id: int | None = None) -> None:
    """Open the month that begins on `first_day` again, and those after it.

    Raises:
        YearNotFound: the company has no such year.
        MonthNotClosable: the year is closed for good, or the month is none of it.
    """
    year = _locked(year_id)
    if year.months_closed_through is None or first_day > year.months_closed_through:
        return
    before = first_day - timedelta(days=1)
    if before not in (year.starts_on - timedelta(days=1), *month_ends(year)):
        raise MonthNotClosable
    _move(year, before if before >= year.starts_on else None, MONTHS_REOPENED, actor_id)


def month_ends(year: FiscalYear) -> list[date]:
    """The last day of each month of the year; the last one is the year's own."""
    found, day = [], year.starts_on
    while day <= year.ends_on:
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        found.append(min(following - timedelta(days=1), year.ends_on))
        day = following
    return found


def _locked(year_id: int) -> FiscalYear:
    year = lock_year(year_id)
    if year is None:
        raise YearNotFound
    if year.closed_at is not None:
        raise MonthNotClosable.in_closed_year()
    return year


def _move(year: FiscalYear, through: date | None, kind: str, actor_id: int | None) -> None:
    before, year.months_closed_through = year.months_closed_through, through
    db.session.flush()
    record_event(
        kind, actor_id=actor_id, subject=("fiscal_year", year.id), through=through, before=before,
    )  # fmt: skip


def _shut_through(day: date) -> date | None:
    """The last day of the closed period that the day is in, or before the books begin; None where it is open."""
    row = db.session.execute(
        select(FiscalYear.ends_on, FiscalYear.closed_at, FiscalYear.months_closed_through).where(
            FiscalYear.starts_on <= day, FiscalYear.ends_on >= day
        )
    ).one_or_none()
    if row is None:
        begins_on = beginning_after(day, is_posting=False)
        return None if begins_on is None else begins_on - timedelta(days=1)
    through: date | None = row.months_closed_through if row.closed_at is None else row.ends_on
    return through if through is not None and day <= through else None
