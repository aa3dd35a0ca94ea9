"""The ledger of one account (grand livre): its lines over a period with the running balance, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select

from accounting.entry_views import letters_of
from accounting.letter_lines import is_lettered
from accounting.models import EntryLine, JournalEntry
from core.database import db

_SIGNED = EntryLine.debit_cents - EntryLine.credit_cents


@dataclass(frozen=True)
class LedgerFilter:
    """Which lines: of one customer (its code in the books), of a period, only those not lettered."""

    customer: str = ""
    first_day: date | None = None
    last_day: date | None = None
    only_open: bool = False

    def conditions(self, account_id: int) -> list[ColumnElement[bool]]:
        """The filter as SQL, without the first day: what is before it makes the opening balance."""
        found: list[ColumnElement[bool]] = [EntryLine.account_id == account_id]
        if self.customer:
            found.append(EntryLine.auxiliary_code == self.customer)
        if self.last_day:
            found.append(JournalEntry.entry_date <= self.last_day)
        if self.only_open:
            found.append(~is_lettered())
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


def ledger_totals(account_id: int, wanted: LedgerFilter) -> LedgerTotals:
    """Count and add up the lines of the account that the filter finds."""
    in_period = JournalEntry.entry_date >= (wanted.first_day or date.min)
    row = db.session.execute(
        select(
            func.count().filter(in_period),
            func.coalesce(func.sum(_SIGNED).filter(~in_period), 0),
            func.coalesce(func.sum(EntryLine.debit_cents).filter(in_period), 0),
            func.coalesce(func.sum(EntryLine.credit_cents).filter(in_period), 0),
        )
        .select_from(EntryLine)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(*wanted.conditions(account_id))
    ).one()
    return LedgerTotals(*(int(value) for value in row))


def ledger_lines(
    account_id: int, wanted: LedgerFilter, totals: LedgerTotals, *, limit: int, offset: int = 0
) -> list[LedgerLine]:
    """The lines of one page, oldest first, each with the running balance."""
    statement = (
        select(EntryLine, JournalEntry)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(*wanted.conditions(account_id), JournalEntry.entry_date >= (wanted.first_day or date.min))
        .order_by(JournalEntry.entry_date, JournalEntry.id, EntryLine.position)
    )
    before = statement.with_only_columns(_SIGNED.label("cents")).limit(offset).subquery()
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
