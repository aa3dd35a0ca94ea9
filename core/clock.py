"""The two clocks of the product: instants in UTC, business dates in Europe/Paris."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def paris_today() -> date:
    """Today's business date: the calendar day in Europe/Paris."""
    return utc_now().astimezone(PARIS).date()


def paris_date(instant: datetime) -> date:
    """The business date of an aware instant."""
    return instant.astimezone(PARIS).date()


def paris_midnight(day: date) -> datetime:
    """The instant at which a business date begins."""
    return datetime.combine(day, time(), PARIS)
