"""Plain facts that invoicing and the payment bridge tell the ledger. No row, no account number: keys, dates, cents.

A *match key* (`invoice:12`, `payment:5`) names the document whose customer balance a line moves; lines of one key
that sum to zero are lettered. A *source* (kind, id) with the fact's purpose makes the entry unique.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class SupplyKind(StrEnum):
    """Goods or services: decides the sales account and when VAT falls due."""

    GOODS = "goods"
    SERVICE = "service"


class SaleTreatment(StrEnum):
    """How VAT treats a sale: decides the sales account, so that what is not taxed can be read from the books.

    A sale of a company under the franchise (CGI art. 293 B) is an ordinary one to its books: all its sales are so.
    """

    ORDINARY = "ordinary"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"
    INTRA_EU = "intra_eu"
    EXPORT = "export"
    OUTSIDE_SCOPE = "outside_scope"
    DISBURSEMENT = "disbursement"


class VatRegime(StrEnum):
    """When VAT on services is due: on collection (the rule) or at invoicing (the option "debits")."""

    COLLECTION = "collection"
    DEBITS = "debits"


class Treasury(StrEnum):
    """Where money comes in: the account role of the treasury side of a collection."""

    BANK = "bank"
    CASH = "cash"
    CHEQUES = "cheques"
    PAYPLUG = "payplug"


@dataclass(frozen=True)
class TreasuryPlace:
    """A treasury account of the company, where it is not the usual one; `treasury_accounts.treasury_place` makes it."""

    journal_id: int
    account_id: int


@dataclass(frozen=True)
class ThirdParty:
    """The customer in the books: auxiliary code (`C00012`), the name to print beside it, its own account if any."""

    code: str
    label: str
    account: str = ""


@dataclass(frozen=True)
class SaleLine:
    """What a document says at one VAT rate (1/100 %) for goods or services. Cents, positive in the document's sense.

    `sales_account` is the number of an account of its own (`sales_accounts`); empty: that of its treatment and kind.
    `is_deposit`: an advance, asked for by a deposit invoice or (below zero) deducted by a final one; no sale yet.
    """

    kind: SupplyKind
    vat_rate: int
    net_cents: int
    vat_cents: int
    treatment: SaleTreatment = SaleTreatment.ORDINARY
    sales_account: str = ""
    is_deposit: bool = False


@dataclass(frozen=True)
class CollectionState:
    """Where a document stands for VAT on collection after the event (accounting.md §4). All cents.

    Attributes:
        match_key: the invoice.
        total_cents: T, total including VAT less credit notes.
        collected_cents: P, collected less refunded and disputed, at most T.
        waiting_cents: W_r, per VAT rate (1/100 %): VAT that waits for collection, less credit notes.
        is_advance: a deposit that is booked when it is paid: none of its VAT waits in the books, what falls due of it
            stands on an account of its own until a final invoice deducts it.
    """

    match_key: str
    total_cents: int
    collected_cents: int
    waiting_cents: tuple[tuple[int, int], ...]
    is_advance: bool = False


@dataclass(frozen=True)
class Share:
    """A part of a customer-account movement: the cents that go to one match key.

    `is_advance`: the key is of a deposit that is booked when it is paid, so it stands among the deposits received.
    """

    match_key: str
    amount_cents: int
    is_advance: bool = False


@dataclass(frozen=True)
class DeductedDeposit:
    """A deposit booked when it is paid, as a final invoice deducts it (or the credit note of that invoice frees it).

    Until then it stands on `advance_key` with what was paid of it, from then on as a receivable on `invoice_key`; a
    key stands on one customer account and one account of VAT.

    Attributes:
        number: of the deposit invoice.
        total_cents: T, VAT included, less credit notes.
        vat_cents: V_r, its VAT per rate (1/100 %), less credit notes.
        deducted_cents: net, what the final invoice's lines take off for it.
    """

    number: str
    advance_key: str
    invoice_key: str
    total_cents: int
    vat_cents: tuple[tuple[int, int], ...]
    deducted_cents: int


@dataclass(frozen=True)
class SaleFact:
    """An invoice or credit note was issued.

    Attributes:
        is_credit: True for a credit note: every side is turned round, amounts stay positive.
        shares: how the customer line is split by match key; sums to the gross total. One share for an invoice; for a
            credit note one per settlement and one for what is left as credit.
        rounding_cents: what the gross total has above net + VAT (BT-114), may be negative.
        vat_waits: all of its VAT waits until it is paid, whatever is sold and whatever the regime: a deposit invoice.
        collection: for a credit note, the state of each invoice it credits (its VAT may move back).
        takes_back: the documents whose amounts it takes back: the invoice it credits, the deposits it deducts.
        is_later_discount: a credit note that grants a reduction after the sale, and does not cancel the sale.
        deposits: of the deposits it deducts (a credit note: frees), those that are booked when they are paid.
    """

    source: tuple[str, int]
    is_credit: bool
    number: str
    issue_date: date
    third_party: ThirdParty
    lines: tuple[SaleLine, ...]
    regime: VatRegime
    shares: tuple[Share, ...]
    rounding_cents: int = 0
    vat_waits: bool = False
    collection: tuple[CollectionState, ...] = ()
    takes_back: tuple[tuple[str, int], ...] = ()
    is_later_discount: bool = False
    deposits: tuple[DeductedDeposit, ...] = ()


@dataclass(frozen=True)
class AdvanceCreditFact:
    """A credit note of a deposit that is booked when it is paid: only what had been paid moves.

    `advance` is what leaves the deposit; it becomes credit on `credit_key`. Zero where nothing of it was paid.
    """

    source: tuple[str, int]
    number: str
    issue_date: date
    third_party: ThirdParty
    advance: Share
    credit_key: str
    collection: tuple[CollectionState, ...] = ()


@dataclass(frozen=True)
class CollectionFact:
    """Money of a customer came in. `shares` sum to the amount: one per settlement, one for the surplus."""

    source: tuple[str, int]
    treasury: Treasury | TreasuryPlace
    paid_on: date
    reference: str
    third_party: ThirdParty
    shares: tuple[Share, ...]
    collection: tuple[CollectionState, ...] = ()


@dataclass(frozen=True)
class MovedKey:
    """A deposit whose payments may stand on `before`, while it stands on `now` since (see `DeductedDeposit`)."""

    before: str
    now: str
    is_advance: bool


@dataclass(frozen=True)
class CollectionReversalFact:
    """A recorded payment was taken back (cancelled, rejected): the mirrored entry of the collection `reverses`.

    Which customer lines are mirrored the ledger knows itself: those of the collection and, where its surplus was used
    since, those it went to. `collection` has the state of every document it had paid, after taking it back; `moved`
    the deposits among them that have changed their key since.
    """

    source: tuple[str, int]
    reverses: tuple[str, int]
    reversed_on: date
    reference: str
    collection: tuple[CollectionState, ...] = ()
    moved: tuple[MovedKey, ...] = ()


@dataclass(frozen=True)
class RefundFact:
    """Money of a customer went back. `shares` sum to the amount: what it opens again, or what credit it gives back."""

    source: tuple[str, int]
    treasury: Treasury | TreasuryPlace
    refunded_on: date
    reference: str
    third_party: ThirdParty
    shares: tuple[Share, ...]
    collection: tuple[CollectionState, ...] = ()


@dataclass(frozen=True)
class DisputeFact(RefundFact):
    """A customer's bank took its money back (chargeback): booked as a refund, named for what it is."""


@dataclass(frozen=True)
class DisputeWonFact(CollectionFact):
    """The money of a dispute came back: booked as a collection, on what the dispute had opened."""


@dataclass(frozen=True)
class CreditUseFact:
    """A surplus (of a payment or credit note) is used on documents, in whole or part: an OD entry that splits it.

    The line of `surplus_key` is taken back in full and posted again as `shares` (which keep the remainder under a
    new key, if any), so that every lettering sums to zero.
    """

    source: tuple[str, int]
    used_on: date
    reference: str
    third_party: ThirdParty
    surplus_key: str
    surplus_cents: int
    shares: tuple[Share, ...]
    collection: tuple[CollectionState, ...] = ()


@dataclass(frozen=True)
class BalanceMoveFact:
    """What is open on customers goes to the customer that took them over; what was posted keeps its auxiliary code.

    Attributes:
        source: the merge, or the record that opened something again on a customer merged before.
        from_codes: auxiliary codes of the customers that were taken over.
        third_party: who answers for their balances from now on.
        reference: of the piece.
    """

    source: tuple[str, int]
    moved_on: date
    reference: str
    from_codes: tuple[str, ...]
    third_party: ThirdParty


Fact = (
    SaleFact
    | AdvanceCreditFact
    | CollectionFact
    | CollectionReversalFact
    | RefundFact
    | CreditUseFact
    | BalanceMoveFact
)
