"""The posting rules: a fact becomes a balanced entry. Pure: no database, no clock.

Each rule stands under its scheme (D debit, C credit), as an accountant writes it. The schemes are those of French
practice under the plan comptable général; every account is a role that the company may give another number. Labels
are French because the books are. Called by `record`; what the ledger already holds comes in as `Standing`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from accounting.advance_rules import deducted_cents, deducted_lines, deducted_rounding_cents
from accounting.drafts import (
    EntryDraft,
    LineDraft,
    OpenPosition,
    PostedCollection,
    Standing,
    journal_and_account,
)
from accounting.facts import (
    BalanceMoveFact,
    CollectionFact,
    CollectionReversalFact,
    CreditUseFact,
    DisputeFact,
    DisputeWonFact,
    RefundFact,
    SaleFact,
    SaleTreatment,
    Share,
    SupplyKind,
    VatRegime,
)
from accounting.roles import AccountRole, JournalCode
from accounting.rule_lines import (
    VatByRate,
    WaitingChange,
    collection_vat_lines,
    customer_lines,
    vat_lines,
    waiting_changes,
    without_zeros,
)


def sale(fact: SaleFact, standing: Standing) -> EntryDraft | None:
    """An invoice or a credit note was issued (journal VE).

    Invoice:      D 411 customer, gross
                  C 706 / 707 net, per rate; without VAT on an account of its own by treatment (exempt, reverse
                  charge, inside the EU, export, outside the scope), or on the account that the line names
                  C 467 disbursements: advanced for the customer, no income
                  C 44571 VAT, per rate: goods, and services under the option for debits
                  C 44574 VAT, per rate: services taxed on collection
                  C 758 or D 658: rounding to a total that no net amount gives (BT-114)
    Deposit:      D 411 customer, gross
                  C 4191 net: money in advance is a debt, no income (PCG, class 4)
                  C 44574 VAT, per rate: due when the deposit is received, for services (CGI art. 269, 2 c) and for
                  goods (art. 269, 2 a, since 1 January 2023); until then it waits, under any regime
    Final:        as an invoice, less what its deposits said: D 4191 net, D 44571 / 44574 their VAT, so that only the
                  VAT on the difference is booked; D 411 is what remains to be paid
                  Of deposits that were booked when they were paid: `advance_rules.deducted_lines` instead of D 4191
    Credit note:  the same with the sides turned round; on 44574 only what the invoice still has waiting, the rest is
                  taken back on 44571.
    Discount granted after the sale (rabais, remise, ristourne): as a credit note, but D 709 instead of 706 / 707: the
                  sale stands (PCG, 709; accounting practice)

    A document on which nothing is owed is settled when it is issued: its VAT, if any, does not wait.
    """
    side = -1 if fact.is_credit else 1
    label = f"{'Avoir' if fact.is_credit else 'Facture'} {fact.number} {fact.third_party.label}"
    lines = [
        *customer_lines(fact.shares, fact.third_party, side, label, standing),
        *_sales_lines(fact, side, label),
        *vat_lines(*_vat_of_sale(fact, standing), label),
        *_rounding_lines(fact.rounding_cents + deducted_rounding_cents(fact), side, label),
        *deducted_lines(fact, standing),
    ]
    posted = without_zeros(lines)
    if not posted:
        return None
    return EntryDraft(
        source=fact.source, purpose="sale", journal=JournalCode.SALES, day=fact.issue_date,
        piece_ref=fact.number, label=label, lines=posted,
    )  # fmt: skip


def collection(fact: CollectionFact, standing: Standing) -> EntryDraft:
    """Money of a customer came in (journal of the treasury account: BQ, CA, PP).

    D 512 / 5112 / 530 / 512 PayPlug, gross: a processor's fees are booked from its own invoice, never netted
    C 411 customer, one line per document paid and one for the surplus
    D 44574 / C 44571, per rate: VAT that falls due because it was collected (CGI art. 269, 2 c)

    The money of a dispute that was won comes in the same way, on what the dispute had opened.
    """
    journal, treasury = journal_and_account(fact.treasury)
    piece_ref = _receipt_number(fact)
    is_won = isinstance(fact, DisputeWonFact)
    label = f"{'Impayé régularisé' if is_won else 'Encaissement'} {piece_ref} {fact.third_party.label}"
    total = sum(share.amount_cents for share in fact.shares)
    lines = [
        LineDraft(treasury, total, label),
        *customer_lines(fact.shares, fact.third_party, -1, label, standing),
        *collection_vat_lines(fact.collection, standing, label),
    ]
    return EntryDraft(
        source=fact.source, purpose="dispute_won" if is_won else "collection", journal=journal, day=fact.paid_on,
        piece_ref=piece_ref, label=label, lines=without_zeros(lines),
    )  # fmt: skip


def refund(fact: RefundFact, standing: Standing) -> EntryDraft:
    """Money went back to a customer, or its bank took it back (journal of the treasury account it had come in by).

    D 411 customer, one line per document that is owed again and per credit that is given back
    C 512 PayPlug / 512 / 530 the treasury account: what went out, a dispute's fee comes with the processor's invoice
    D 44571 / C 44574, per rate: VAT that waits again, because it is no longer collected (accounting practice)
    """
    journal, treasury = journal_and_account(fact.treasury)
    piece_ref = _receipt_number(fact)
    is_dispute = isinstance(fact, DisputeFact)
    label = f"{'Impayé' if is_dispute else 'Remboursement'} {piece_ref} {fact.third_party.label}"
    lines = [
        *customer_lines(fact.shares, fact.third_party, 1, label, standing),
        LineDraft(treasury, -sum(share.amount_cents for share in fact.shares), label),
        *collection_vat_lines(fact.collection, standing, label),
    ]
    return EntryDraft(
        source=fact.source, purpose="dispute" if is_dispute else "refund", journal=journal, day=fact.refunded_on,
        piece_ref=piece_ref, label=label, lines=without_zeros(lines),
    )  # fmt: skip


def collection_reversal(
    fact: CollectionReversalFact, posted: PostedCollection, standing: Standing
) -> EntryDraft:
    """A recorded collection was taken back: cancelled, cheque or direct debit rejected (the journal it came in by).

    D 411 customer, one line for each one that the collection left open, on the same key
    C 512 … the treasury account that had received it
    D 44571 / C 44574, per rate: VAT that waits again
    """
    piece_ref = _receipt_number(fact)
    label = f"Annulation {posted.label}"
    lines = [
        *(
            LineDraft(
                share.account_id, share.amount_cents, label,
                match_key=share.match_key, third_party=share.third_party,
            )
            for share in posted.shares
        ),
        LineDraft(posted.treasury_account_id, -sum(share.amount_cents for share in posted.shares), label),
        *collection_vat_lines(fact.collection, standing, label),
    ]  # fmt: skip
    return EntryDraft(
        source=fact.source, purpose="collection_reversal", journal=posted.journal_id, day=fact.reversed_on,
        piece_ref=piece_ref, label=label, lines=without_zeros(lines), reverses_id=posted.entry_id,
    )  # fmt: skip


def credit_use(fact: CreditUseFact, standing: Standing) -> EntryDraft:
    """A customer's surplus is used on documents (journal OD).

    D 411 customer, the whole surplus, on the key it stood on
    C 411 customer, one line per document and one for what is left, on a key of its own
    D 44574 / C 44571, per rate: VAT of the documents that are paid by it
    """
    piece_ref = _receipt_number(fact)
    label = f"Imputation {piece_ref} {fact.third_party.label}"
    surplus = Share(fact.surplus_key, fact.surplus_cents)
    lines = [
        *customer_lines((surplus,), fact.third_party, 1, label, standing),
        *customer_lines(fact.shares, fact.third_party, -1, label, standing),
        *collection_vat_lines(fact.collection, standing, label),
    ]
    return EntryDraft(
        source=fact.source, purpose="credit_use", journal=JournalCode.GENERAL, day=fact.used_on,
        piece_ref=piece_ref, label=label, lines=without_zeros(lines),
    )  # fmt: skip


def balance_move(fact: BalanceMoveFact, positions: tuple[OpenPosition, ...]) -> EntryDraft | None:
    """What is open on a customer goes to the one that took it over (journal OD); the account stays.

    C 411 the customer taken over, per key, what is open (D where it has credit)
    D 411 the customer that took it over, on the same key (C where it has credit)
    """
    label = f"Reprise du solde par {fact.third_party.label}"
    lines = [
        LineDraft(position.account_id, cents, label, match_key=position.match_key, third_party=party)
        for position in positions
        for cents, party in (
            (-position.cents, position.third_party),
            (position.cents, fact.third_party),
        )
    ]
    if not lines:
        return None
    return EntryDraft(
        source=fact.source, purpose="balance_move", journal=JournalCode.GENERAL, day=fact.moved_on,
        piece_ref=fact.reference, label=label, lines=tuple(lines),
    )  # fmt: skip


def _sales_lines(fact: SaleFact, side: int, label: str) -> Iterator[LineDraft]:
    elsewhere = deducted_cents(fact)
    if elsewhere:
        # What was booked when it was paid is none of the net that stands on 4191.
        deducted = sum(line.net_cents for line in fact.lines if line.is_deposit)
        yield LineDraft(AccountRole.DEPOSITS, -side * (deducted + elsewhere), label)
    for line in fact.lines:
        if line.is_deposit:
            if not elsewhere:
                yield LineDraft(AccountRole.DEPOSITS, -side * line.net_cents, label)
            continue
        if fact.is_later_discount and line.treatment is not SaleTreatment.DISBURSEMENT:
            yield LineDraft(_REBATES[line.kind], -side * line.net_cents, label, vat_rate=line.vat_rate)
            continue
        yield LineDraft(
            _SALES[line.treatment][line.kind], -side * line.net_cents, label,
            vat_rate=line.vat_rate, sales_account=line.sales_account,
        )  # fmt: skip


def _roles(service: AccountRole, goods: AccountRole) -> dict[SupplyKind, AccountRole]:
    return {SupplyKind.SERVICE: service, SupplyKind.GOODS: goods}


_A, _T = AccountRole, SaleTreatment
_SALES: dict[SaleTreatment, dict[SupplyKind, AccountRole]] = {
    _T.ORDINARY: _roles(_A.SALES_SERVICE, _A.SALES_GOODS),
    _T.EXEMPT: _roles(_A.SALES_SERVICE_EXEMPT, _A.SALES_GOODS_EXEMPT),
    _T.REVERSE_CHARGE: _roles(_A.SALES_REVERSE_CHARGE, _A.SALES_REVERSE_CHARGE),
    _T.INTRA_EU: _roles(_A.SALES_SERVICE_EU, _A.SALES_GOODS_EU),
    _T.EXPORT: _roles(_A.SALES_EXPORT, _A.SALES_EXPORT),
    _T.OUTSIDE_SCOPE: _roles(_A.SALES_OUTSIDE_SCOPE, _A.SALES_OUTSIDE_SCOPE),
    _T.DISBURSEMENT: _roles(_A.DISBURSEMENTS, _A.DISBURSEMENTS),
}

_REBATES = _roles(_A.REBATES_SERVICE, _A.REBATES_GOODS)


def _vat_of_sale(fact: SaleFact, standing: Standing) -> tuple[VatByRate, list[WaitingChange]]:
    """All VAT of the document per rate, as a credit, and what of it goes to or comes off the waiting account."""
    side = -1 if fact.is_credit else 1
    total: VatByRate = defaultdict(int)
    waiting: VatByRate = defaultdict(int)
    for line in fact.lines:
        total[line.vat_rate] += side * line.vat_cents
        on_collection = line.kind is SupplyKind.SERVICE and fact.regime is VatRegime.COLLECTION
        if fact.shares and (fact.vat_waits or on_collection):
            waiting[line.vat_rate] += line.vat_cents
    if fact.is_credit:
        assert fact.collection or not any(waiting.values()), (
            "a credit note needs the state of what it credits"
        )
        return total, waiting_changes(fact.collection, standing)
    key = fact.shares[0].match_key if fact.shares else ""
    return total, [
        WaitingChange(key, AccountRole.VAT_WAITING, rate, cents) for rate, cents in waiting.items()
    ]


def _rounding_lines(rounding_cents: int, side: int, label: str) -> Iterator[LineDraft]:
    # By the sign of the difference and not by the side, so that a credit note meets its invoice's account.
    role = AccountRole.ROUNDING_GAIN if rounding_cents > 0 else AccountRole.ROUNDING_LOSS
    yield LineDraft(role, -side * rounding_cents, label)


def _receipt_number(fact: CollectionFact | CollectionReversalFact | RefundFact | CreditUseFact) -> str:
    """The reference of the piece (a FEC has no empty one): what was typed, else the number of the record itself."""
    stem = "RBT" if isinstance(fact, RefundFact) else "REG"
    return fact.reference.strip() or f"{stem}{fact.source[1]:06d}"
