"""The movements of a bank account in the books, and internal transfers under way: what a statement is held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import aliased

from accounting.carried_lines import counts_from
from accounting.chart import account_for
from accounting.models import SIGNED_CENTS, Account, EntryLine, Journal, JournalEntry, JournalKind
from accounting.roles import AccountRole
from core.database import db


@dataclass(frozen=True)
class BankPosition:
    """An entry's movement of the account.

    Attributes:
        day: the piece's true date.
        cents: above zero when the account grows.
        twin_id: the entry that mirrors this one, or that it mirrors (a payment recorded and cancelled).
    """

    entry_id: int
    number: str
    day: date
    piece_ref: str
    label: str
    twin_id: int | None
    cents: int


def bank_positions(account_id: int, *conditions: ColumnElement[bool]) -> list[BankPosition]:
    """The movements of the account, the oldest first; opening entries repeat balances and are none.

    Args:
        conditions: further SQL over `JournalEntry`.
    """
    opening = select(Journal.id).where(Journal.kind == JournalKind.OPENING)
    return _positions(
        EntryLine.account_id == account_id, JournalEntry.journal_id.not_in(opening), *conditions
    )


def position_of(account_id: int, entry_id: int) -> BankPosition | None:
    """What one entry moves on the account; None when it moves nothing there."""
    found = _positions(EntryLine.account_id == account_id, JournalEntry.id == entry_id)
    return found[0] if found else None


def transfers_under_way(*conditions: ColumnElement[bool]) -> list[BankPosition]:
    """Payouts that have left the processor's account: what each brings on the bank account when it arrives.

    Args:
        conditions: further SQL over `JournalEntry`, such as which were seen arriving already.
    """
    account = account_for(AccountRole.TRANSFERS)
    return _positions(EntryLine.account_id == account.id, JournalEntry.purpose == "payout", *conditions)


def balance_on(account_id: int, day: date) -> int:
    """What the account stands at in the evening of a day, in cents, debit above zero."""
    total = (
        select(func.coalesce(func.sum(SIGNED_CENTS), 0))
        .select_from(EntryLine)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(EntryLine.account_id == account_id, JournalEntry.entry_date <= day, counts_from(None))
    )
    return int(db.session.scalar(total) or 0)


def bookable_accounts() -> list[Account]:
    """The accounts on which a line of the bank may be booked by hand, by number: no customers' and suppliers', whose
    lines belong to somebody, no bank's, whose money comes by an internal transfer, and none of collected or waiting
    VAT or that of deposits, which documents alone move (what is paid to the State stands on 44551)."""
    kept_by_itself = or_(
        *(Account.number.startswith(begin) for begin in ("40", "41", "4457", "512", "511", "53"))
    )
    moved_by_documents = AccountRole.VAT_COLLECTED, AccountRole.VAT_WAITING, AccountRole.VAT_ON_DEPOSITS
    vat = or_(*(Account.role.startswith(role) for role in moved_by_documents))
    is_bookable = ~kept_by_itself & (Account.role.is_(None) | ~vat)
    return list(db.session.scalars(select(Account).where(is_bookable).order_by(Account.number)))


def _positions(*conditions: ColumnElement[bool]) -> list[BankPosition]:
    mirror = aliased(JournalEntry)
    mirrored_by = select(func.min(mirror.id)).where(mirror.reverses_id == JournalEntry.id).scalar_subquery()
    entry = (
        JournalEntry.id,
        JournalEntry.number,
        JournalEntry.piece_date,
        JournalEntry.piece_ref,
        JournalEntry.label,
        func.coalesce(JournalEntry.reverses_id, mirrored_by).label("twin_id"),
    )
    rows = db.session.execute(
        select(*entry, SIGNED_CENTS)
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .where(*conditions)
        .order_by(JournalEntry.piece_date, JournalEntry.id)
    )
    return [BankPosition(*row) for row in rows]
