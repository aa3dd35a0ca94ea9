"""Reads the entries of an export from the ledger, a batch at a time: no more than one is in memory.

All of them are one state of the books, on a connection of their own; called outside any transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, exists, select

from accounting.exports.pieces import ExportEntry, ExportLine
from accounting.exports.selection import is_deposits_account, party_code
from accounting.models import (
    Account,
    EntryLine,
    Journal,
    JournalEntry,
    Lettering,
    LetteringLine,
    LetteringUndo,
)
from accounting.reading.due_dates import due_dates
from core.database import db, dialect_name
from core.tenancy import current_company_id

_BATCH = 500


def read_entries(*wanted: ColumnElement[bool]) -> Iterator[ExportEntry]:
    """The entries of the company entered that fulfil these conditions over JournalEntry, by day and then as posted."""
    company_id = current_company_id()
    # SQLite's read transactions see one state by nature.
    one_state = {"isolation_level": "REPEATABLE READ"} if dialect_name() == "postgresql" else {}
    with db.engine.connect().execution_options(**one_state) as connection:
        accounts = _accounts(connection, company_id)
        rank = 0
        for heads in _heads(connection, company_id, wanted):
            lines = _lines(connection, [head.id for head in heads], accounts)
            for head in heads:
                rank += 1
                yield ExportEntry(
                    head.id, rank, head.code, head.journal_label, head.number, head.entry_date, head.piece_ref,
                    head.label, lines[head.id],
                )  # fmt: skip


def _accounts(connection: Connection, company_id: int) -> dict[int, tuple[str, str, str | None]]:
    rows = connection.execute(
        select(Account.id, Account.number, Account.label, Account.role).where(
            Account.company_id == company_id
        )
    )
    return {id_: (number, label, role) for id_, number, label, role in rows}


def _heads(
    connection: Connection, company_id: int, wanted: Sequence[ColumnElement[bool]]
) -> Iterator[Sequence[Any]]:
    statement = (
        select(
            JournalEntry.id,
            Journal.code,
            Journal.label.label("journal_label"),
            JournalEntry.number,
            JournalEntry.entry_date,
            JournalEntry.piece_ref,
            JournalEntry.label,
        )
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .where(
            JournalEntry.company_id == company_id,
            Journal.company_id == company_id,
            *wanted,
        )
        .order_by(JournalEntry.entry_date, JournalEntry.id)
    )
    streamed = connection.execute(statement, execution_options={"stream_results": True, "yield_per": _BATCH})
    yield from streamed.partitions()


# Written once: building a statement with hundreds of values takes longer than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_LINES = (
    select(
        EntryLine.id,
        EntryLine.entry_id,
        EntryLine.account_id,
        EntryLine.auxiliary_code,
        EntryLine.auxiliary_label,
        EntryLine.label,
        EntryLine.debit_cents,
        EntryLine.credit_cents,
        EntryLine.match_key,
    )
    .where(EntryLine.entry_id.in_(_IDS))
    .order_by(EntryLine.entry_id, EntryLine.position)
)
_LETTERS = (
    select(LetteringLine.line_id, Lettering.code)
    .join(Lettering, Lettering.id == LetteringLine.lettering_id)
    .where(
        LetteringLine.line_id.in_(_IDS),
        ~exists().where(LetteringUndo.lettering_id == LetteringLine.lettering_id),
    )
)


def _lines(
    connection: Connection, entry_ids: list[int], accounts: dict[int, tuple[str, str, str | None]]
) -> dict[int, list[ExportLine]]:
    rows = connection.execute(_LINES, {"ids": entry_ids}).all()
    with_party = [row.id for row in rows if row.auxiliary_code]
    letters = {row[0]: row[1] for row in connection.execute(_LETTERS, {"ids": with_party})}
    # What stands on the key of an invoice is due when the invoice is; only the customer's line says so.
    days = due_dates(row.match_key for row in rows if row.auxiliary_code and row.debit_cents)
    found: dict[int, list[ExportLine]] = defaultdict(list)
    for row in rows:
        number, label, role = accounts[row.account_id]
        line = ExportLine(
            number, label, party_code(number, role, row.auxiliary_code),
            "" if is_deposits_account(number) else row.auxiliary_label, row.label,
            row.debit_cents, row.credit_cents, letter=letters.get(row.id, ""),
        )  # fmt: skip
        if row.auxiliary_code and row.debit_cents:
            line = replace(line, due_on=days.get(row.match_key))
        found[row.entry_id].append(line)
    return found
