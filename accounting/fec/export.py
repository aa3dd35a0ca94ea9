"""The FEC of one financial year of the company entered, streamed from the ledger in constant memory.

Called by the accountant's page and by `solde fec export`. Entries are read in the order of the file and their lines a
batch at a time: no sort of all lines, no more than one batch in memory, however long the year.
Basis: LPF art. A47 A-1 VII: opening entries first, then the chronological order of validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any, BinaryIO, TypeAlias

from sqlalchemy import BindParameter, Connection, bindparam, case, exists, func, select

from accounting.fec.format import FecRow, FecSummary, write_fec
from accounting.models import (
    Account,
    EntryLine,
    FiscalYear,
    Journal,
    JournalEntry,
    JournalKind,
    Lettering,
    LetteringLine,
    LetteringUndo,
)
from core.clock import paris_date
from core.database import db, dialect_name
from core.progress import Progress, silent
from core.tenancy import current_company_id

_BATCH = 500
_MOST_IDS = 10_000

Names: TypeAlias = Mapping[int, tuple[str, str]]
"""Code or number, and label, by id."""


def write_company_fec(year: FiscalYear, out: BinaryIO, progress: Progress = silent) -> FecSummary:
    """Write the FEC of that financial year to `out` and say what was written; told by the entry, of all entries.

    It reads one state of the books from beginning to end, on a connection of its own: what is posted or lettered
    meanwhile is not in it. Not to be called inside `transaction()`, whose uncommitted rows it would not see.
    """
    company_id, year_id = current_company_id(), year.id
    # SQLite's read transactions see one state by nature.
    one_state = {"isolation_level": "REPEATABLE READ"} if dialect_name() == "postgresql" else {}
    with db.engine.connect().execution_options(**one_state) as connection:
        return write_fec(_rows(connection, company_id, year_id, progress), out)


def _rows(connection: Connection, company_id: int, year_id: int, progress: Progress) -> Iterator[FecRow]:
    journals = _names(connection, Journal, Journal.code, company_id)
    accounts = _names(connection, Account, Account.number, company_id)
    batches = _told(connection, _entries(connection, company_id, year_id), year_id, progress)
    return chain.from_iterable(_batch_rows(connection, batch, journals, accounts) for batch in batches)


def _names(connection: Connection, model: type[Journal | Account], code: Any, company_id: int) -> Names:
    rows = connection.execute(select(model.id, code, model.label).where(model.company_id == company_id))
    return {row[0]: (row[1], row[2]) for row in rows}


def _entries(connection: Connection, company_id: int, year_id: int) -> Iterator[Sequence[Any]]:
    """The year's entries in the order of the file, a batch at a time (from a server-side cursor where there is one)."""
    after_opening = case((Journal.kind == JournalKind.OPENING, 0), else_=1)
    statement = (
        select(
            JournalEntry.id,
            JournalEntry.journal_id,
            JournalEntry.number,
            JournalEntry.entry_date,
            JournalEntry.piece_ref,
            JournalEntry.piece_date,
            JournalEntry.validated_at,
        )
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .where(JournalEntry.company_id == company_id, JournalEntry.fiscal_year_id == year_id)
        .order_by(after_opening, JournalEntry.validated_at, JournalEntry.id)
    )
    streamed = connection.execute(statement, execution_options={"stream_results": True, "yield_per": _BATCH})
    yield from streamed.partitions()


def _told(
    connection: Connection, batches: Iterator[Sequence[Any]], year_id: int, progress: Progress
) -> Iterator[Sequence[Any]]:
    count = select(func.count()).select_from(JournalEntry).where(JournalEntry.fiscal_year_id == year_id)
    done, total = 0, 0 if progress is silent else connection.execute(count).scalar_one()
    for batch in batches:
        yield batch
        done += len(batch)
        progress(done, total)


def _batch_rows(
    connection: Connection, entries: Sequence[Any], journals: Names, accounts: Names
) -> list[FecRow]:
    lines = _lines(connection, [entry[0] for entry in entries])
    letterings = _letterings(connection, [line[1] for line in lines if line[3]])
    heads = {
        entry_id: (*journals[journal_id], number, day, piece_ref, piece_day, paris_date(validated_at))
        for entry_id, journal_id, number, day, piece_ref, piece_day, validated_at in entries
    }
    # One flat loop on purpose, as in `format`: a call per line would double the time of a large export.
    rows: list[FecRow] = []
    for entry_id, line_id, account_id, auxiliary, auxiliary_label, label, debit, credit in lines:
        journal, journal_label, number, day, piece_ref, piece_day, validated_on = heads[entry_id]
        account, account_label = accounts[account_id]
        code, lettered_on = letterings.get(line_id, _NOT_LETTERED)
        rows.append((
            journal, journal_label, number, day, account, account_label, auxiliary, auxiliary_label,
            piece_ref, piece_day, label, debit, credit, code, lettered_on, validated_on, None, None,
        ))  # fmt: skip
    return rows


# Written once: building a statement with hundreds of values takes longer than running it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_LINES_OF_ENTRIES = (
    select(
        EntryLine.entry_id,
        EntryLine.id,
        EntryLine.account_id,
        EntryLine.auxiliary_code,
        EntryLine.auxiliary_label,
        EntryLine.label,
        EntryLine.debit_cents,
        EntryLine.credit_cents,
    )
    .where(EntryLine.entry_id.in_(_IDS))
    .order_by(EntryLine.entry_id, EntryLine.position)
)
_LIVE_LETTERINGS_OF_LINES = (
    select(LetteringLine.line_id, Lettering.code, Lettering.lettered_on)
    .join(Lettering, Lettering.id == LetteringLine.lettering_id)
    .where(
        LetteringLine.line_id.in_(_IDS),
        ~exists().where(LetteringUndo.lettering_id == LetteringLine.lettering_id),
    )
)
_NOT_LETTERED: tuple[None, None] = (None, None)


def _lines(connection: Connection, entry_ids: list[int]) -> Sequence[Any]:
    """The lines of these entries, in the order of the entries."""
    result = connection.execute(_LINES_OF_ENTRIES, {"ids": entry_ids})
    # Integers and texts need no conversion: the driver's own tuples save making a Row of each line.
    assert result.cursor is not None
    lines = result.cursor.fetchall()
    result.close()
    if entry_ids == sorted(entry_ids):
        return lines
    # Ids nearly always follow validation; two machines whose clocks differ can invert neighbours.
    rank = {entry_id: place for place, entry_id in enumerate(entry_ids)}
    return sorted(lines, key=lambda line: rank[line[0]])


def _letterings(connection: Connection, line_ids: list[int]) -> dict[int, tuple[str, date]]:
    """Code and date of the live lettering of each of these lines that has one."""
    found: dict[int, tuple[str, date]] = {}
    # One opening entry may have more lines than an engine takes parameters.
    for start in range(0, len(line_ids), _MOST_IDS):
        ids = line_ids[start : start + _MOST_IDS]
        rows = connection.execute(_LIVE_LETTERINGS_OF_LINES, {"ids": ids})
        found.update({line_id: (code, day) for line_id, code, day in rows})
    return found
