"""What sums over all years leave out: entries later than their day, and opening entries that repeat earlier ones.

The closing of a year carries each open item on into the next one. Whoever adds up over years, key by key, leaves the
carried lines out; an opening that was taken over from another software repeats nothing and counts.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from accounting.carried_lines import SOURCE_KIND
from accounting.models import EntryLine, JournalEntry


def is_repetition() -> ColumnElement[bool]:
    """SQL: the EntryLine at hand repeats what earlier ones say: the closing of a year carried it on."""
    entry = aliased(JournalEntry)
    return exists().where(
        entry.id == EntryLine.entry_id, entry.source_kind == SOURCE_KIND, entry.purpose == "opening"
    )


def is_later_than(day: date) -> ColumnElement[bool]:
    """SQL: the EntryLine at hand is of an entry after that day.

    Statements say `~is_later_than(today)`: next to nothing is later, and no join over the whole ledger is needed.
    """
    entry = aliased(JournalEntry)
    return exists().where(entry.id == EntryLine.entry_id, entry.entry_date > day)
