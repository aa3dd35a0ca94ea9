"""Checks of the whole ledger of the company entered, whatever wrote it. Run by `solde verify`, tests and scenarios.

Each check is one query that finds what must not be; together they say again, from the rows alone, what the verbs and
the database's triggers hold while writing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import case, func, select

from accounting.carried_lines import carrying_entries, is_carried
from accounting.lettering.letter_lines import is_lettered
from accounting.models import (
    SIGNED_CENTS,
    Account,
    EntryCounter,
    EntryLine,
    FiscalYear,
    Journal,
    JournalEntry,
    Lettering,
    LetteringLine,
    LetteringUndo,
)
from accounting.roles import AccountRole
from core.database import db
from core.progress import Progress, silent

Check = Callable[[], Iterator[str]]


def check_ledger(progress: Progress = silent) -> list[str]:
    """What is wrong with the books, one English sentence each; empty when they hold."""
    faults: list[str] = []
    for count, check in enumerate(_CHECKS, start=1):
        faults += check()
        progress(count, len(_CHECKS))
    return faults


def _unbalanced_entries() -> Iterator[str]:
    difference = func.sum(SIGNED_CENTS)
    rows = db.session.execute(
        select(JournalEntry.number, difference)
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .group_by(JournalEntry.id, JournalEntry.number)
        .having(difference != 0)
    )
    for number, cents in rows:
        yield f"entry {number} does not balance: {cents} cents"


def _entries_without_lines() -> Iterator[str]:
    has_lines = select(EntryLine.id).where(EntryLine.entry_id == JournalEntry.id).exists()
    for number in db.session.scalars(select(JournalEntry.number).where(~has_lines)):
        yield f"entry {number} has no lines"


def _lines_without_entry() -> Iterator[str]:
    has_entry = select(JournalEntry.id).where(JournalEntry.id == EntryLine.entry_id).exists()
    for line_id in db.session.scalars(select(EntryLine.id).where(~has_entry)):
        yield f"line {line_id} belongs to no entry"


def _gaps() -> Iterator[str]:
    """Numbers run from 1 to the counter without a gap, in each journal and financial year."""
    rows = db.session.execute(
        select(
            Journal.code,
            FiscalYear.ends_on,
            EntryCounter.last_number,
            func.count(JournalEntry.id),
            func.coalesce(func.max(JournalEntry.sequence), 0),
        )
        .select_from(EntryCounter)
        .join(Journal, Journal.id == EntryCounter.journal_id)
        .join(FiscalYear, FiscalYear.id == EntryCounter.fiscal_year_id)
        .outerjoin(
            JournalEntry,
            (JournalEntry.journal_id == EntryCounter.journal_id)
            & (JournalEntry.fiscal_year_id == EntryCounter.fiscal_year_id),
        )
        .group_by(Journal.code, FiscalYear.ends_on, EntryCounter.last_number)
    )
    for code, ends_on, last, count, highest in rows:
        if not last == count == highest:
            yield f"journal {code} of {ends_on:%Y}: counter {last}, highest number {highest}, {count} entries"


def _uncounted_entries() -> Iterator[str]:
    counted = (
        select(EntryCounter.id)
        .where(
            EntryCounter.journal_id == JournalEntry.journal_id,
            EntryCounter.fiscal_year_id == JournalEntry.fiscal_year_id,
        )
        .exists()
    )
    for number in db.session.scalars(select(JournalEntry.number).where(~counted)):
        yield f"entry {number} was never counted"


def _misplaced_entries() -> Iterator[str]:
    rows = db.session.execute(
        select(JournalEntry.number, JournalEntry.entry_date, JournalEntry.piece_date)
        .join(FiscalYear, FiscalYear.id == JournalEntry.fiscal_year_id)
        .where(
            ~JournalEntry.entry_date.between(FiscalYear.starts_on, FiscalYear.ends_on)
            | (JournalEntry.piece_date > JournalEntry.entry_date)
        )
    )
    for number, entry_date, piece_date in rows:
        yield f"entry {number} of {entry_date} (piece of {piece_date}) is outside its financial year"


def _faulty_letterings() -> Iterator[str]:
    undone = select(LetteringUndo.id).where(LetteringUndo.lettering_id == Lettering.id).exists()
    total = func.sum(SIGNED_CENTS)
    rows = db.session.execute(
        select(
            Lettering.code,
            total,
            func.count(func.distinct(EntryLine.account_id)),
            func.count(func.distinct(EntryLine.auxiliary_code)),
        )
        .join(LetteringLine, LetteringLine.lettering_id == Lettering.id)
        .join(EntryLine, EntryLine.id == LetteringLine.line_id)
        .where(~undone)
        .group_by(Lettering.id, Lettering.code)
    )
    for code, cents, accounts, customers in rows:
        if cents or accounts > 1 or customers > 1:
            yield f"lettering {code}: {cents} cents over {accounts} accounts and {customers} customers"


def _lines_lettered_twice() -> Iterator[str]:
    undone = select(LetteringUndo.id).where(LetteringUndo.lettering_id == LetteringLine.lettering_id).exists()
    rows = db.session.execute(
        select(LetteringLine.line_id)
        .where(~undone)
        .group_by(LetteringLine.line_id)
        .having(func.count(LetteringLine.id) > 1)
    )
    for (line_id,) in rows:
        yield f"line {line_id} is in two letterings"


def _settled_but_not_lettered() -> Iterator[str]:
    """A key whose open lines sum to zero should have been lettered, unless a person has ended just that lettering.

    What a closing has carried of it stands for the line of the closed year that the lettering held.
    """
    ended = (
        select(LetteringUndo.id)
        .join(LetteringLine, LetteringLine.lettering_id == LetteringUndo.lettering_id)
        .where(LetteringLine.line_id == EntryLine.id)
        .exists()
    )
    is_carrying = EntryLine.entry_id.in_(carrying_entries())
    total = func.sum(SIGNED_CENTS)
    rows = db.session.execute(
        select(EntryLine.match_key)
        .where(EntryLine.auxiliary_code != "", EntryLine.match_key != "", ~is_lettered())
        .group_by(EntryLine.account_id, EntryLine.auxiliary_code, EntryLine.match_key)
        .having(total == 0, func.min(case((ended | is_carrying, 1), else_=0)) == 0)
    )
    for (key,) in rows:
        yield f"{key} is settled but not lettered"


def _vat_waiting_on_settled() -> Iterator[str]:
    """VAT that waits on a document that is settled: nothing may wait any more once its customer lines are even."""
    rows = db.session.execute(
        select(
            EntryLine.match_key,
            func.sum(SIGNED_CENTS).filter(EntryLine.auxiliary_code != ""),
            func.sum(EntryLine.credit_cents - EntryLine.debit_cents).filter(EntryLine.auxiliary_code == ""),
        )
        .where(EntryLine.match_key != "", ~is_carried())
        .group_by(EntryLine.match_key)
    )
    for key, owed, waiting in rows:
        if owed == 0 and waiting:
            yield f"{key} is settled while {waiting} cents of its VAT still wait for collection"


def _customers_without_code() -> Iterator[str]:
    rows = db.session.scalars(
        select(EntryLine.id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(Account.role == AccountRole.CUSTOMERS, EntryLine.auxiliary_code == "")
    )
    for line_id in rows:
        yield f"line {line_id} is on the customers' account without a customer"


_CHECKS: tuple[Check, ...] = (
    _unbalanced_entries,
    _entries_without_lines,
    _lines_without_entry,
    _gaps,
    _uncounted_entries,
    _misplaced_entries,
    _faulty_letterings,
    _lines_lettered_twice,
    _settled_but_not_lettered,
    _vat_waiting_on_settled,
    _customers_without_code,
)
