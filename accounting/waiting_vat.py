"""VAT that waits for collection on a day, document by document: the balance of 44574 explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, select

from accounting.models import EntryLine, JournalEntry
from accounting.opening_entries import is_later_than, is_repetition
from accounting.room import make_room
from core.database import db

_AT_ONCE = 500


@dataclass(frozen=True)
class WaitingDocument:
    """A document of which VAT waits. `source` is what its first entry was posted for. Cents not due yet."""

    match_key: str
    source: tuple[str, int]
    piece_ref: str
    piece_date: date
    customer: str
    waiting_cents: int


def is_waiting_line() -> ColumnElement[bool]:
    """SQL over `EntryLine`: it moves the waiting VAT of a document.

    Known by what it carries and not by its account: the company may have chosen another account since.
    """
    return and_(EntryLine.match_key != "", EntryLine.auxiliary_code == "", EntryLine.vat_rate.is_not(None))


def waiting_totals(day: date) -> tuple[int, int]:
    """How many documents VAT waits on at the end of that day, and how much: cents."""
    make_room()
    found = _waiting(day).subquery()
    row = db.session.execute(
        select(func.count(), func.coalesce(func.sum(found.c.cents), 0)).select_from(found)
    ).one()
    return int(row[0]), int(row[1])


def waiting_documents(day: date, *, limit: int | None = None, offset: int = 0) -> Iterator[WaitingDocument]:
    """The documents on which VAT waits at the end of that day, in the order in which they were posted."""
    while limit is None or limit > 0:
        size = _AT_ONCE if limit is None else min(limit, _AT_ONCE)
        rows = db.session.execute(
            _waiting(day).order_by(func.min(EntryLine.entry_id)).limit(size).offset(offset)
        ).all()
        yield from _described([(row.match_key, row.first, int(row.cents)) for row in rows])
        if len(rows) < size:
            return
        offset += size
        limit = None if limit is None else limit - size


def _waiting(day: date) -> Select[str, int, int]:
    cents = func.sum(EntryLine.credit_cents - EntryLine.debit_cents)
    return (
        select(EntryLine.match_key, func.min(EntryLine.entry_id).label("first"), cents.label("cents"))
        .where(is_waiting_line(), ~is_later_than(day), ~is_repetition())
        .group_by(EntryLine.match_key)
        .having(cents != 0)
    )


def _described(rows: list[tuple[str, int, int]]) -> Iterator[WaitingDocument]:
    ids = [first for _, first, _ in rows]
    entries = {
        entry.id: entry for entry in db.session.scalars(select(JournalEntry).where(JournalEntry.id.in_(ids)))
    }
    labels = {
        row[0]: row[1]
        for row in db.session.execute(
            select(EntryLine.entry_id, EntryLine.auxiliary_label).where(
                EntryLine.entry_id.in_(ids), EntryLine.auxiliary_code != ""
            )
        )
    }
    for key, first, cents in rows:
        entry = entries[first]
        yield WaitingDocument(
            key,
            (entry.source_kind, entry.source_id),
            entry.piece_ref,
            entry.piece_date,
            labels.get(first, ""),
            cents,
        )
