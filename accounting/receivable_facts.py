"""Plain facts about what becomes of a receivable otherwise than by money: discounts, losses, doubt, money kept.

Told to the ledger through `record_receivable`. Cents above zero unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from accounting.facts import CollectionState, Share, ThirdParty, Treasury, TreasuryPlace


class WriteOffKind(StrEnum):
    """Why a part of an invoice is not asked for any more."""

    DISCOUNT = "discount"
    DIFFERENCE = "difference"
    LOSS = "loss"


class KeptKind(StrEnum):
    """Why money that a customer paid beyond what it owed is kept."""

    DIFFERENCE = "difference"
    PENALTY = "penalty"
    INDEMNITY = "indemnity"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class WriteOffFact:
    """A part of an invoice is given up.

    Attributes:
        source: the write-off.
        number: of the invoice, for the label.
        share: the invoice's match key and the cents given up, VAT included.
        vat_cents: the VAT in them that the State does not get, per rate (1/100 %), whether it waited or was due.
        collection: the state of the invoice after it.
    """

    source: tuple[str, int]
    kind: WriteOffKind
    written_on: date
    number: str
    third_party: ThirdParty
    share: Share
    vat_cents: tuple[tuple[int, int], ...] = ()
    collection: tuple[CollectionState, ...] = ()


@dataclass(frozen=True)
class WriteOffUndoFact:
    """A write-off is undone: the mirrored entry of `undoes`; `vat_cents` as it was told, `collection` after undoing."""

    source: tuple[str, int]
    undoes: tuple[str, int]
    undone_on: date
    vat_cents: tuple[tuple[int, int], ...] = ()
    collection: tuple[CollectionState, ...] = ()


@dataclass(frozen=True)
class DoubtFact:
    """What is open on an invoice stands on the account of doubtful customers from now on, or (no doubt) back.

    `purpose` tells several moves of one source apart.
    """

    source: tuple[str, int]
    moved_on: date
    number: str
    match_key: str
    third_party: ThirdParty
    is_doubtful: bool
    purpose: str = "doubt"


@dataclass(frozen=True)
class ProvisionFact:
    """A loss that is feared is provided for (above zero), or the provision is taken back (below)."""

    source: tuple[str, int]
    provided_on: date
    number: str
    third_party: ThirdParty
    amount_cents: int


@dataclass(frozen=True)
class KeptSurplusFact:
    """A surplus that a customer paid is kept, with a reason.

    Attributes:
        source: the record of it.
        share: the match key on which the surplus stands, and the cents that are kept.
        vat_cents: VAT in them, per rate: of a recovery of what had been lost.
        undoes: the record that this one takes back; the sides are turned round then.
    """

    source: tuple[str, int]
    kind: KeptKind
    kept_on: date
    third_party: ThirdParty
    share: Share
    number: str = ""
    vat_cents: tuple[tuple[int, int], ...] = ()
    undoes: tuple[str, int] | None = None


@dataclass(frozen=True)
class BankFeeFact:
    """The bank has charged for a payment that it sent back."""

    source: tuple[str, int]
    charged_on: date
    reference: str
    label: str
    treasury: Treasury | TreasuryPlace
    amount_cents: int


ReceivableFact = WriteOffFact | WriteOffUndoFact | DoubtFact | ProvisionFact | KeptSurplusFact | BankFeeFact
