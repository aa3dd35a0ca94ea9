"""What the bank says an account stands at: the balances its statements state, carried to a day by its lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from core.database import db
from invoicing.bank.models import BankLine, BankStatement


@dataclass(frozen=True)
class BankBalance:
    """A balance of the bank in the evening of a day.

    Attributes:
        stated_on: the last day of the statement whose balance it comes from; lines between lead from one to the other.
    """

    cents: int
    stated_on: date


def bank_balance_on(bank_account_id: int, day: date) -> BankBalance | None:
    """The bank's balance on a day; None when no statement of the account states one.

    The first statement that ends on it or later is read backwards; without one the last before is read on.
    """
    theirs = select(BankStatement.ends_on, BankStatement.closing_cents).where(
        BankStatement.bank_account_id == bank_account_id, BankStatement.closing_cents.is_not(None)
    )
    later = theirs.where(BankStatement.ends_on >= day).order_by(
        BankStatement.ends_on, BankStatement.id.desc()
    )
    before = theirs.where(BankStatement.ends_on < day).order_by(
        BankStatement.ends_on.desc(), BankStatement.id.desc()
    )
    found = db.session.execute(later.limit(1)).first() or db.session.execute(before.limit(1)).first()
    if found is None:
        return None
    stated_on, closing_cents = found
    assert closing_cents is not None, "the statements without one are left out"
    first, last = sorted((stated_on, day))
    moved = _moved(bank_account_id, first, last)
    return BankBalance(closing_cents + (moved if stated_on <= day else -moved), stated_on)


def balance_before_statements(bank_account_id: int, first_day: date) -> int | None:
    """The bank's balance in the evening before its first statement; None when no statement states one."""
    opening = db.session.scalars(
        select(BankStatement.opening_cents)
        .where(
            BankStatement.bank_account_id == bank_account_id,
            BankStatement.starts_on == first_day,
            BankStatement.opening_cents.is_not(None),
        )
        .order_by(BankStatement.id)
        .limit(1)
    ).first()
    if opening is not None:
        return opening
    found = bank_balance_on(bank_account_id, first_day - timedelta(days=1))
    return found.cents if found else None


def _moved(bank_account_id: int, after: date, until: date) -> int:
    """What the lines of the days after one and until another make."""
    total = select(func.coalesce(func.sum(BankLine.amount_cents), 0)).where(
        BankLine.bank_account_id == bank_account_id, BankLine.booked_on > after, BankLine.booked_on <= until
    )
    return int(db.session.scalar(total) or 0)
