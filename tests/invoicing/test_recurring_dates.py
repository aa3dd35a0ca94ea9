"""The calendar of recurring invoices: which days it names, and how periods move along."""

from __future__ import annotations

from datetime import date
from itertools import islice

import pytest

from invoicing.recurring_dates import add_months, dates_from, months_between, moved_period


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


@pytest.mark.parametrize(
    ("first", "months", "day", "found"),
    [
        ("2026-01-31", 1, "2026-01-01", ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30")),
        ("2026-01-31", 1, "2026-03-01", ("2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30")),
        ("2027-11-30", 3, "2028-01-01", ("2028-02-29", "2028-05-30", "2028-08-30", "2028-11-30")),
        ("2028-02-29", 12, "2028-02-29", ("2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28")),
        ("2028-02-29", 12, "2031-03-01", ("2032-02-29", "2033-02-28", "2034-02-28", "2035-02-28")),
        ("2020-05-15", 3, "2026-11-15", ("2026-11-15", "2027-02-15", "2027-05-15", "2027-08-15")),
        ("2020-05-15", 3, "2026-11-16", ("2027-02-15", "2027-05-15", "2027-08-15", "2027-11-15")),
    ],
)
def test_the_day_of_the_month_is_kept(first: str, months: int, day: str, found: tuple[str, ...]) -> None:
    start, since = date.fromisoformat(first), date.fromisoformat(day)
    assert list(islice(dates_from(start, months, since), 4)) == days(*found)


def test_no_date_lies_after_the_last_one_or_beyond_the_calendar() -> None:
    first, last = days("2026-01-31", "2026-04-30")
    assert list(dates_from(first, 1, first, last)) == days(
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"
    )
    assert list(dates_from(first, 1, date(2026, 5, 1), last)) == []
    assert max(dates_from(date(9998, 6, 1), 1, date(9998, 6, 1))).year <= date.max.year


@pytest.mark.parametrize(
    ("start", "end", "months", "moved"),
    [
        ("2026-01-01", "2026-01-31", 1, ("2026-02-01", "2026-02-28")),
        ("2026-01-01", "2026-01-31", 2, ("2026-03-01", "2026-03-31")),
        ("2026-02-01", "2026-02-28", 1, ("2026-03-01", "2026-03-31")),
        ("2026-01-01", "2026-03-31", 3, ("2026-04-01", "2026-06-30")),
        ("2027-03-01", "2028-02-29", 12, ("2028-03-01", "2029-02-28")),
        ("2026-01-16", "2026-02-15", 1, ("2026-02-16", "2026-03-15")),
        ("2026-03-01", "2026-03-31", -1, ("2026-02-01", "2026-02-28")),
    ],
)
def test_a_period_moves_along_whole(start: str, end: str, months: int, moved: tuple[str, str]) -> None:
    first, last = days(start, end)
    assert list(moved_period(first, last, months)) == days(*moved)


def test_months_are_counted_over_the_years() -> None:
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert add_months(date(2026, 3, 31), -13) == date(2025, 2, 28)
    assert months_between(date(2025, 12, 31), date(2026, 2, 1)) == 2
    assert moved_period(None, date(2026, 1, 31), 1) == (None, date(2026, 2, 28))
