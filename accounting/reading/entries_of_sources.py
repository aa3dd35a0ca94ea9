"""The entries that were posted for given facts, with the letters of their lines: for the page of a document."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, tuple_

from accounting.models import JournalEntry
from accounting.reading.entry_views import EntryView, entry_views

__all__ = ["EntryView", "entries_of_sources"]


def entries_of_sources(sources: Collection[tuple[str, int]]) -> list[EntryView]:
    """Every entry posted for one of the sources (kind and id), oldest first."""
    if not sources:
        return []
    of_sources = tuple_(JournalEntry.source_kind, JournalEntry.source_id).in_(sorted(sources))
    return entry_views(select(JournalEntry).where(of_sources).order_by(JournalEntry.id))
