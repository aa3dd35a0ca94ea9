"""The bank's balance beside the books' (rapprochement): every part of the difference is named, what is left is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select

from accounting.bank_positions import BankPosition, balance_on, bank_positions
from accounting.models import SIGNED_CENTS, EntryLine, JournalEntry
from core.database import db
from invoicing.bank.bank_balance import balance_before_statements, bank_balance_on
from invoicing.bank.lines import is_decided, is_matched
from invoicing.bank.models import BankLine, BankMatch, BankStatement, MatchKind


@dataclass(frozen=True)
class Reconciliation:
    """How a bank account stands on a day, as a rule the last one of its latest statement. All cents.

    Attributes:
        bank_cents: the bank's balance; None when its files state none.
        stated_on: the day of the balance that a file states, from which lines lead to it.
        before_cents: by what the bank was ahead of the books before its first statement; None without a balance.
        books_cents: the account's balance in the books.
        open_cents, ignored_cents: lines of the bank that are not in the books: nothing decided, or put aside.
        straddling_cents: lines whose entry stands on another side of the day (a closed period).
        awaited: movements of the books that no line shows, without pairs that were recorded and taken back.
    """

    day: date
    bank_cents: int | None
    stated_on: date | None
    before_cents: int | None
    books_cents: int
    open_cents: int
    open_count: int
    ignored_cents: int
    straddling_cents: int
    awaited: tuple[BankPosition, ...]

    @property
    def awaited_cents(self) -> int:
        """By what the books are ahead of the bank."""
        return sum(position.cents for position in self.awaited)

    @property
    def unexplained_cents(self) -> int | None:
        """What no line and no movement explains; None without a bank's balance."""
        if self.bank_cents is None:
            return None
        explained = self.open_cents + self.ignored_cents + self.straddling_cents - self.awaited_cents
        return self.bank_cents - self.books_cents - explained

    @property
    def gap_cents(self) -> int:
        """What is unexplained and is not the balance before the first statement: lines that are missing or double."""
        return (self.unexplained_cents or 0) - (self.before_cents or 0)


def reconciliation(bank_account_id: int, on: date | None = None) -> Reconciliation | None:
    """The reconciliation of a bank account; None before its first statement.

    Args:
        on: the day, kept within those of its statements; None is the last of them.
    """
    theirs = BankStatement.bank_account_id == bank_account_id
    first_day: date | None = db.session.scalar(select(func.min(BankStatement.starts_on)).where(theirs))
    last_day: date | None = db.session.scalar(select(func.max(BankStatement.ends_on)).where(theirs))
    if first_day is None or last_day is None:
        return None
    day = min(max(on or last_day, first_day), last_day)
    bank = bank_balance_on(bank_account_id, day)
    until = (BankLine.bank_account_id == bank_account_id, BankLine.booked_on <= day)
    return Reconciliation(
        day=day,
        bank_cents=bank.cents if bank else None,
        stated_on=bank.stated_on if bank else None,
        before_cents=_before(bank_account_id, first_day),
        books_cents=balance_on(bank_account_id, day),
        open_cents=_sum(*until, ~is_decided()),
        open_count=db.session.scalar(select(func.count()).select_from(BankLine).where(*until, ~is_decided()))
        or 0,
        ignored_cents=_sum(*until, _is_ignored()),
        straddling_cents=_straddling(bank_account_id, day),
        awaited=_awaited(bank_account_id, first_day, day),
    )


def _sum(*conditions: ColumnElement[bool]) -> int:
    total = select(func.coalesce(func.sum(BankLine.amount_cents), 0)).where(*conditions)
    return int(db.session.scalar(total) or 0)


def _is_ignored() -> ColumnElement[bool]:
    return (
        select(BankMatch.id)
        .where(
            BankMatch.line_id == BankLine.id,
            BankMatch.kind == MatchKind.IGNORED,
            BankMatch.undone_at.is_(None),
        )
        .exists()
    )


def _straddling(bank_account_id: int, day: date) -> int:
    def between(line: ColumnElement[bool], entry: ColumnElement[bool]) -> int:
        # By entry and not by line: of a line that is several, some may stand on the other side.
        total = (
            select(func.coalesce(func.sum(SIGNED_CENTS), 0))
            .select_from(BankLine)
            .join(BankMatch, BankMatch.line_id == BankLine.id)
            .join(JournalEntry, JournalEntry.id == BankMatch.entry_id)
            .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
            .where(
                BankLine.bank_account_id == bank_account_id,
                EntryLine.account_id == bank_account_id,
                BankMatch.undone_at.is_(None),
                line,
                entry,
            )
        )
        return int(db.session.scalar(total) or 0)

    told_before = between(BankLine.booked_on <= day, JournalEntry.entry_date > day)
    told_after = between(BankLine.booked_on > day, JournalEntry.entry_date <= day)
    return told_before - told_after


def _before(bank_account_id: int, first_day: date) -> int | None:
    cents = balance_before_statements(bank_account_id, first_day)
    return None if cents is None else cents - balance_on(bank_account_id, first_day - timedelta(days=1))


def _awaited(bank_account_id: int, first: date, day: date) -> tuple[BankPosition, ...]:
    """What stands before the first statement was on one that nobody imported: it is in its opening balance."""
    found = bank_positions(bank_account_id, JournalEntry.entry_date.between(first, day), ~is_matched())
    ids = {position.entry_id for position in found}
    pairs = {position.entry_id for position in found if position.twin_id in ids}
    undone = _undone_pairs(found)
    return tuple(position for position in found if position.entry_id not in pairs | undone)


def _undone_pairs(found: list[BankPosition]) -> set[int]:
    """What a decision had booked, and its mirror: told by their common source, they are nothing together."""
    sources = db.session.execute(
        select(JournalEntry.source_id, func.min(JournalEntry.id), func.max(JournalEntry.id))
        .where(JournalEntry.source_kind == "bank_match")
        .group_by(JournalEntry.source_id)
        .having(func.count() == 2)
    )
    ids = {position.entry_id for position in found}
    return {entry_id for _, first, last in sources if {first, last} <= ids for entry_id in (first, last)}
