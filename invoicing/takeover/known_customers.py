"""Who a customer of other books is here: by its code, its account or its name. Called by `plan`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from core.database import db
from invoicing.customer_search import plain_text
from invoicing.models import Customer
from invoicing.takeover.books import Party


class FoundBy(StrEnum):
    """How a customer was found."""

    CODE = "code"
    ACCOUNT = "account"
    NAME = "name"
    NEW = "new"


@dataclass(frozen=True)
class Match:
    """The customer here, or None for one to be made."""

    customer_id: int | None
    found_by: FoundBy
    name: str = ""


NEW = Match(None, FoundBy.NEW)


class KnownCustomers:
    """The customers of the company entered, read once."""

    def __init__(self) -> None:
        self._codes: dict[str, Customer] = {}
        self._accounts: dict[str, Customer] = {}
        self._names: dict[str, list[Customer]] = {}
        in_use = select(Customer).where(Customer.merged_into_id.is_(None), Customer.archived_at.is_(None))
        for customer in db.session.scalars(in_use.order_by(Customer.id)):
            self._codes.setdefault(customer.number, customer)
            if customer.external_reference:
                self._codes[customer.external_reference] = customer
            if customer.ledger_account:
                self._accounts.setdefault(customer.ledger_account, customer)
            self._names.setdefault(plain_text(customer.full_name), []).append(customer)

    def find(self, party: Party, name: str) -> Match:
        """The customer of that code or account; else the only one of that name."""
        code = party.auxiliary or party.account
        if code in self._codes:
            return _match(self._codes[code], FoundBy.CODE)
        if not party.auxiliary and party.account in self._accounts:
            return _match(self._accounts[party.account], FoundBy.ACCOUNT)
        named = self._names.get(plain_text(name), [])
        return _match(named[0], FoundBy.NAME) if len(named) == 1 else NEW


def _match(customer: Customer, found_by: FoundBy) -> Match:
    return Match(customer.id, found_by, customer.full_name)
