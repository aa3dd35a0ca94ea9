"""Lines of closed financial years: what they left open is carried by the opening entries of the next year.

Asked by whoever looks for what is open, and by whoever adds up accounts over more than one year: a carried balance
must be counted once (docs/decisions/0021-closing-a-year.md). An opening that was taken over from other software repeats
nothing and counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from accounting.models import EntryLine, FiscalYear, Journal, JournalEntry, JournalKind
from core.database import Base, db

SOURCE_KIND = "fiscal_year"
"""The opening entries that a closing posted have the closed year as their source."""

_ENTRIES, _YEARS = (Base.metadata.tables[name] for name in ("journal_entry", "fiscal_year"))


def is_carried() -> ColumnElement[bool]:
    """SQL: the EntryLine at hand belongs to a closed year. What was open on it is open on an opening entry now."""
    # Tables and not models: statements are built with it while packages above are still being imported.
    entry, year = _ENTRIES.alias("carried_entry"), _YEARS.alias("closed_year")
    return exists(select(entry.c.id).correlate(EntryLine).join(year, year.c.id == entry.c.fiscal_year_id).where(
        entry.c.id == EntryLine.entry_id, year.c.closed_at.is_not(None)
    ))  # fmt: skip


def carried_among(line_ids: Iterable[int]) -> set[int]:
    """Which of these lines belong to a closed year."""
    statement = select(EntryLine.id).where(EntryLine.id.in_(sorted(set(line_ids))), is_carried())
    return set(db.session.scalars(statement))


def carrying_entries() -> Select[int]:
    """SQL: the ids of the opening entries that closings have posted. Their lines repeat what earlier lines say: a sum
    over all lines of an account leaves them out."""
    return select(JournalEntry.id).where(_is_opening_of_ours(JournalEntry))


def is_repetition() -> ColumnElement[bool]:
    """SQL: the EntryLine at hand repeats what earlier ones say: the closing of a year carried it on."""
    entry = aliased(JournalEntry)
    return exists().where(entry.id == EntryLine.entry_id, _is_opening_of_ours(entry))


def is_later_than(day: date) -> ColumnElement[bool]:
    """SQL: the EntryLine at hand is of an entry after that day.

    Statements say `~is_later_than(today)`: next to nothing is later, and no join over the whole ledger is needed.
    """
    entry = aliased(JournalEntry)
    return exists().where(entry.id == EntryLine.entry_id, entry.entry_date > day)


def counts_from(first_day: date | None) -> ColumnElement[bool]:
    """SQL: the JournalEntry at hand counts in the balances of a period that begins on that day (None: with the books).

    A period begins with the last opening entries up to its year, which carry all before them; opening entries of
    later years repeat what it has counted already.
    """
    if first_day is None:
        return ~_is_opening_of_ours(JournalEntry)
    year_start = _start_of_year_of(first_day)
    carried_from = _last_opening(year_start)
    repeats = and_(_is_opening_of_ours(JournalEntry), JournalEntry.entry_date > year_start)
    return and_(JournalEntry.entry_date >= (carried_from or date.min), ~repeats)


def _is_opening_of_ours(entry: type[JournalEntry]) -> ColumnElement[bool]:
    return and_(entry.source_kind == SOURCE_KIND, entry.purpose == "opening")


def _start_of_year_of(day: date) -> date:
    """The first day of the last financial year that begins on that day or before it; the day where there is none."""
    found = db.session.scalar(select(func.max(FiscalYear.starts_on)).where(FiscalYear.starts_on <= day))
    return found or day


def _last_opening(year_start: date) -> date | None:
    """The first day of the last year, up to the one that starts then, whose opening entries carry all before it."""
    return db.session.scalars(
        select(func.max(FiscalYear.starts_on))
        .join(JournalEntry, JournalEntry.fiscal_year_id == FiscalYear.id)
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .where(Journal.kind == JournalKind.OPENING, FiscalYear.starts_on <= year_start)
    ).one_or_none()
