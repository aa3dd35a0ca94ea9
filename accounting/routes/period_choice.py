"""Which days a page of the books is about: a named period, or any first and last day; the choices it offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale, gettext

from accounting.reading.periods import Period, period_named, recent_periods
from core.clock import paris_today
from core.web.pages import asked_day, searched


@dataclass(frozen=True)
class ChosenPeriod:
    """The days of the page, both included; `name` is empty for days that have none."""

    name: str
    starts_on: date
    ends_on: date

    @property
    def address(self) -> dict[str, Any]:
        """How the page's own address says it."""
        return {"from": self.starts_on.isoformat(), "to": self.ends_on.isoformat()}

    @property
    def file_name(self) -> str:
        """How files of it are called: `2026-03`, or `2026-03-02-2026-03-20`."""
        return self.name or f"{self.starts_on}-{self.ends_on}"


def chosen_period(usual: Period) -> ChosenPeriod:
    """The named period of the address, else its days, else the usual one. Days in the wrong order are one day."""
    named = period_named(searched("period"))
    first_day, last_day = asked_day("from"), asked_day("to")
    if named is None and (first_day or last_day):
        first_day = first_day or last_day
        assert first_day is not None
        last_day = max(first_day, last_day or first_day)
        return ChosenPeriod(_name_of(first_day, last_day), first_day, last_day)
    period = named or usual
    return ChosenPeriod(period.name, period.starts_on, period.ends_on)


def period_choices() -> list[tuple[str, str]]:
    """What a filter offers: name and words."""
    return [
        ("", gettext("Other days")),
        *((period.name, period_words(period)) for period in recent_periods(paris_today())),
    ]


def period_words(period: Period) -> str:
    """`mars 2026`, `T1 2026`, `2026`."""
    if period.months == 1:
        return format_date(period.starts_on, format="LLLL y", locale=get_locale())
    if period.months == 3:
        quarter = (period.starts_on.month + 2) // 3
        words: str = gettext("Q%(number)d %(year)d", number=quarter, year=period.starts_on.year)
        return words
    return str(period.starts_on.year)


def _name_of(starts_on: date, ends_on: date) -> str:
    for name in (
        f"{starts_on:%Y-%m}",
        f"{starts_on.year}-T{(starts_on.month + 2) // 3}",
        str(starts_on.year),
    ):
        period = period_named(name)
        if period is not None and (period.starts_on, period.ends_on) == (starts_on, ends_on):
            return name
    return ""
