"""The trial balance (balance générale) of any period: what each account stood at, what moved, what it stands at.

Called by the accountant's page and by tests. Balance-sheet accounts (classes 1 to 5) carry on from before the period;
expense and income accounts (6 and 7) start at zero with each financial year.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, case, func, select

from accounting.carried_lines import counts_from
from accounting.fiscal_years import year_bounds
from accounting.models import Account, EntryLine, FiscalYear, JournalEntry
from accounting.reading.room import make_room
from accounting.settings.chosen import accounting_settings
from core.database import db


@dataclass(frozen=True)
class BalanceRow:
    """One account. Opening and closing are signed: above zero in debit, below in credit. All cents."""

    account_id: int
    number: str
    label: str
    opening_cents: int
    debit_cents: int
    credit_cents: int

    @property
    def closing_cents(self) -> int:
        """What the account stands at on the last day of the period."""
        return self.opening_cents + self.debit_cents - self.credit_cents


@dataclass(frozen=True)
class TrialBalance:
    """The rows in order of account number, from `starts_on` to `ends_on` inclusive.

    `earlier_result_cents` is the result of earlier financial years that no opening entry has carried forward yet
    (above zero a loss, below a profit): with it the opening column adds up to zero.
    """

    starts_on: date
    ends_on: date
    rows: tuple[BalanceRow, ...]
    earlier_result_cents: int

    @property
    def debit_cents(self) -> int:
        """All debits of the period."""
        return sum(row.debit_cents for row in self.rows)

    @property
    def credit_cents(self) -> int:
        """All credits of the period."""
        return sum(row.credit_cents for row in self.rows)

    @property
    def opening_cents(self) -> int:
        """All openings with the earlier result: zero when the books hold."""
        return sum(row.opening_cents for row in self.rows) + self.earlier_result_cents

    @property
    def closing_debit_cents(self) -> int:
        """All debit balances at the end."""
        return sum(max(row.closing_cents, 0) for row in self.rows) + max(self.earlier_result_cents, 0)

    @property
    def closing_credit_cents(self) -> int:
        """All credit balances at the end."""
        return sum(max(-row.closing_cents, 0) for row in self.rows) + max(-self.earlier_result_cents, 0)

    @property
    def is_balanced(self) -> bool:
        """True when debits equal credits, in the period and at both of its ends."""
        return (
            self.debit_cents == self.credit_cents
            and self.opening_cents == 0
            and self.closing_debit_cents == self.closing_credit_cents
        )


def trial_balance(starts_on: date, ends_on: date) -> TrialBalance:
    """The trial balance of the company entered over these days; accounts that never moved are left out.

    The database adds up by account and by when (before the year, before the period, in it), two sums a line.
    """
    make_room()
    sums: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for account_id, when, debit, credit in db.session.execute(_sums(starts_on, ends_on)):
        sums[account_id][when] = (int(debit), int(credit))
    accounts = db.session.execute(select(Account.id, Account.number, Account.label).order_by(Account.number))
    rows, earlier_result = [], 0
    for account_id, number, label in accounts:
        if account_id not in sums:
            continue
        before, opening, (debit, credit) = (sums[account_id].get(when, (0, 0)) for when in _WHEN)
        opening_cents = opening[0] - opening[1]
        if is_result_account(number):
            earlier_result += before[0] - before[1]
        else:
            opening_cents += before[0] - before[1]
        if opening_cents or debit or credit:
            rows.append(BalanceRow(account_id, number, label, opening_cents, debit, credit))
    return TrialBalance(starts_on, ends_on, tuple(rows), earlier_result)


_WHEN = _BEFORE_THE_YEAR, _BEFORE_THE_PERIOD, _IN_THE_PERIOD = range(3)


def _sums(starts_on: date, ends_on: date) -> Select[int, int, int, int]:
    when = case(
        (JournalEntry.entry_date >= starts_on, _IN_THE_PERIOD),
        (JournalEntry.entry_date >= start_of_year(starts_on), _BEFORE_THE_PERIOD),
        else_=_BEFORE_THE_YEAR,
    )
    return (
        select(
            EntryLine.account_id,
            when.label("moment"),
            func.sum(EntryLine.debit_cents),
            func.sum(EntryLine.credit_cents),
        )
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(JournalEntry.entry_date <= ends_on, counts_from(starts_on))
        .group_by(EntryLine.account_id, when)
    )


def in_range(number: str, first: str, last: str) -> bool:
    """Whether an account number lies in a range given by beginnings: from 4 to 41 takes all of 41; empty is open."""
    return (not first or number >= first) and (not last or number <= last or number.startswith(last))


def is_result_account(number: str) -> bool:
    """True for expenses and income (classes 6 and 7), which start at zero with each financial year."""
    return number.startswith(("6", "7"))


def start_of_year(day: date) -> date:
    """The first day of the financial year of a day, also of one that no entry has opened yet."""
    found = db.session.scalars(
        select(FiscalYear.starts_on).where(FiscalYear.starts_on <= day, FiscalYear.ends_on >= day)
    ).one_or_none()
    return found or year_bounds(day, accounting_settings().fiscal_year_end_month)[0]
