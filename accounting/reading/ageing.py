"""What customers owed on a day, by how late it was (balance âgée), as the ledger stood at the end of that day.

By document: its lines on customers' accounts up to that day, summed by match key. Letterings are not asked, as they say
how things stand now. What a customer has as credit (a payment too many, a credit note) is apart: it is due to nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from accounting.carried_lines import is_later_than, is_repetition
from accounting.models import SIGNED_CENTS, Account, EntryLine, JournalEntry
from accounting.reading.due_dates import due_dates
from accounting.reading.room import make_room
from core.database import db

_AT_ONCE = 500


class AgeBand(IntEnum):
    """How late; the credits of a customer are a band of their own."""

    NOT_DUE = 0
    TO_30 = 1
    TO_60 = 2
    TO_90 = 3
    OVER_90 = 4
    CREDIT = 5


_LAST_DAYS = (0, 30, 60, 90)


@dataclass(frozen=True)
class OpenItem:
    """What one document leaves open, in cents. `due_date` is None for credits and for what has no day of its own."""

    account_id: int
    code: str
    customer: str
    match_key: str
    first_entry_id: int
    due_date: date | None
    cents: int

    def days_late(self, day: date) -> int:
        """Days past the due date on a day; zero before it and for what has none."""
        return max((day - self.due_date).days, 0) if self.due_date else 0

    def band(self, day: date) -> AgeBand:
        """Where it stands on a day."""
        if self.cents < 0:
            return AgeBand.CREDIT
        days = self.days_late(day)
        return AgeBand(sum(days > last for last in _LAST_DAYS))


@dataclass(frozen=True)
class CustomerAge:
    """One customer: cents by band."""

    code: str
    customer: str
    cents: tuple[int, ...]

    @property
    def total_cents(self) -> int:
        """What the customer owes in all, credits taken off."""
        return sum(self.cents)


@dataclass(frozen=True)
class Ageing:
    """All customers with something open at the end of `day`, by name. `ledger_cents`: balance of the accounts 41."""

    day: date
    customers: tuple[CustomerAge, ...]
    ledger_cents: int

    @property
    def cents(self) -> tuple[int, ...]:
        """Sums by band."""
        return tuple(sum(customer.cents[band] for customer in self.customers) for band in AgeBand)

    @property
    def total_cents(self) -> int:
        """What all customers owe."""
        return sum(self.cents)

    @property
    def holds(self) -> bool:
        """True when it is the ledger's balance, to the cent."""
        return self.total_cents == self.ledger_cents


def ageing(day: date) -> Ageing:
    """How late each customer was at the end of that day."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * len(AgeBand))
    names: dict[str, str] = {}
    for item in open_items(day):
        names[item.code] = max(names.get(item.code, ""), item.customer)
        sums[item.code][item.band(day)] += item.cents
    customers = [CustomerAge(code, names[code], tuple(cents)) for code, cents in sums.items()]
    return Ageing(day, tuple(sorted(customers, key=_by_name)), _ledger_cents(day))


def open_items(day: date, code: str | None = None) -> list[OpenItem]:
    """What was open at the end of that day, of one customer (its code in the books) or of all."""
    make_room()
    rows = db.session.execute(_open(day, code)).all()
    days = due_dates(row.match_key for row in rows)
    return [
        OpenItem(account_id, number, name, key, entry_id, days.get(key), int(cents))
        for account_id, number, name, key, entry_id, cents in rows
    ]


def first_entries(items: Iterable[OpenItem]) -> Mapping[int, JournalEntry]:
    """The entry that opened each item, by id: its piece and what it was posted for."""
    ids = sorted({item.first_entry_id for item in items})
    found: dict[int, JournalEntry] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = select(JournalEntry).where(JournalEntry.id.in_(ids[start : start + _AT_ONCE]))
        found |= {entry.id: entry for entry in db.session.scalars(some)}
    return found


def is_customer_account() -> ColumnElement[bool]:
    """SQL over `Account`: customers and doubtful ones (411, 416 …), not the deposits they paid (419)."""
    return and_(Account.number.like("41%"), Account.number.not_like("419%"))


def _open(day: date, code: str | None) -> Select[*tuple[Any, ...]]:
    """Each open key.

    The customer's name is looked up on the first line of these alone, one by one: to compare the names of all lines, or
    to join with all of them, takes longer.
    """
    cents = func.sum(SIGNED_CENTS)
    sums = (
        select(
            EntryLine.account_id,
            EntryLine.auxiliary_code,
            EntryLine.match_key,
            func.min(EntryLine.id).label("first"),
            func.min(EntryLine.entry_id).label("entry_id"),
            cents.label("cents"),
        )
        .where(*_on_customers(day))
        .group_by(EntryLine.account_id, EntryLine.auxiliary_code, EntryLine.match_key)
        .having(cents != 0)
    )
    found = (sums if code is None else sums.where(EntryLine.auxiliary_code == code)).subquery().c
    line = aliased(EntryLine)
    name = select(line.auxiliary_label).where(line.id == found.first).scalar_subquery()
    return select(found.account_id, found.auxiliary_code, name, found.match_key, found.entry_id, found.cents)


def _ledger_cents(day: date) -> int:
    """The same accounts without any grouping: what the trial balance has for them."""
    return int(db.session.scalar(select(func.sum(SIGNED_CENTS)).where(*_on_customers(day))) or 0)


def _on_customers(day: date) -> tuple[ColumnElement[bool], ...]:
    accounts = select(Account.id).where(is_customer_account())
    return EntryLine.account_id.in_(accounts), ~is_later_than(day), ~is_repetition()


def _by_name(customer: CustomerAge) -> tuple[str, str]:
    return customer.customer.casefold(), customer.code
