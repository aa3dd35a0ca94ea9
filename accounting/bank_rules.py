"""The posting rules of a bank account. Pure, like `posting_rules`; D debit, C credit, French labels."""

from __future__ import annotations

from datetime import date

from accounting.bank_facts import BankFact, BankLineFact, BankPlace, ChequeDepositFact, PayoutArrivedFact
from accounting.drafts import EntryDraft, LineDraft
from accounting.roles import AccountRole


def bank_entry(fact: BankFact) -> EntryDraft:
    """The entry of one fact."""
    match fact:
        case ChequeDepositFact():
            return cheque_deposit(fact)
        case PayoutArrivedFact():
            return payout_arrived(fact)
        case BankLineFact():
            return bank_line(fact)


def cheque_deposit(fact: ChequeDepositFact) -> EntryDraft:
    """Cheques are handed in on a slip (journal of the bank): D 512 bank; C 5112 cheques to cash, the total (practice).

    Taken back, or one cheque of it unpaid: D 5112; C 512. A cheque that came back is then taken off the customer's
    payment by the mirror of its collection (D 411; C 5112), so that 5112 ends where it was.
    """
    what = "Chèque revenu de la remise" if fact.is_taken_back else "Remise de chèques"
    label = f"{what} {fact.reference} ({fact.count} chèque{'s' if fact.count > 1 else ''})"
    return _draft(fact, "cheque_deposit", fact.deposited_on, label, AccountRole.CHEQUES)


def payout_arrived(fact: PayoutArrivedFact) -> EntryDraft:
    """An internal transfer arrives (journal of the bank): D 512 bank; C 58 internal transfers.

    The other account's journal had debited 58 when the money left it; 58 ends at zero (PCG class 58).
    """
    what = "Annulation virement interne" if fact.is_taken_back else "Virement interne"
    return _draft(fact, "payout_arrived", fact.day, f"{what} {fact.reference}", AccountRole.TRANSFERS)


def bank_line(fact: BankLineFact) -> EntryDraft:
    """A line of the statement goes to an account that a person chose (journal of the bank): D 512; C that account, or
    inverse for money that went out (D 627 fees; C 512)."""
    label = f"Annulation {fact.wording}" if fact.is_taken_back else fact.wording
    return _draft(fact, "bank_line", fact.day, label, fact.account_id)


def _draft(fact: BankFact, purpose: str, day: date, label: str, other: AccountRole | int) -> EntryDraft:
    bank: BankPlace = fact.bank
    cents = -fact.amount_cents if fact.is_taken_back else fact.amount_cents
    return EntryDraft(
        source=fact.source, purpose=f"{purpose}_back" if fact.is_taken_back else purpose, journal=bank.journal, day=day,
        piece_ref=fact.reference, label=label,
        lines=(LineDraft(bank.account, cents, label), LineDraft(other, -cents, label)),
    )  # fmt: skip
