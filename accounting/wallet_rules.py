"""The posting rules of a payment processor's wallet. Pure, like `posting_rules`; D debit, C credit, French labels.

The wallet is a bank account of the company (PCG class 512): everything is booked gross, nothing is netted.
"""

from __future__ import annotations

from collections.abc import Iterable

from accounting.drafts import EntryDraft, LineDraft
from accounting.roles import AccountRole, JournalCode
from accounting.wallet_facts import (
    FeeTakenFact,
    OtherActivityFact,
    PayoutFact,
    ProcessorFeeFact,
    WalletFact,
    WalletOpeningFact,
)
from core.money import round_half_up_div


def wallet_entry(fact: WalletFact) -> EntryDraft:
    """The entry of one fact."""
    match fact:
        case ProcessorFeeFact():
            return processor_fee(fact)
        case FeeTakenFact():
            return fee_taken(fact)
        case PayoutFact():
            return payout(fact)
        case OtherActivityFact():
            return other_activity(fact)
        case WalletOpeningFact():
            return wallet_opening(fact)


def included_vat(gross_cents: int, vat_rate: int) -> int:
    """The VAT inside a gross amount, half-up, at a rate in 1/100 %: on the whole of an invoice, never by line."""
    return round_half_up_div(gross_cents * vat_rate, 10_000 + vat_rate)


def processor_fee(fact: ProcessorFeeFact) -> EntryDraft:
    """The processor's invoice of fees (journal AC).

    D 627 net; D 44566 VAT; C 401 processor, gross. A credit note of the processor: the sides turned round.
    """
    kind = "Facture" if fact.gross_cents > 0 else "Avoir"
    label = f"{kind} {fact.supplier.label} {fact.reference}"
    vat = included_vat(fact.gross_cents, fact.vat_rate)
    lines = (
        LineDraft(AccountRole.PROCESSOR_FEES, fact.gross_cents - vat, label),
        LineDraft(AccountRole.VAT_DEDUCTIBLE, vat, label),
        LineDraft(
            AccountRole.SUPPLIERS, -fact.gross_cents, label,
            match_key=_fee_key(fact.source), third_party=fact.supplier,
        ),
    )  # fmt: skip
    return EntryDraft(
        source=fact.source, purpose="fee_invoice", journal=JournalCode.PURCHASES, day=fact.invoiced_on,
        piece_ref=fact.reference, label=label, lines=_without_zeros(lines),
    )  # fmt: skip


def fee_taken(fact: FeeTakenFact) -> EntryDraft:
    """The processor takes what it invoiced out of the wallet (journal PP): D 401 processor; C 512 wallet."""
    label = f"Prélèvement {fact.supplier.label} {fact.reference}"
    lines = (
        LineDraft(
            AccountRole.SUPPLIERS, fact.gross_cents, label,
            match_key=_fee_key(fact.source), third_party=fact.supplier,
        ),
        LineDraft(AccountRole.WALLET, -fact.gross_cents, label),
    )  # fmt: skip
    return EntryDraft(
        source=fact.source, purpose="fee_taken", journal=JournalCode.WALLET, day=fact.taken_on,
        piece_ref=fact.reference, label=label, lines=lines,
    )  # fmt: skip


def payout(fact: PayoutFact) -> EntryDraft:
    """A transfer to the bank (journal PP): D 58 internal transfers; C 512 wallet. The bank's statement empties 58."""
    label = f"Virement PayPlug {fact.reference}"
    return EntryDraft(
        source=fact.source, purpose="payout", journal=JournalCode.WALLET, day=fact.paid_on,
        piece_ref=fact.reference, label=label, lines=_wallet_against(AccountRole.TRANSFERS, fact.amount_cents, label),
    )  # fmt: skip


def other_activity(fact: OtherActivityFact) -> EntryDraft:
    """Activity of the wallet that no document explains (journal PP): D 512 wallet; C 471 waiting account, or inverse.

    Taken back: the same with the sides turned round, once a document explains the money.
    """
    side = -1 if fact.is_taken_back else 1
    what = "Reclassement activité" if fact.is_taken_back else "Autre activité"
    label = f"{what} PayPlug ({fact.count} opération{'s' if fact.count > 1 else ''})"
    return EntryDraft(
        source=fact.source, purpose="other_activity_back" if fact.is_taken_back else "other_activity",
        journal=JournalCode.WALLET, day=fact.day, piece_ref=fact.reference, label=label,
        lines=_wallet_against(AccountRole.SUSPENSE, side * fact.amount_cents, label),
    )  # fmt: skip


def wallet_opening(fact: WalletOpeningFact) -> EntryDraft:
    """What the wallet held before (journal OD): D 512 wallet; C the account chosen, or inverse below zero."""
    label = "Solde initial PayPlug"
    return EntryDraft(
        source=fact.source, purpose="wallet_opening", journal=JournalCode.GENERAL, day=fact.day,
        piece_ref=f"PP{fact.day:%Y%m%d}", label=label,
        lines=_wallet_against(fact.account_id, fact.amount_cents, label),
    )  # fmt: skip


def _wallet_against(account: AccountRole | int, cents: int, label: str) -> tuple[LineDraft, ...]:
    return _without_zeros((LineDraft(AccountRole.WALLET, cents, label), LineDraft(account, -cents, label)))


def _fee_key(source: tuple[str, int]) -> str:
    """The match key under which the invoice and its payment are lettered."""
    return f"{source[0]}:{source[1]}"


def _without_zeros(lines: Iterable[LineDraft]) -> tuple[LineDraft, ...]:
    return tuple(line for line in lines if line.cents)
