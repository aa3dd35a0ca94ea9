"""Journals, general ledger and trial balance as tables for a spreadsheet, read while they are written."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext
from sqlalchemy import exists, func, select

from accounting.models import (
    Account,
    EntryLine,
    Journal,
    JournalEntry,
    Lettering,
    LetteringLine,
    LetteringUndo,
)
from accounting.reading.account_ledger import LedgerAccount, LedgerFilter, all_ledger_lines
from accounting.reading.customers_in_credit import CustomersInCredit, last_presented
from accounting.reading.journal_list import EntryFilter
from accounting.reading.trial_balance import BalanceRow, TrialBalance
from core.database import db
from core.spreadsheets import ColumnKind, Sheet, SheetColumn, Value

_TEXT, _CENTS, _DATE = ColumnKind.TEXT, ColumnKind.CENTS, ColumnKind.DATE
_AT_ONCE = 2_000


def balance_sheet(balance: TrialBalance, rows: list[BalanceRow], in_credit: CustomersInCredit) -> Sheet:
    """The accounts of a trial balance that were chosen, their sums, and how much of them is customers in credit."""
    credit_after = last_presented(rows) if in_credit.cents else None
    columns = (
        SheetColumn(gettext("Account"), _TEXT, 12),
        SheetColumn(gettext("Name"), _TEXT, 44),
        SheetColumn(gettext("Opening"), _CENTS),
        SheetColumn(gettext("Debit"), _CENTS),
        SheetColumn(gettext("Credit"), _CENTS),
        SheetColumn(gettext("Debit balance"), _CENTS),
        SheetColumn(gettext("Credit balance"), _CENTS),
    )

    def values() -> Iterator[tuple[Value, ...]]:
        for row in rows:
            yield (
                row.number, row.label, row.opening_cents, row.debit_cents, row.credit_cents,
                max(row.closing_cents, 0), max(-row.closing_cents, 0),
            )  # fmt: skip
            if row.account_id == credit_after:
                yield None, of_which_in_credit(), None, None, None, None, in_credit.cents
        if balance.earlier_result_cents and len(rows) == len(balance.rows):
            cents = balance.earlier_result_cents
            label = gettext("Result of earlier years, not carried forward yet")
            yield "", label, cents, 0, 0, max(cents, 0), max(-cents, 0)

    return Sheet(gettext("Trial balance"), columns, values())


def of_which_in_credit() -> str:
    """What the line under the customers says; its amount is part of theirs, and in no sum."""
    said: str = gettext("Of which customers in credit, to be presented in 419 on the balance sheet")
    return said


def ledger_sheet(accounts: list[LedgerAccount], wanted: LedgerFilter) -> Sheet:
    """The general ledger: per account what stood before, its lines with the running balance, what stands after."""
    columns = (
        SheetColumn(gettext("Account"), _TEXT, 12),
        SheetColumn(gettext("Name"), _TEXT, 30),
        SheetColumn(gettext("Date"), _DATE),
        SheetColumn(gettext("Entry"), _TEXT, 14),
        SheetColumn(gettext("Piece"), _TEXT, 20),
        SheetColumn(gettext("Customer"), _TEXT, 12),
        SheetColumn(gettext("Label"), _TEXT, 50),
        SheetColumn(gettext("Debit"), _CENTS),
        SheetColumn(gettext("Credit"), _CENTS),
        SheetColumn(gettext("Lettering"), _TEXT, 10),
        SheetColumn(gettext("Balance"), _CENTS),
    )
    opening, closing = gettext("Opening"), gettext("Closing")

    def rows() -> Iterator[tuple[Value, ...]]:
        for account in accounts:
            name, totals = (account.number, account.label), account.totals
            yield (*name, wanted.first_day, None, None, None, opening, None, None, None, totals.opening_cents)
            for line in all_ledger_lines(account.account_id, wanted, totals):
                yield (
                    *name, line.entry_date, line.number, line.piece_ref, line.auxiliary_code, line.label,
                    line.debit_cents, line.credit_cents, line.letter, line.balance_cents,
                )  # fmt: skip
            yield (
                *name, wanted.last_day, None, None, None, closing, totals.debit_cents, totals.credit_cents, None,
                totals.closing_cents,
            )  # fmt: skip

    return Sheet(gettext("General ledger"), columns, rows(), is_bold=lambda row: row[3] is None)


def journal_sheet(wanted: EntryFilter) -> Sheet:
    """The entries that a filter finds, a row per line, journal by journal in order of their numbers."""
    columns = (
        SheetColumn(gettext("Journal"), _TEXT, 9),
        SheetColumn(gettext("Date"), _DATE),
        SheetColumn(gettext("Entry"), _TEXT, 14),
        SheetColumn(gettext("Piece"), _TEXT, 20),
        SheetColumn(gettext("Date of the piece"), _DATE),
        SheetColumn(gettext("Account"), _TEXT, 12),
        SheetColumn(gettext("Name"), _TEXT, 30),
        SheetColumn(gettext("Customer"), _TEXT, 12),
        SheetColumn(gettext("Customer name"), _TEXT, 30),
        SheetColumn(gettext("Label"), _TEXT, 50),
        SheetColumn(gettext("Debit"), _CENTS),
        SheetColumn(gettext("Credit"), _CENTS),
        SheetColumn(gettext("Lettering"), _TEXT, 10),
    )
    undone = exists().where(LetteringUndo.lettering_id == LetteringLine.lettering_id)
    letter = (
        select(func.max(Lettering.code))
        .join(LetteringLine, LetteringLine.lettering_id == Lettering.id)
        .where(LetteringLine.line_id == EntryLine.id, ~undone)
        .scalar_subquery()
    )
    statement = (
        select(
            Journal.code, JournalEntry.entry_date, JournalEntry.number, JournalEntry.piece_ref, JournalEntry.piece_date,
            Account.number, Account.label, EntryLine.auxiliary_code, EntryLine.auxiliary_label, EntryLine.label,
            EntryLine.debit_cents, EntryLine.credit_cents, letter,
        )
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(*wanted.conditions())
        .order_by(Journal.code, JournalEntry.entry_date, JournalEntry.id, EntryLine.position)
        .execution_options(yield_per=_AT_ONCE)
    )  # fmt: skip

    def rows() -> Iterator[tuple[Value, ...]]:
        for row in db.session.execute(statement):
            yield tuple(row)

    return Sheet(gettext("Journals"), columns, rows())
