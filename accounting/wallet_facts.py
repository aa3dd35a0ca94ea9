"""Plain facts about a payment processor's wallet that are not a customer's payment: fees, payouts, the rest.

Amounts are the cents by which the wallet moves, as the processor's statement signs them: above zero when the balance
grows. Told to the ledger through `record_wallet`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from accounting.facts import ThirdParty


@dataclass(frozen=True)
class ProcessorFeeFact:
    """The processor has issued its invoice of fees (one a month, VAT on the whole: PayPlug's practice).

    Attributes:
        source: the operation of the statement that shows it.
        supplier: the processor among the suppliers.
        gross_cents: what it asks for, VAT included; below zero for a credit note of its.
        vat_rate: rate of its VAT, 1/100 % (20 % for a French processor; a parameter, as law changes it).
    """

    source: tuple[str, int]
    invoiced_on: date
    reference: str
    supplier: ThirdParty
    gross_cents: int
    vat_rate: int


@dataclass(frozen=True)
class FeeTakenFact:
    """The processor has taken its fees out of the wallet: the supplier is paid. `gross_cents` as in the invoice."""

    source: tuple[str, int]
    taken_on: date
    reference: str
    supplier: ThirdParty
    gross_cents: int


@dataclass(frozen=True)
class PayoutFact:
    """The processor has sent money to the bank account (below zero), or a transfer came back (above zero)."""

    source: tuple[str, int]
    paid_on: date
    reference: str
    amount_cents: int


@dataclass(frozen=True)
class OtherActivityFact:
    """Money moved in the wallet that no document here explains: a web shop on the same account, for instance.

    Attributes:
        source: the first operation of the group that is posted together.
        count: how many operations the group has.
        amount_cents: their sum.
        is_taken_back: the group was posted before and is explained now: the waiting account is emptied of it.
    """

    source: tuple[str, int]
    day: date
    reference: str
    count: int
    amount_cents: int
    is_taken_back: bool = False


@dataclass(frozen=True)
class WalletOpeningFact:
    """What the wallet held before the books began to follow it, against an account of the chart."""

    source: tuple[str, int]
    day: date
    account_id: int
    amount_cents: int


WalletFact = ProcessorFeeFact | FeeTakenFact | PayoutFact | OtherActivityFact | WalletOpeningFact
