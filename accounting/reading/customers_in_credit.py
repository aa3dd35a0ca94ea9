"""Customers to whom something was owed on a day: on the balance sheet they stand among the debts, in 4191 or 419.

Presentation and no entry (practice): a customer's account shows what it owes less what it paid too much; where that is
a credit, the balance sheet does not take it off what other customers owe (Code de commerce, art. L123-19: no set-off
between assets and debts). Per customer over its accounts 411, however its lines are lettered; what is doubtful (416)
and deposits (419) stand apart anyway. Read by the trial balance, the closing of a year and its archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from accounting.carried_lines import is_later_than, is_repetition
from accounting.models import SIGNED_CENTS, Account, EntryLine
from accounting.reading.room import make_room
from accounting.reading.trial_balance import BalanceRow
from core.database import db
from core.spreadsheets import ColumnKind, Sheet, SheetColumn, Value

_NOT_PRESENTED = ("416", "419")


@dataclass(frozen=True)
class CustomerInCredit:
    """A customer and what is owed to it, in cents above zero."""

    code: str
    customer: str
    cents: int


@dataclass(frozen=True)
class CustomersInCredit:
    """All of them at the end of `day`, by name."""

    day: date
    customers: tuple[CustomerInCredit, ...]

    @property
    def cents(self) -> int:
        """What is owed to all of them: to be presented in 419."""
        return sum(one.cents for one in self.customers)


def is_presented(number: str) -> bool:
    """Whether an account holds customers of whom some may be in credit: 41, but not 416 and 419."""
    return number.startswith("41") and not number.startswith(_NOT_PRESENTED)


def customers_in_credit(day: date) -> CustomersInCredit:
    """The customers of the company entered that were in credit at the end of that day."""
    make_room()
    accounts = [
        id_ for id_, number in db.session.execute(select(Account.id, Account.number)) if is_presented(number)
    ]
    cents = func.sum(SIGNED_CENTS)
    found = (
        select(EntryLine.auxiliary_code, func.max(EntryLine.id).label("last"), cents.label("cents"))
        .where(
            EntryLine.account_id.in_(accounts),
            EntryLine.auxiliary_code != "",
            ~is_later_than(day),
            ~is_repetition(),
        )
        .group_by(EntryLine.auxiliary_code)
        .having(cents < 0)
        .subquery()
        .c
    )
    line = aliased(EntryLine)
    name = select(line.auxiliary_label).where(line.id == found.last).scalar_subquery()
    rows = db.session.execute(select(found.auxiliary_code, name, found.cents))
    customers = (CustomerInCredit(code, label or code, -int(sum_)) for code, label, sum_ in rows)
    return CustomersInCredit(
        day, tuple(sorted(customers, key=lambda one: (one.customer.casefold(), one.code)))
    )


def last_presented(rows: Iterable[BalanceRow]) -> int | None:
    """The account under which a trial balance says how much of it is customers in credit; None: it has none."""
    return next((row.account_id for row in reversed(list(rows)) if is_presented(row.number)), None)


def credit_sheet(found: CustomersInCredit) -> Sheet:
    """The list as a table, with its sum."""
    columns = (
        SheetColumn(gettext("Number")),
        SheetColumn(gettext("Customer"), ColumnKind.TEXT, 40),
        SheetColumn(gettext("Credit balance"), ColumnKind.CENTS),
    )
    total = gettext("Total")

    def rows() -> Iterator[tuple[Value, ...]]:
        for one in found.customers:
            yield one.code, one.customer, one.cents
        yield None, total, found.cents

    return Sheet(gettext("Customers in credit"), columns, rows(), is_bold=lambda row: row[0] is None)
