"""Opening entries that repeat what earlier entries of the same books say: lists that go by document count them once.

The closing of a year carries each open item on into the next one. Whoever adds up over years, key by key, leaves the
carried lines out; an opening that was taken over from another software repeats nothing and counts.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from accounting.models import JournalEntry

CLOSED_YEAR = "fiscal_year"
"""The kind of source of an opening entry that the closing of a year posted."""


def is_no_repetition() -> ColumnElement[bool]:
    """SQL: the JournalEntry at hand is not the opening entry by which a closed year was carried on."""
    return ~and_(JournalEntry.source_kind == CLOSED_YEAR, JournalEntry.purpose == "opening")
