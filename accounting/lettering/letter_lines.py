"""Letter lines (lettrage): mark lines of one customer account whose debits equal their credits as belonging together.

`letter_matching` is called by `record` after each posting and does it by match key; `letter_lines` letters one chosen
set. A lettering is never changed: `undo_letterings` ends it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from string import ascii_uppercase
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, exists, insert, select
from sqlalchemy.sql.elements import ColumnElement

from accounting.carried_lines import is_carried
from accounting.errors import EntryRefused
from accounting.models import (
    SIGNED_CENTS,
    EntryLine,
    JournalEntry,
    Lettering,
    LetteringCounter,
    LetteringLine,
    LetteringUndo,
)
from core.database import db, lock
from core.insert_missing import insert_missing
from core.tenancy import COMPANY, current_company_id, execute_scoped


class OpenLine(NamedTuple):
    """One line that may be lettered. `cents` is signed: a debit above zero, a credit below."""

    id: int
    account_id: int
    auxiliary_code: str
    match_key: str
    cents: int
    entry_date: date


def letter_matching(match_keys: Iterable[str]) -> list[Lettering]:
    """Letter the open lines of each key that sum to zero, per account and customer; other keys stay open."""
    groups: dict[tuple[int, str, str], list[OpenLine]] = defaultdict(list)
    for line in _open_lines(_OF_KEYS, sorted(set(match_keys))):
        groups[line.account_id, line.auxiliary_code, line.match_key].append(line)
    return [_letter(lines) for _, lines in sorted(groups.items()) if not sum(line.cents for line in lines)]


def letter_lines(line_ids: Sequence[int]) -> Lettering:
    """Letter exactly these lines, whatever their keys.

    Raises:
        EntryRefused: they are lettered already, of several accounts or customers, or do not sum to zero.
    """
    lines = _open_lines(_OF_IDS, list(line_ids))
    if len(lines) != len(set(line_ids)):
        raise EntryRefused("a line to letter is lettered already or carries no customer")
    if len({(line.account_id, line.auxiliary_code) for line in lines}) != 1:
        raise EntryRefused("a lettering stays within one account and one customer")
    if sum(line.cents for line in lines):
        raise EntryRefused("the lines of a lettering sum to zero")
    return _letter(lines)


def is_lettered() -> ColumnElement[bool]:
    """SQL: the EntryLine at hand is in a lettering that was not undone, or of a closed year (`is_carried`)."""
    undone = exists().where(LetteringUndo.lettering_id == LetteringLine.lettering_id)
    return exists().where(LetteringLine.line_id == EntryLine.id, ~undone) | is_carried()


def lettering_code(rank: int) -> str:
    """The code of an account's n-th lettering, counted from 1: AA, AB … ZZ, then AAA …"""
    rank, length = rank - 1, 2
    while rank >= len(ascii_uppercase) ** length:
        rank -= len(ascii_uppercase) ** length
        length += 1
    letters = []
    for _ in range(length):
        rank, letter = divmod(rank, len(ascii_uppercase))
        letters.append(ascii_uppercase[letter])
    return "".join(reversed(letters))


# Every collection passes here, so these are built once and go past the session.
_OPEN = (
    select(
        EntryLine.id,
        EntryLine.account_id,
        EntryLine.auxiliary_code,
        EntryLine.match_key,
        SIGNED_CENTS,
        JournalEntry.entry_date,
    )
    .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
    .where(EntryLine.company_id == COMPANY, EntryLine.auxiliary_code != "", ~is_lettered())
    .order_by(EntryLine.id)
)
_OF_KEYS = _OPEN.where(EntryLine.match_key.in_(bindparam("chosen", expanding=True)))
_OF_IDS = _OPEN.where(EntryLine.id.in_(bindparam("chosen", expanding=True)))


def _open_lines(statement: Select[*tuple[Any, ...]], chosen: list[Any]) -> list[OpenLine]:
    return [OpenLine(*row) for row in execute_scoped(statement, chosen=chosen)]


def _letter(lines: Sequence[OpenLine]) -> Lettering:
    first = lines[0]
    lettering = Lettering(
        account_id=first.account_id,
        auxiliary_code=first.auxiliary_code,
        code=_next_code(first.account_id),
        lettered_on=max(line.entry_date for line in lines),
    )
    db.session.add(lettering)
    db.session.flush()
    company_id = current_company_id()
    db.session.execute(
        insert(LetteringLine),
        [{"company_id": company_id, "lettering_id": lettering.id, "line_id": line.id} for line in lines],
    )
    return lettering


def _next_code(account_id: int) -> str:
    statement = select(LetteringCounter).where(LetteringCounter.account_id == account_id)
    counter = lock(statement)
    if counter is None:
        insert_missing(LetteringCounter, company_id=current_company_id(), account_id=account_id, last=0)
        counter = lock(statement)
    assert counter is not None
    counter.last += 1
    return lettering_code(counter.last)
