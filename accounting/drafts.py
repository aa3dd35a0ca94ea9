"""What a posting rule reads and makes: how the ledger stands for a document, and an entry not yet posted. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from accounting.facts import ThirdParty, Treasury, TreasuryPlace
from accounting.roles import AccountRole, JournalCode


@dataclass(frozen=True)
class KeyStanding:
    """How the ledger stands for one match key before the event.

    Attributes:
        customer_account_id: the customer account its lines are on; None before the first one.
        waiting_account_id: the account its waiting VAT is on; None when there never was any.
        waiting_cents: VAT that waits on it, per rate (1/100 %), as a credit balance.
        customer_cents: what its customer lines leave open, a debit above zero.
    """

    customer_account_id: int | None = None
    waiting_account_id: int | None = None
    waiting_cents: Mapping[int, int] = field(default_factory=dict)
    customer_cents: int = 0


NOTHING_YET = KeyStanding()


@dataclass(frozen=True)
class Standing:
    """How the ledger stands for all keys of one fact; `own_account_id`: the customer's own account, if it has one.

    `doubtful_account_id`: where doubtful receivables stand, known to facts about doubt alone.

    What is open on a document stays on the accounts it was posted on, even after the company chose others: a
    lettering never crosses accounts.
    """

    keys: Mapping[str, KeyStanding] = field(default_factory=dict)
    own_account_id: int | None = None
    doubtful_account_id: int | None = None

    def of(self, match_key: str) -> KeyStanding:
        """The standing of one key."""
        return self.keys.get(match_key, NOTHING_YET)


@dataclass(frozen=True)
class PostedShare:
    """A customer line that a collection left open to be taken back: its own line or where its surplus went since.

    `amount_cents` is the credit of the line.
    """

    line_id: int
    account_id: int
    match_key: str
    third_party: ThirdParty
    amount_cents: int


@dataclass(frozen=True)
class PostedCollection:
    """A collection as the ledger holds it now: what a reversal mirrors.

    `treasury_account_id` received the money through the journal `journal_id`.
    """

    entry_id: int
    journal_id: int
    treasury_account_id: int
    label: str
    shares: tuple[PostedShare, ...]


@dataclass(frozen=True)
class PostedWriteOff:
    """A write-off as the ledger holds it: what undoing it mirrors. `share` is its customer line."""

    entry_id: int
    piece_ref: str
    charge_account_id: int
    label: str
    share: PostedShare


@dataclass(frozen=True)
class OpenPosition:
    """What lines not lettered leave open on one account and key of one customer. `cents`: a debit above zero."""

    account_id: int
    match_key: str
    third_party: ThirdParty
    cents: int


@dataclass(frozen=True)
class LineDraft:
    """One line to post. `cents` is signed: a debit above zero, a credit below.

    `account` is a role (with `vat_rate` it may be the role's account for that rate), or the id of the account where
    the match key already stands; `sales_account` is the number of an account that is used instead of the role's.
    """

    account: AccountRole | int
    cents: int
    label: str
    vat_rate: int | None = None
    match_key: str = ""
    third_party: ThirdParty | None = None
    sales_account: str = ""


@dataclass(frozen=True)
class EntryDraft:
    """An entry to post. `day` is the true date of the piece; `post_entry` finds the open day to post on.

    `journal` is a code, or the id of the journal of an entry that is mirrored; `reverses_id` names that entry.
    """

    source: tuple[str, int]
    purpose: str
    journal: JournalCode | int
    day: date
    piece_ref: str
    label: str
    lines: tuple[LineDraft, ...]
    reverses_id: int | None = None


TREASURY: dict[Treasury, tuple[JournalCode, AccountRole]] = {
    Treasury.BANK: (JournalCode.BANK, AccountRole.BANK),
    Treasury.CHEQUES: (JournalCode.BANK, AccountRole.CHEQUES),
    Treasury.CASH: (JournalCode.CASH, AccountRole.CASH),
    Treasury.PAYPLUG: (JournalCode.WALLET, AccountRole.WALLET),
}
"""Where money comes in: the journal and the account."""


def journal_and_account(
    treasury: Treasury | TreasuryPlace,
) -> tuple[JournalCode | int, AccountRole | int]:
    """The journal and the account of the treasury side of an entry: of its role, or those the company named."""
    if isinstance(treasury, TreasuryPlace):
        return treasury.journal_id, treasury.account_id
    return TREASURY[treasury]
