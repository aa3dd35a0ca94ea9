"""What moved the balance of a customer in a period, entry by entry: the customer's statement is made of it.

All accounts on which the customer stands are one here (411, 416 when doubtful), and so are the codes of customers that
were merged: an entry that only moves a balance among them is no movement.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select

from accounting.carried_lines import counts_from
from accounting.models import SIGNED_CENTS, Account, EntryLine, Journal, JournalEntry, JournalKind
from core.database import db
from core.errors import ConflictError

MOST_MOVEMENTS = 5000


@dataclass(frozen=True)
class CustomerMovement:
    """One entry. `cents`: above zero when the customer owes more; `purpose` says what happened, `piece_ref` to what."""

    entry_id: int
    day: date
    purpose: str
    source: tuple[str, int]
    piece_ref: str
    label: str
    cents: int


@dataclass(frozen=True)
class CustomerPeriod:
    """What the customer owed before the first day, and what moved it until the last. Cents."""

    opening_cents: int
    movements: tuple[CustomerMovement, ...]

    @property
    def closing_cents(self) -> int:
        """What the customer owes in the evening of the last day; below zero: has in credit."""
        return self.opening_cents + sum(movement.cents for movement in self.movements)


def customer_period(codes: Collection[str], first_day: date, last_day: date) -> CustomerPeriod:
    """The movements of the customer with these codes, the oldest first; both days belong to the period.

    Raises:
        ConflictError: there are more than `MOST_MOVEMENTS`; a part of them would end with a balance that is not true.
    """
    theirs = (EntryLine.auxiliary_code.in_(list(codes)), Account.number.startswith("41"))
    opening_journal = select(Journal.id).where(Journal.kind == JournalKind.OPENING)
    before = _sum(*theirs, JournalEntry.entry_date < first_day)
    # What an opening entry of the period brings (another software's balance) is no movement of the period either.
    taken_over = _sum(
        *theirs,
        JournalEntry.entry_date.between(first_day, last_day),
        JournalEntry.journal_id.in_(opening_journal),
    )
    rows = db.session.execute(
        select(
            JournalEntry.id,
            JournalEntry.entry_date,
            JournalEntry.purpose,
            JournalEntry.source_kind,
            JournalEntry.source_id,
            JournalEntry.piece_ref,
            JournalEntry.label,
            func.sum(SIGNED_CENTS),
        )
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(
            *theirs,
            JournalEntry.entry_date.between(first_day, last_day),
            JournalEntry.journal_id.not_in(opening_journal),
        )
        .group_by(
            JournalEntry.id,
            JournalEntry.entry_date,
            JournalEntry.purpose,
            JournalEntry.source_kind,
            JournalEntry.source_id,
            JournalEntry.piece_ref,
            JournalEntry.label,
        )
        .having(func.sum(SIGNED_CENTS) != 0)
        .order_by(JournalEntry.entry_date, JournalEntry.id)
        .limit(MOST_MOVEMENTS + 1)
    ).all()
    if len(rows) > MOST_MOVEMENTS:
        raise ConflictError(
            _l("This period has more than %(count)d movements. Choose a shorter one.", count=MOST_MOVEMENTS)
        )
    return CustomerPeriod(
        before + taken_over,
        tuple(
            CustomerMovement(row[0], row[1], row[2], (row[3], row[4]), row[5], row[6], int(row[7]))
            for row in rows
        ),
    )


def _sum(*conditions: ColumnElement[bool]) -> int:
    total = (
        select(func.coalesce(func.sum(SIGNED_CENTS), 0))
        .select_from(EntryLine)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .join(Account, Account.id == EntryLine.account_id)
        .where(*conditions, counts_from(None))
    )
    return int(db.session.scalar(total) or 0)
