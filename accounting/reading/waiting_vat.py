"""VAT that waits for collection on a day, document by document: the balance of 44574 explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select

from accounting.carried_lines import is_later_than, is_repetition
from accounting.models import EntryLine, JournalEntry
from accounting.reading.key_documents import KeyDocument, documents_of_keys
from accounting.reading.room import make_room
from core.database import db

_AT_ONCE = 500


class WaitingKey(NamedTuple):
    """A document of which VAT waits: its key, the first entry that moved it, cents not due yet, their account."""

    first_entry_id: int
    match_key: str
    account_id: int
    cents: int


@dataclass(frozen=True)
class WaitingDocument:
    """The same with its words."""

    document: KeyDocument
    piece_date: date
    customer: str
    waiting_cents: int

    @property
    def is_ahead(self) -> bool:
        """True for VAT that is due on a deposit paid, before its sale is booked: it stands on 4458, below zero here."""
        return self.waiting_cents < 0


def is_waiting_line() -> ColumnElement[bool]:
    """SQL over `EntryLine`: it moves the waiting VAT of a document.

    Known by what it carries and not by its account: the company may have chosen another account since.
    """
    return and_(EntryLine.match_key != "", EntryLine.auxiliary_code == "", EntryLine.vat_rate.is_not(None))


def waiting_keys(day: date) -> list[WaitingKey]:
    """The documents on which VAT waits at the end of that day, in the order in which they were posted."""
    make_room()
    cents = func.sum(EntryLine.credit_cents - EntryLine.debit_cents)
    rows = db.session.execute(
        select(func.min(EntryLine.entry_id), EntryLine.match_key, EntryLine.account_id, cents)
        .where(is_waiting_line(), ~is_later_than(day), ~is_repetition())
        .group_by(EntryLine.account_id, EntryLine.match_key)
        .having(cents != 0)
    )
    return sorted(WaitingKey(first, key, account_id, int(total)) for first, key, account_id, total in rows)


def waiting_documents(keys: Sequence[WaitingKey]) -> Iterator[WaitingDocument]:
    """These documents with their words, a few queries for some hundred."""
    for start in range(0, len(keys), _AT_ONCE):
        yield from _described(keys[start : start + _AT_ONCE])


def _described(keys: Sequence[WaitingKey]) -> Iterator[WaitingDocument]:
    ids = [key.first_entry_id for key in keys]
    entries = {
        entry.id: entry for entry in db.session.scalars(select(JournalEntry).where(JournalEntry.id.in_(ids)))
    }
    labels = {
        (row[0], row[1]): row[2]
        for row in db.session.execute(
            select(EntryLine.entry_id, EntryLine.match_key, EntryLine.auxiliary_label).where(
                EntryLine.entry_id.in_(ids), EntryLine.auxiliary_code != ""
            )
        )
    }
    documents = documents_of_keys(key.match_key for key in keys)
    for key in keys:
        entry = entries[key.first_entry_id]
        yield WaitingDocument(
            documents.get(key.match_key, KeyDocument(entry.piece_ref)),
            entry.piece_date,
            labels.get((entry.id, key.match_key), ""),
            key.cents,
        )
