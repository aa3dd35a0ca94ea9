"""The ledger by account (grand livre): lines of one account or of many over a period, with the running balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from accounting.carried_lines import counts_from
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
from accounting.reading.entry_views import letters_of
from accounting.reading.room import make_room
from accounting.reading.trial_balance import start_of_year
from core.database import db

_AT_ONCE = 2_000


@dataclass(frozen=True)
class LedgerFilter:
    """Which lines: of one customer (its code in the books), of a period, only those not lettered.

    `first_account` and `last_account` hold a range of numbers, by their beginnings: from 4 to 41 takes all of 41.
    """

    customer: str = ""
    first_day: date | None = None
    last_day: date | None = None
    only_open: bool = False
    first_account: str = ""
    last_account: str = ""

    def conditions(self, account_id: int | None = None) -> list[ColumnElement[bool]]:
        """The filter as SQL, without the first day: what is before it makes the opening balance.

        Expenses and income begin with the financial year, other accounts with the books or the last opening entries.
        """
        # What a closed year left open stands on an opening entry, wherever the period begins.
        found: list[ColumnElement[bool]] = [] if self.only_open else [counts_from(self.first_day)]
        if account_id is not None:
            found.append(EntryLine.account_id == account_id)
        if self.first_day:
            is_balance = and_(Account.number.not_like("6%"), Account.number.not_like("7%"))
            found.append(or_(is_balance, JournalEntry.entry_date >= start_of_year(self.first_day)))
        if self.customer:
            found.append(EntryLine.auxiliary_code == self.customer)
        if self.last_day:
            found.append(JournalEntry.entry_date <= self.last_day)
        if self.only_open:
            found.append(~is_lettered())
        if self.first_account:
            found.append(Account.number >= self.first_account)
        if self.last_account:
            last = self.last_account
            found.append(or_(Account.number <= last, Account.number.startswith(last, autoescape=True)))
        return found


@dataclass(frozen=True)
class LedgerLine:
    """One line with what the account stands at after it (above zero in debit). Cents."""

    entry_id: int
    entry_date: date
    number: str
    piece_ref: str
    label: str
    auxiliary_code: str
    auxiliary_label: str
    debit_cents: int
    credit_cents: int
    letter: str
    balance_cents: int


@dataclass(frozen=True)
class LedgerTotals:
    """The period in figures: what stood before it, and both sides of it. Cents."""

    line_count: int
    opening_cents: int
    debit_cents: int
    credit_cents: int

    @property
    def closing_cents(self) -> int:
        """What the account stands at after the period, above zero in debit."""
        return self.opening_cents + self.debit_cents - self.credit_cents


@dataclass(frozen=True)
class LedgerAccount:
    """One account of a general ledger with its totals."""

    account_id: int
    number: str
    label: str
    totals: LedgerTotals


def ledger_totals(account_id: int, wanted: LedgerFilter) -> LedgerTotals:
    """Count and add up the lines of the account that the filter finds."""
    row = db.session.execute(_totals(wanted, account_id)).one()
    return LedgerTotals(*(int(value) for value in row))


def ledger_accounts(wanted: LedgerFilter) -> list[LedgerAccount]:
    """The accounts that the filter finds anything on, by number, each with its totals."""
    make_room()
    by_account = _totals(wanted).add_columns(EntryLine.account_id).group_by(EntryLine.account_id)
    totals = {
        row[-1]: LedgerTotals(*(int(value) for value in row[:-1])) for row in db.session.execute(by_account)
    }
    accounts = db.session.execute(select(Account.id, Account.number, Account.label).order_by(Account.number))
    return [
        LedgerAccount(account_id, number, label, totals[account_id])
        for account_id, number, label in accounts
        if account_id in totals and (totals[account_id].line_count or totals[account_id].opening_cents)
    ]


def ledger_lines(
    account_id: int, wanted: LedgerFilter, totals: LedgerTotals, *, limit: int, offset: int = 0
) -> list[LedgerLine]:
    """The lines of one page, oldest first, each with the running balance."""
    statement = _lines(account_id, wanted, EntryLine, JournalEntry)
    before = statement.with_only_columns(SIGNED_CENTS.label("cents")).limit(offset).subquery()
    balance = totals.opening_cents + int(
        db.session.scalar(select(func.coalesce(func.sum(before.c.cents), 0))) or 0
    )
    rows = db.session.execute(statement.limit(limit).offset(offset)).all()
    letters = letters_of(line.id for line, _ in rows)
    found = []
    for line, entry in rows:
        balance += line.debit_cents - line.credit_cents
        found.append(_ledger_line(line, entry, letters.get(line.id, ""), balance))
    return found


def all_ledger_lines(account_id: int, wanted: LedgerFilter, totals: LedgerTotals) -> Iterator[LedgerLine]:
    """All lines of an account, read some thousand at a time: for files."""
    undone = exists().where(LetteringUndo.lettering_id == LetteringLine.lettering_id)
    letter = (
        select(func.max(Lettering.code))
        .join(LetteringLine, LetteringLine.lettering_id == Lettering.id)
        .where(LetteringLine.line_id == EntryLine.id, ~undone)
        .scalar_subquery()
    )
    columns = (
        JournalEntry.id, JournalEntry.entry_date, JournalEntry.number, JournalEntry.piece_ref, EntryLine.label,
        EntryLine.auxiliary_code, EntryLine.auxiliary_label, EntryLine.debit_cents, EntryLine.credit_cents, letter,
    )  # fmt: skip
    balance = totals.opening_cents
    statement = _lines(account_id, wanted, *columns).execution_options(yield_per=_AT_ONCE)
    for *values, debit, credit, code in db.session.execute(statement):
        balance += debit - credit
        fields: list[Any] = [*values, debit, credit, code or "", balance]
        yield LedgerLine(*fields)


def _totals(wanted: LedgerFilter, account_id: int | None = None) -> Select[int, int, int, int]:
    in_period = JournalEntry.entry_date >= (wanted.first_day or date.min)
    return (
        select(
            func.count().filter(in_period),
            func.coalesce(func.sum(SIGNED_CENTS).filter(~in_period), 0),
            func.coalesce(func.sum(EntryLine.debit_cents).filter(in_period), 0),
            func.coalesce(func.sum(EntryLine.credit_cents).filter(in_period), 0),
        )
        .select_from(EntryLine)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(*wanted.conditions(account_id))
    )


def _lines(account_id: int, wanted: LedgerFilter, *columns: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns)
        .select_from(EntryLine)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(*wanted.conditions(account_id), JournalEntry.entry_date >= (wanted.first_day or date.min))
        .order_by(JournalEntry.entry_date, JournalEntry.id, EntryLine.position)
    )


def _ledger_line(line: EntryLine, entry: JournalEntry, letter: str, balance_cents: int) -> LedgerLine:
    return LedgerLine(
        entry_id=entry.id,
        entry_date=entry.entry_date,
        number=entry.number,
        piece_ref=entry.piece_ref,
        label=line.label,
        auxiliary_code=line.auxiliary_code,
        auxiliary_label=line.auxiliary_label,
        debit_cents=line.debit_cents,
        credit_cents=line.credit_cents,
        letter=letter,
        balance_cents=balance_cents,
    )
