"""The trial balance (balance générale) of any period: what each account stood at, what moved, what it stands at.

Called by the accountant's page and by tests. Balance-sheet accounts (classes 1 to 5) carry on from before the period;
expense and income accounts (6 and 7) start at zero with each financial year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import SQLColumnExpression, and_, case, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from accounting.fiscal_years import year_bounds
from accounting.models import Account, EntryLine, FiscalYear, Journal, JournalEntry, JournalKind
from accounting.settings import accounting_settings
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
    """The trial balance of the company entered over these days; accounts that never moved are left out."""
    year_start = _year_start(starts_on)
    carried_from = _last_opening(year_start)
    before = JournalEntry.entry_date < starts_on
    is_result = or_(Account.number.like("6%"), Account.number.like("7%"))
    counts_in_opening = and_(before, or_(~is_result, JournalEntry.entry_date >= year_start))
    earlier = and_(is_result, JournalEntry.entry_date < year_start)
    signed = EntryLine.debit_cents - EntryLine.credit_cents
    rows = db.session.execute(
        select(
            Account.id,
            Account.number,
            Account.label,
            _sum_where(counts_in_opening, signed),
            _sum_where(~before, EntryLine.debit_cents),
            _sum_where(~before, EntryLine.credit_cents),
            _sum_where(earlier, signed),
        )
        .join(EntryLine, EntryLine.account_id == Account.id)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(JournalEntry.entry_date <= ends_on, JournalEntry.entry_date >= (carried_from or date.min))
        .group_by(Account.id, Account.number, Account.label)
        .order_by(Account.number)
    ).all()
    balance_rows = [
        BalanceRow(account_id, number, label, int(opening), int(debit), int(credit))
        for account_id, number, label, opening, debit, credit, _ in rows
    ]
    return TrialBalance(
        starts_on,
        ends_on,
        tuple(row for row in balance_rows if row.opening_cents or row.debit_cents or row.credit_cents),
        sum(int(row[6]) for row in rows),
    )


def _sum_where(condition: ColumnElement[bool], cents: SQLColumnExpression[int]) -> ColumnElement[int]:
    return func.sum(case((condition, cents), else_=0))


def _year_start(day: date) -> date:
    found = db.session.scalars(
        select(FiscalYear.starts_on).where(FiscalYear.starts_on <= day, FiscalYear.ends_on >= day)
    ).one_or_none()
    return found or year_bounds(day, accounting_settings().fiscal_year_end_month)[0]


def _last_opening(year_start: date) -> date | None:
    """The first day of the last year, up to the one that starts then, whose opening entries carry all before it."""
    return db.session.scalars(
        select(func.max(FiscalYear.starts_on))
        .join(JournalEntry, JournalEntry.fiscal_year_id == FiscalYear.id)
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .where(Journal.kind == JournalKind.OPENING, FiscalYear.starts_on <= year_start)
    ).one_or_none()
