"""What each customer still owes by invoice, once what it has paid or been credited is set against it. Pure.

Where the books let a payment stand unlettered beside invoices, it is set against the oldest ones (Code civil, art.
1342-10: what the payer did not impute pays the oldest debt): nobody is asked for what was paid already. What a customer
has in excess stays a credit of the customer account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from invoicing.takeover.books import Party, Piece


@dataclass
class SetOff:
    """What of a payment or credit was set against an invoice: its piece, the cents, and the whole of that piece."""

    reference: str
    cents: int
    whole_cents: int


@dataclass
class OpenItem:
    """An invoice of other software with something left to pay. All cents above zero.

    `original_cents`: what the books still show of it before anything was set against it.
    """

    party: Party
    reference: str
    day: date
    due: date | None
    label: str
    original_cents: int
    open_cents: int
    set_off: list[SetOff] = field(default_factory=list)


@dataclass(frozen=True)
class CustomerState:
    """What one customer owes by invoice, and what it has in excess; one of the two is empty."""

    party: Party
    items: tuple[OpenItem, ...]
    credit_cents: int


@dataclass
class _Credit:
    reference: str
    whole: int
    left: int
    day: date


def customer_state(party: Party, groups: Iterable[Iterable[Piece]]) -> CustomerState:
    """Set off within each lettering first, then across them, the oldest first."""
    items: list[OpenItem] = []
    credits_: list[_Credit] = []
    for group in groups:
        pieces = list(group)
        of_group = [_item(party, piece) for piece in pieces if piece.cents > 0]
        of_credit = [_credit(piece) for piece in pieces if piece.cents < 0]
        _set_off(of_group, of_credit)
        items += of_group
        credits_ += of_credit
    _set_off(items, credits_)
    left = tuple(sorted((item for item in items if item.open_cents), key=_age))
    return CustomerState(party, left, sum(credit.left for credit in credits_))


def _set_off(items: list[OpenItem], credits_: list[_Credit]) -> None:
    owed = sorted((item for item in items if item.open_cents), key=_age)
    for credit in sorted(credits_, key=lambda credit: (credit.day, credit.reference)):
        for item in owed:
            cents = min(credit.left, item.open_cents)
            if cents:
                credit.left -= cents
                item.open_cents -= cents
                item.set_off.append(SetOff(credit.reference, cents, credit.whole))


def _item(party: Party, piece: Piece) -> OpenItem:
    return OpenItem(party, piece.reference, piece.day, piece.due, piece.label, piece.cents, piece.cents)


def _credit(piece: Piece) -> _Credit:
    return _Credit(piece.reference, -piece.cents, -piece.cents, piece.day)


def _age(item: OpenItem) -> tuple[date, str]:
    return item.day, item.reference
