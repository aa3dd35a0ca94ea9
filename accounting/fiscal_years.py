"""Financial years: which one a fact belongs to. They open by themselves, and a closed one never stops money.

Called by `post_entry` for the day to post on, by the exports and pages for the years there are.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from accounting.books_begin import beginning_after
from accounting.models import AccountingSettings, FiscalYear, JournalEntry
from accounting.settings.chosen import accounting_settings, hold_settings
from core.database import Base, db, for_update, lock
from core.insert_missing import insert_missing
from core.tenancy import COMPANY, current_company_id, execute_scoped

_ONE_DAY = timedelta(days=1)


class LockedYear(NamedTuple):
    """A financial year as it stands under lock. `closed_at` is UTC, None while it is open."""

    id: int
    company_id: int
    starts_on: date
    ends_on: date
    closed_at: datetime | None
    months_closed_through: date | None

    @property
    def shut_through(self) -> date | None:
        """The last day that takes no entry any more, of the closed year or of its closed months; None: all are open."""
        return self.months_closed_through if self.closed_at is None else self.ends_on


# Every posting passes here, so it goes past the ORM. Shared: many may post at once, but nobody closes the year under
# them.
_YEARS = Base.metadata.tables["fiscal_year"].c
_YEAR_OF = (
    select(
        _YEARS.id,
        _YEARS.company_id,
        _YEARS.starts_on,
        _YEARS.ends_on,
        _YEARS.closed_at,
        _YEARS.months_closed_through,
    )
    .where(
        _YEARS.company_id == COMPANY, _YEARS.starts_on <= bindparam("day"), _YEARS.ends_on >= bindparam("day")
    )
    .with_for_update(read=True)
)


def open_year_for(day: date) -> tuple[LockedYear, date]:
    """The financial year to post a fact of that day in, and the day: its own, or the first open day after it.

    The year is opened when there is none yet, and locked against closing until the transaction ends. Before the books
    begin (`books_begin`) none is opened: the day is the first one of the books.
    """
    year = _locked_year_of(day)
    if year is None:
        day = beginning_after(day) or day
        year = _year_of(day)
    while year.shut_through is not None and day <= year.shut_through:
        day = year.shut_through + _ONE_DAY
        year = _year_of(day)
    return year, day


def year_to_open_with(day: date) -> tuple[LockedYear, date]:
    """As `open_year_for`, for opening entries: they stand on the first day of their year, however many of its months
    are closed for the time being."""
    year = _year_of(day)
    return (year, day) if year.closed_at is None else open_year_for(day)


def year_after(last_day: date) -> LockedYear:
    """The financial year that begins the day after; it is opened when there is none yet."""
    return _year_of(last_day + _ONE_DAY)


def lock_all_years(today: date) -> list[FiscalYear]:
    """All years of the company, oldest first, locked: nobody posts in any of them until the transaction ends.

    The year of today is among them: it could be opened meanwhile by somebody who posts in it without a lock of ours.
    """
    if not any(year.starts_on <= today <= year.ends_on for year in fiscal_years()):
        _open_year(today)
    statement = for_update(select(FiscalYear).order_by(FiscalYear.starts_on))
    return list(db.session.scalars(statement))


def lock_year(year_id: int) -> FiscalYear | None:
    """That year of the company, locked: who posts in it waits until the transaction ends. None: it has no such year."""
    return lock(select(FiscalYear).where(FiscalYear.id == year_id))


def fiscal_years() -> list[FiscalYear]:
    """The company's financial years, newest first."""
    return list(db.session.scalars(select(FiscalYear).order_by(FiscalYear.ends_on.desc())))


def year_ending_in(calendar_year: int) -> FiscalYear | None:
    """The financial year that ends in that calendar year, or None."""
    in_year = FiscalYear.ends_on.between(date(calendar_year, 1, 1), date(calendar_year, 12, 31))
    # An irregular year may end in the same calendar year as the one before it: the later one is meant.
    return db.session.scalars(select(FiscalYear).where(in_year).order_by(FiscalYear.ends_on.desc())).first()


def year_bounds(day: date, end_month: int) -> tuple[date, date]:
    """First and last day of the twelve months around `day` that end with the last day of `end_month` (1-12)."""
    end_year = day.year if day.month <= end_month else day.year + 1
    return _last_day(end_year - 1, end_month) + _ONE_DAY, _last_day(end_year, end_month)


def planned_bounds(day: date, settings: AccountingSettings) -> tuple[date, date]:
    """First and last day of the year of `day` as the settings have it: a first year may be shorter or longer than
    twelve months, the one after it begins the day after (Code de commerce, art. L123-12).
    """
    starts_on, ends_on = year_bounds(day, settings.fiscal_year_end_month)
    first_day, last_day = settings.first_year_starts_on, settings.first_year_ends_on
    if first_day is None or last_day is None:
        return starts_on, ends_on
    if day > last_day:
        return max(starts_on, last_day + _ONE_DAY), ends_on
    if day < first_day:
        return starts_on, min(ends_on, first_day - _ONE_DAY)
    return first_day, last_day


def _last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _year_of(day: date) -> LockedYear:
    found = _locked_year_of(day)
    if found is None:
        _open_year(day)
        found = _locked_year_of(day)
    assert found is not None, f"no financial year could be opened for {day}"
    return found


def _locked_year_of(day: date) -> LockedYear | None:
    row = execute_scoped(_YEAR_OF, day=day).one_or_none()
    return None if row is None else LockedYear(*row)


def _open_year(day: date) -> None:
    """Open the year of `day`, between the years that exist (a changed end month makes one year irregular)."""
    # The very first year has the days that the company has chosen: nobody chooses others while it is being opened.
    # Later on settings are not waited for: who posts may hold accounts that they are about to change.
    starts_on, ends_on = planned_bounds(day, accounting_settings() if fiscal_years() else hold_settings())
    # Two first entries of a year may come at once: the other's may be committed before this read, or only after it.
    for other in fiscal_years():
        if other.starts_on <= day <= other.ends_on:
            return
        if other.ends_on < day:
            starts_on = max(starts_on, other.ends_on + _ONE_DAY)
        else:
            ends_on = min(ends_on, other.starts_on - _ONE_DAY)
    insert_missing(FiscalYear, company_id=current_company_id(), starts_on=starts_on, ends_on=ends_on)


def count_entries_of(year_id: int) -> int:
    """How many entries the year has. Entries are never changed: as many as before are the same ones."""
    statement = select(func.count()).select_from(JournalEntry).where(JournalEntry.fiscal_year_id == year_id)
    return db.session.scalar(statement) or 0
