"""The facts of a take-over: with which balances the books of a company begin here. Told by invoicing, in its words.

Unlike other facts they name accounts: the numbers are those of the books that are taken over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from accounting.facts import ThirdParty


@dataclass(frozen=True)
class OpeningBalance:
    """One line of the opening entry. `cents` is signed: a debit above zero.

    Attributes:
        account: its number, made with `account_label` when the chart has none of it.
        label: what the line says.
        third_party: the customer of a line on a customer account; None elsewhere.
        match_key: the document whose balance the line is, customer line or waiting VAT; empty for none.
        vat_rate: of a line of waiting VAT, 1/100 %.
    """

    account: str
    account_label: str
    cents: int
    label: str
    third_party: ThirdParty | None = None
    match_key: str = ""
    vat_rate: int | None = None


@dataclass(frozen=True)
class TakeoverFact:
    """Books that were kept elsewhere go on here from `opens_on`; `balances` sum to zero."""

    source: tuple[str, int]
    opens_on: date
    reference: str
    balances: tuple[OpeningBalance, ...]


@dataclass(frozen=True)
class TakeoverUndoFact:
    """The take-over of that source is taken back whole, on its own day."""

    source: tuple[str, int]
    opens_on: date
    reference: str
