"""What sums over all years leave out: entries later than their day, and opening entries that repeat earlier ones.

The closing of a year carries each open item on into the next one. Whoever adds up over years, key by key, leaves the
carried lines out; an opening that was taken over from another software repeats nothing and counts.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, exists
from sqlalchemy.orm import aliased

from accounting.models import EntryLine, JournalEntry

CLOSED_YEAR = "fiscal_year"
"""The kind of source of an opening entry that the closing of a year posted."""


def is_no_repetition() -> ColumnElement[bool]:
    """SQL: the JournalEntry at hand is not the opening entry by which a closed year was carried on."""
    return ~and_(JournalEntry.source_kind == CLOSED_YEAR, JournalEntry.purpose == "opening")


def is_repetition() -> ColumnElement[bool]:
    """SQL: the EntryLine at hand is in such an entry; for statements that read no entries."""
    entry = aliased(JournalEntry)
    return exists().where(
        entry.id == EntryLine.entry_id, entry.source_kind == CLOSED_YEAR, entry.purpose == "opening"
    )


def is_later_than(day: date) -> ColumnElement[bool]:
    """SQL: the EntryLine at hand is of an entry after that day.

    Statements say `~is_later_than(today)`: next to nothing is later, and no join over the whole ledger is needed.
    """
    entry = aliased(JournalEntry)
    return exists().where(entry.id == EntryLine.entry_id, entry.entry_date > day)
