"""Entries as pages show them: head, lines, and the letters of the lines. A few queries for any number of entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import joinedload, selectinload

from accounting.models import EntryLine, JournalEntry, Lettering, LetteringLine, LetteringUndo
from core.database import db

_MOST_IDS = 10_000


@dataclass(frozen=True)
class LineView:
    """One line; `letter` is the code of its live lettering, empty while it has none. Cents."""

    account_id: int
    account: str
    account_label: str
    auxiliary_code: str
    auxiliary_label: str
    debit_cents: int
    credit_cents: int
    letter: str

    @property
    def label(self) -> str:
        """The name of the account, or of the customer where there is one."""
        return self.auxiliary_label or self.account_label


@dataclass(frozen=True)
class EntryView:
    """One entry with its lines in their order."""

    id: int
    journal: str
    number: str
    entry_date: date
    piece_ref: str
    piece_date: date
    label: str
    source: tuple[str, int]
    lines: tuple[LineView, ...]

    @property
    def total_cents(self) -> int:
        """What each side adds up to."""
        return sum(line.debit_cents for line in self.lines)


def entry_views(statement: Select[JournalEntry]) -> list[EntryView]:
    """The entries that the statement selects, in its order."""
    statement = statement.options(
        joinedload(JournalEntry.journal), selectinload(JournalEntry.lines).joinedload(EntryLine.account)
    )
    entries = db.session.scalars(statement).all()
    letters = letters_of(line.id for entry in entries for line in entry.lines)
    return [_view(entry, letters) for entry in entries]


def letters_of(line_ids: Iterable[int]) -> dict[int, str]:
    """The code of the live lettering of each of these lines that has one."""
    ids = list(line_ids)
    undone = exists().where(LetteringUndo.lettering_id == Lettering.id)
    found: dict[int, str] = {}
    # One opening entry may have more lines than an engine takes parameters.
    for start in range(0, len(ids), _MOST_IDS):
        rows = db.session.execute(
            select(LetteringLine.line_id, Lettering.code)
            .join(Lettering, Lettering.id == LetteringLine.lettering_id)
            .where(LetteringLine.line_id.in_(ids[start : start + _MOST_IDS]), ~undone)
        )
        found.update({row[0]: row[1] for row in rows})
    return found


def _view(entry: JournalEntry, letters: dict[int, str]) -> EntryView:
    return EntryView(
        id=entry.id,
        journal=entry.journal.code,
        number=entry.number,
        entry_date=entry.entry_date,
        piece_ref=entry.piece_ref,
        piece_date=entry.piece_date,
        label=entry.label,
        source=(entry.source_kind, entry.source_id),
        lines=tuple(_line_view(line, letters.get(line.id, "")) for line in entry.lines),
    )


def _line_view(line: EntryLine, letter: str) -> LineView:
    return LineView(
        line.account_id,
        line.account.number,
        line.account.label,
        line.auxiliary_code,
        line.auxiliary_label,
        line.debit_cents,
        line.credit_cents,
        letter,
    )
