"""Finding entries for the page of the journals: by journal, period and text, newest first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select

from accounting.models import Journal, JournalEntry
from accounting.reading.entry_views import EntryView, entry_views
from core.database import db

MOST_COUNTED = 10_000


@dataclass(frozen=True)
class EntryFilter:
    """What the page shows. `text` is part of a number, of a piece's reference or of a label."""

    journal: str = ""
    first_day: date | None = None
    last_day: date | None = None
    text: str = ""

    @property
    def is_narrow(self) -> bool:
        """True when something is filtered."""
        return self != EntryFilter()

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter as SQL."""
        found: list[ColumnElement[bool]] = []
        if self.journal:
            found.append(JournalEntry.journal_id.in_(select(Journal.id).where(Journal.code == self.journal)))
        if self.first_day:
            found.append(JournalEntry.entry_date >= self.first_day)
        if self.last_day:
            found.append(JournalEntry.entry_date <= self.last_day)
        if self.text:
            columns = (JournalEntry.number, JournalEntry.piece_ref, JournalEntry.label)
            found.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return found


def count_entries(wanted: EntryFilter) -> int:
    """How many entries there are; counting stops just above `MOST_COUNTED`."""
    some = select(JournalEntry.id).where(*wanted.conditions()).limit(MOST_COUNTED + 1)
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def find_entries(wanted: EntryFilter, *, limit: int, offset: int = 0) -> list[EntryView]:
    """The entries, newest first."""
    newest_first = (JournalEntry.entry_date.desc(), JournalEntry.id.desc())
    statement = select(JournalEntry).where(*wanted.conditions()).order_by(*newest_first)
    return entry_views(statement.limit(limit).offset(offset))


def journals() -> list[Journal]:
    """The company's journals, by code."""
    return list(db.session.scalars(select(Journal).order_by(Journal.code)))
