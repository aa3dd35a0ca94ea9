"""Where books begin: no year is opened before a closed one, nor before one that began with opening entries.

Their balances say all that was before (docs/decisions/0021-closing-a-year.md); an entry dated earlier would be in no
balance. Asked by `fiscal_years` and `closed_periods` for a day that lies in no year yet.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import exists, select

from accounting.models import FiscalYear, Journal, JournalEntry, JournalKind
from core.database import db


def beginning_after(day: date, *, is_posting: bool = True) -> date | None:
    """The first day of the next year that there is, where that year is closed or has opening entries; else None.

    Args:
        day: a day that lies in no financial year.
        is_posting: hold that year, so that who closes it meanwhile waits and then finds the year opened before it.
    """
    following = select(FiscalYear).where(FiscalYear.starts_on > day).order_by(FiscalYear.starts_on).limit(1)
    if is_posting:
        following = following.with_for_update(read=True).execution_options(populate_existing=True)
    year = db.session.scalars(following).one_or_none()
    if year is None or (year.closed_at is None and not has_opening(year.id)):
        return None
    return year.starts_on


def has_opening(year_id: int) -> bool:
    """Whether opening entries stand in the year: of a closing, or of a take-over that was not taken back."""
    mirror = select(JournalEntry.reverses_id).where(JournalEntry.reverses_id.is_not(None))
    opened = exists().where(
        JournalEntry.fiscal_year_id == year_id,
        JournalEntry.journal_id.in_(select(Journal.id).where(Journal.kind == JournalKind.OPENING)),
        JournalEntry.reverses_id.is_(None),
        JournalEntry.id.not_in(mirror),
    )
    return bool(db.session.scalar(select(opened)))
