"""The dates of financial years: the first one's, and the month the others end with. Called by the settings page.

A year that exists keeps its days: entries are numbered in it. What is chosen here decides the days of the years to
come; the page shows them before they are saved (`coming_years`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.errors import AccountingError
from accounting.fiscal_years import fiscal_years, year_bounds
from accounting.models import AccountingSettings
from core.clock import paris_today
from core.database import db, lock
from core.event_log import record_event
from core.versions import refuse_unseen

LONGEST_FIRST_YEAR_MONTHS = 24
"""A first year ends at the latest with the calendar year after the one it began in (practice): a parameter."""
SHOWN_YEARS = 3
_ONE_DAY = timedelta(days=1)
_REGULAR_DAYS = (365, 366)


@dataclass(frozen=True)
class YearDates:
    """What a company wants: the month its years end with (1-12), and the days of its first year where it says them."""

    end_month: int
    first_day: date | None = None
    last_day: date | None = None

    @property
    def seen(self) -> str:
        """All of it in one word, for the form to carry."""
        return f"{self.end_month}/{self.first_day or ''}/{self.last_day or ''}"


@dataclass(frozen=True)
class PlannedYear:
    """A financial year to come, or one there is. `is_regular`: it has twelve months; `exists`: its days are settled."""

    starts_on: date
    ends_on: date
    exists: bool

    @property
    def is_regular(self) -> bool:
        """Whether it has the twelve months of a usual year."""
        return (self.ends_on - self.starts_on).days + 1 in _REGULAR_DAYS


def year_dates(settings: AccountingSettings) -> YearDates:
    """What the company has chosen."""
    return YearDates(
        settings.fiscal_year_end_month, settings.first_year_starts_on, settings.first_year_ends_on
    )


def coming_years(wanted: YearDates, *, today: date | None = None) -> list[PlannedYear]:
    """The years there are and those that would come, in their order: what the page shows before anything is saved."""
    years = [PlannedYear(year.starts_on, year.ends_on, exists=True) for year in reversed(fiscal_years())]
    if not years and wanted.first_day and wanted.last_day:
        years.append(PlannedYear(wanted.first_day, wanted.last_day, exists=False))
    if not years:
        years.append(PlannedYear(*year_bounds(today or paris_today(), wanted.end_month), exists=False))
    for _ in range(SHOWN_YEARS - 1):
        starts_on = years[-1].ends_on + _ONE_DAY
        years.append(PlannedYear(starts_on, year_bounds(starts_on, wanted.end_month)[1], exists=False))
    return years[-SHOWN_YEARS - 1 :]


def set_year_dates(wanted: YearDates, *, seen: str | None = None, actor_id: int | None = None) -> None:
    """Choose the end month of the years to come, and the days of a first year that has no entries yet.

    Args:
        wanted: the choice. A first year needs both its days; with neither, it is a usual one.
        seen: `YearDates.seen` of the person's page; None for what comes from no page.
        actor_id: who does it.

    Raises:
        ConflictError: somebody else has chosen otherwise meanwhile.
        AccountingError: the days do not make a first year, or it would move a year that exists (`field` says which).
    """
    settings = lock(select(AccountingSettings))
    assert settings is not None, "the books were set up with the company"
    before = year_dates(settings)
    refuse_unseen(seen, before.seen, wanted.seen)
    if wanted == before:
        return
    if not 1 <= wanted.end_month <= 12:
        raise AccountingError(_l("Choose a month."), field="end_month")
    if (wanted.first_day, wanted.last_day) != (before.first_day, before.last_day):
        _check_first(wanted)
    settings.fiscal_year_end_month = wanted.end_month
    settings.first_year_starts_on = wanted.first_day
    settings.first_year_ends_on = wanted.last_day
    db.session.flush()
    record_event("fiscal_year_dates.changed", actor_id=actor_id, before=before.seen, after=wanted.seen)


def _check_first(wanted: YearDates) -> None:
    if fiscal_years():
        raise AccountingError(
            _l("There are entries already, so the days of the first year are settled."), field="first_day"
        )
    if wanted.first_day is None and wanted.last_day is None:
        return
    if wanted.first_day is None:
        raise AccountingError(_l("Give the first day as well."), field="first_day")
    if wanted.last_day is None:
        raise AccountingError(_l("Give the last day as well."), field="last_day")
    if wanted.last_day <= wanted.first_day:
        raise AccountingError(_l("The last day comes after the first one."), field="last_day")
    if wanted.last_day > _latest_end(wanted.first_day):
        raise AccountingError(
            _l(
                "A first year has at most %(count)d months: until %(day)s.",
                count=LONGEST_FIRST_YEAR_MONTHS,
                day=f"{_latest_end(wanted.first_day):%d/%m/%Y}",
            ),
            field="last_day",
        )


def _latest_end(first_day: date) -> date:
    years, months = divmod(first_day.month - 1 + LONGEST_FIRST_YEAR_MONTHS, 12)
    first_of_month = date(first_day.year + years, months + 1, 1)
    return first_of_month + timedelta(days=first_day.day - 2)
