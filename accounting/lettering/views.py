"""What the lettering page shows: who has open lines, the open lines of one, sets that sum to zero, letterings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations

from sqlalchemy import ColumnElement, func, or_, select

from accounting.lettering.letter_lines import is_lettered
from accounting.models import (
    SIGNED_CENTS,
    Account,
    EntryLine,
    JournalEntry,
    Lettering,
    LetteringLine,
    LetteringUndo,
)
from accounting.settled_kinds import is_settled_elsewhere
from core.database import db

MOST_LINES = 500
MOST_LETTERINGS = 50
MOST_COMBINED = 14
"""Among how many open lines sets are tried: 16,383 of them."""


@dataclass(frozen=True)
class OpenParty:
    """A third party with lines that are not lettered, on one account. Cents, debit above zero."""

    account_id: int
    account: str
    code: str
    label: str
    line_count: int
    cents: int


@dataclass(frozen=True)
class OpenLine:
    """A line that is not lettered. `is_settled_elsewhere`: its document answers for it, see `settled_kinds`."""

    id: int
    entry_id: int
    number: str
    day: date
    piece_ref: str
    label: str
    match_key: str
    debit_cents: int
    credit_cents: int
    is_settled_elsewhere: bool

    @property
    def cents(self) -> int:
        """Debit above zero."""
        return self.debit_cents - self.credit_cents


@dataclass(frozen=True)
class LetteringView:
    """A lettering that holds. `cents` is what each side adds up to."""

    id: int
    code: str
    lettered_on: date
    created_at: datetime
    line_count: int
    cents: int


def open_parties(text: str, *, limit: int, offset: int = 0) -> tuple[list[OpenParty], int]:
    """Third parties with open lines, by account and code, and how many there are.

    Args:
        text: in the code or the name.
    """
    conditions: list[ColumnElement[bool]] = [EntryLine.auxiliary_code != "", ~is_lettered()]
    if text:
        like = f"%{text.replace('%', '').replace('_', '')}%"
        conditions.append(or_(EntryLine.auxiliary_code.ilike(like), EntryLine.auxiliary_label.ilike(like)))
    grouped = (
        select(
            EntryLine.account_id,
            Account.number,
            EntryLine.auxiliary_code,
            func.max(EntryLine.auxiliary_label),
            func.count(),
            func.sum(SIGNED_CENTS),
        )
        .join(Account, Account.id == EntryLine.account_id)
        .where(*conditions)
        .group_by(EntryLine.account_id, Account.number, EntryLine.auxiliary_code)
    )
    count = db.session.scalar(select(func.count()).select_from(grouped.subquery())) or 0
    rows = db.session.execute(
        grouped.order_by(Account.number, EntryLine.auxiliary_code).limit(limit).offset(offset)
    )
    return [OpenParty(*row[:5], int(row[5])) for row in rows], count


def open_lines_of(account_id: int, code: str) -> list[OpenLine]:
    """The open lines of one third party on one account, the oldest first."""
    rows = db.session.execute(
        select(EntryLine, JournalEntry)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(
            EntryLine.account_id == account_id,
            EntryLine.auxiliary_code == code,
            EntryLine.auxiliary_code != "",
            ~is_lettered(),
        )
        .order_by(JournalEntry.entry_date, JournalEntry.id, EntryLine.position)
        .limit(MOST_LINES)
    )
    return [
        OpenLine(
            line.id, entry.id, entry.number, entry.entry_date, entry.piece_ref, line.label, line.match_key,
            line.debit_cents, line.credit_cents, is_settled_elsewhere(line.match_key),
        )
        for line, entry in rows
    ]  # fmt: skip


def even_sets(lines: Sequence[OpenLine]) -> list[tuple[int, ...]]:
    """Sets of open lines that may be lettered: those of one document that are even; else the smallest of the others
    that sum to zero, each line in one set."""
    by_key: dict[str, list[OpenLine]] = defaultdict(list)
    for line in lines:
        if line.match_key:
            by_key[line.match_key].append(line)
    found = [tuple(line.id for line in own) for own in by_key.values() if not sum(line.cents for line in own)]
    taken = {line_id for some in found for line_id in some}
    free = [line for line in lines if line.id not in taken and not line.is_settled_elsewhere]
    for count in range(2, min(len(free), MOST_COMBINED) + 1):
        for some in combinations(free[:MOST_COMBINED], count):
            ids = tuple(line.id for line in some)
            if not taken & set(ids) and not sum(line.cents for line in some):
                found.append(ids)
                taken |= set(ids)
    return found


def letterings_of(account_id: int, code: str) -> list[LetteringView]:
    """The latest letterings of one third party that hold."""
    undone = select(LetteringUndo.id).where(LetteringUndo.lettering_id == Lettering.id).exists()
    rows = db.session.execute(
        select(
            Lettering.id,
            Lettering.code,
            Lettering.lettered_on,
            Lettering.created_at,
            func.count(),
            func.sum(EntryLine.debit_cents),
        )
        .join(LetteringLine, LetteringLine.lettering_id == Lettering.id)
        .join(EntryLine, EntryLine.id == LetteringLine.line_id)
        .where(Lettering.account_id == account_id, Lettering.auxiliary_code == code, ~undone)
        .group_by(Lettering.id, Lettering.code, Lettering.lettered_on, Lettering.created_at)
        .order_by(Lettering.id.desc())
        .limit(MOST_LETTERINGS)
    )
    return [LetteringView(*row[:5], int(row[5])) for row in rows]


def lines_of_lettering(lettering_id: int) -> list[OpenLine]:
    """The lines of one lettering, in the order of their entries."""
    rows = db.session.execute(
        select(EntryLine, JournalEntry)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .join(LetteringLine, LetteringLine.line_id == EntryLine.id)
        .where(LetteringLine.lettering_id == lettering_id)
        .order_by(JournalEntry.entry_date, JournalEntry.id, EntryLine.position)
    )
    return [
        OpenLine(
            line.id, entry.id, entry.number, entry.entry_date, entry.piece_ref, line.label, line.match_key,
            line.debit_cents, line.credit_cents, is_settled_elsewhere(line.match_key),
        )
        for line, entry in rows
    ]  # fmt: skip
