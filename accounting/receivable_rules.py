"""The posting rules of what becomes of a receivable otherwise than by money. Pure, like `posting_rules`.

D debit, C credit, French labels. All in the journal of general operations (OD) but the bank's own fee and what is asked
of a customer who pays late, which is income of the sales journal (VE). The accounts are
those of the plan comptable général as they are usually used (practice); each is a role of which a company may choose
another account.
"""

from __future__ import annotations

from accounting.drafts import (
    EntryDraft,
    LineDraft,
    OpenPosition,
    PostedWriteOff,
    Standing,
    journal_and_account,
)
from accounting.receivable_facts import (
    BankFeeFact,
    DoubtFact,
    KeptKind,
    KeptSurplusFact,
    ProvisionFact,
    WriteOffFact,
    WriteOffKind,
    WriteOffUndoFact,
)
from accounting.roles import AccountRole, JournalCode
from accounting.rule_lines import customer_lines, vat_lines, waiting_changes, without_zeros

_R = AccountRole
_CHARGES = {
    WriteOffKind.DISCOUNT: ("ESC", "Escompte accordé", _R.DISCOUNTS_GIVEN),
    WriteOffKind.DIFFERENCE: ("DIF", "Différence de règlement", _R.DIFFERENCE_LOSS),
    WriteOffKind.LOSS: ("PER", "Créance irrécouvrable", _R.BAD_DEBTS),
}
_INCOME = {
    KeptKind.DIFFERENCE: ("Différence de règlement", _R.DIFFERENCE_GAIN),
    KeptKind.PENALTY: ("Pénalités de retard", _R.LATE_PENALTIES),
    KeptKind.INDEMNITY: ("Indemnité de recouvrement", _R.RECOVERY_INDEMNITIES),
    KeptKind.RECOVERY: ("Rentrée sur créance amortie", _R.DEBTS_RECOVERED),
}
_JOURNALS = {
    KeptKind.DIFFERENCE: JournalCode.GENERAL,
    KeptKind.PENALTY: JournalCode.SALES,
    KeptKind.INDEMNITY: JournalCode.SALES,
    KeptKind.RECOVERY: JournalCode.GENERAL,
}


def write_off(fact: WriteOffFact, standing: Standing) -> EntryDraft:
    """A part of an invoice is given up.

    Discount:    D 665 net; D 44571 its VAT per rate (44574 where it still waits), as the price is lower (CGI art. 267,
                 II 1); C 411. Without taking VAT back, D 665 the whole.
    Difference:  D 658 the whole; C 411. It counts as collected: VAT that still waited for these cents falls due.
    Loss:        D 654 net; D 44574 VAT that never fell due; D 44571 VAT that was paid to the State and is taken back
                 (CGI art. 272, 1); C 416 where the customer is doubtful, else 411.
    """
    stem, what, role = _CHARGES[fact.kind]
    label = f"{what} {fact.number} {fact.third_party.label}"
    vat = dict(fact.vat_cents)
    lines = [
        LineDraft(role, fact.share.amount_cents - sum(vat.values()), label),
        *vat_lines({rate: -cents for rate, cents in vat.items()}, waiting_changes(fact.collection, standing), label),
        *customer_lines((fact.share,), fact.third_party, -1, label, standing),
    ]  # fmt: skip
    return EntryDraft(
        source=fact.source, purpose="write_off", journal=JournalCode.GENERAL, day=fact.written_on,
        piece_ref=_piece(stem, fact.source), label=label, lines=without_zeros(lines),
    )  # fmt: skip


def write_off_undo(fact: WriteOffUndoFact, posted: PostedWriteOff, standing: Standing) -> EntryDraft:
    """A write-off is undone: D 411 or 416, where it had been credited; C the account of charges; VAT back."""
    label = f"Annulation {posted.label}"
    gross = posted.share.amount_cents
    vat = dict(fact.vat_cents)
    lines = [
        LineDraft(
            posted.share.account_id, gross, label,
            match_key=posted.share.match_key, third_party=posted.share.third_party,
        ),
        LineDraft(posted.charge_account_id, sum(vat.values()) - gross, label),
        *vat_lines(vat, waiting_changes(fact.collection, standing), label),
    ]  # fmt: skip
    return EntryDraft(
        source=fact.source, purpose="write_off_undo", journal=JournalCode.GENERAL, day=fact.undone_on,
        piece_ref=posted.piece_ref, label=label, lines=without_zeros(lines), reverses_id=posted.entry_id,
    )  # fmt: skip


def doubt(fact: DoubtFact, positions: tuple[OpenPosition, ...], standing: Standing) -> EntryDraft | None:
    """A receivable becomes doubtful: D 416; C 411, VAT included (PCG art. 944-41). No longer: the sides turned round.

    Only what does not stand there already moves.
    """
    what = "Client douteux" if fact.is_doubtful else "Fin de créance douteuse"
    label = f"{what} {fact.number} {fact.third_party.label}"
    target = standing.doubtful_account_id if fact.is_doubtful else standing.own_account_id
    assert target is not None, "facts about doubt know both accounts"
    moves = [position for position in positions if position.account_id != target]
    lines = [
        LineDraft(account, cents, label, match_key=position.match_key, third_party=position.third_party)
        for position in moves
        for account, cents in ((target, position.cents), (position.account_id, -position.cents))
    ]
    if not lines:
        return None
    return EntryDraft(
        source=fact.source, purpose=fact.purpose, journal=JournalCode.GENERAL, day=fact.moved_on,
        piece_ref=_piece("DTX", fact.source), label=label, lines=tuple(lines),
    )  # fmt: skip


def provision(fact: ProvisionFact) -> EntryDraft:
    """A provision for a doubtful receivable: D 6817; C 491, of the net amount. Taken back: D 491; C 7817."""
    what = "Dépréciation" if fact.amount_cents > 0 else "Reprise de dépréciation"
    label = f"{what} {fact.number} {fact.third_party.label}"
    role = AccountRole.PROVISION_CHARGE if fact.amount_cents > 0 else AccountRole.PROVISION_REVERSAL
    lines = (
        LineDraft(role, fact.amount_cents, label),
        LineDraft(AccountRole.PROVISION, -fact.amount_cents, label),
    )
    return EntryDraft(
        source=fact.source, purpose="provision", journal=JournalCode.GENERAL, day=fact.provided_on,
        piece_ref=_piece("DEP", fact.source), label=label, lines=without_zeros(lines),
    )  # fmt: skip


def kept_surplus(fact: KeptSurplusFact, standing: Standing, *, undone_in: int | None = None) -> EntryDraft:
    """Money beyond what was owed is kept.

    Difference:  D 411; C 758 (OD)
    Penalty:     D 411; C 763 late penalties; indemnity of 40 EUR (C. com. D441-5): C 758. Both outside VAT, in the
                 sales journal (practice).
    Recovery:    D 411; C 7583 net; C 44571 its VAT, due again on what is paid of a lost receivable (CGI art. 272, 1)
                 (OD)

    Taken back: the sides turned round, in the journal `undone_in` that what is undone was posted in.
    """
    side = 1 if fact.undoes is None else -1
    what, role = _INCOME[fact.kind]
    words = ("Annulation" if fact.undoes else "", what, fact.number, fact.third_party.label)
    label = " ".join(word for word in words if word)
    vat = dict(fact.vat_cents)
    lines = [
        *customer_lines((fact.share,), fact.third_party, side, label, standing),
        LineDraft(role, -side * (fact.share.amount_cents - sum(vat.values())), label),
        *vat_lines({rate: side * cents for rate, cents in vat.items()}, [], label),
    ]
    return EntryDraft(
        source=fact.source, purpose="kept_surplus", journal=undone_in or _JOURNALS[fact.kind], day=fact.kept_on,
        piece_ref=_piece("PRO", fact.undoes or fact.source), label=label, lines=without_zeros(lines),
    )  # fmt: skip


def bank_fee(fact: BankFeeFact) -> EntryDraft:
    """The bank's fee for a payment that it sent back (journal of the bank): D 627; C 512.

    Fees for incidents of payment bear no VAT (CGI art. 261 C, 1 c) (practice).
    """
    journal, bank = journal_and_account(fact.treasury)
    lines = (
        LineDraft(AccountRole.BANK_FEES, fact.amount_cents, fact.label),
        LineDraft(bank, -fact.amount_cents, fact.label),
    )
    return EntryDraft(
        source=fact.source, purpose="bank_fee", journal=journal, day=fact.charged_on,
        piece_ref=fact.reference, label=fact.label, lines=lines,
    )  # fmt: skip


def _piece(stem: str, source: tuple[str, int]) -> str:
    """The reference of the piece (a FEC has no empty one): the number of the record itself."""
    return f"{stem}{source[1]:06d}"
