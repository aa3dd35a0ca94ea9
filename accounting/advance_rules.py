"""The posting rules of deposits that are booked when they are paid (docs/decisions/0028). Pure, like `posting_rules`.

D debit, C credit. What is paid on such a deposit comes in by the rules of every payment, on 4191 with the customer's
code and 4458 for its VAT; here is what a final invoice and credit notes make of it (practice).
"""

from __future__ import annotations

from collections.abc import Iterator

from accounting.drafts import EntryDraft, LineDraft, Standing
from accounting.facts import AdvanceCreditFact, DeductedDeposit, SaleFact, Share
from accounting.roles import AccountRole, JournalCode
from accounting.rule_lines import collection_vat_lines, customer_lines, without_zeros


def deducted_lines(fact: SaleFact, standing: Standing) -> Iterator[LineDraft]:
    """A final invoice deducts deposits of which only the payments are booked: from now on they are receivables.

    Per deposit:  D 411 its total; C 411 what was paid of it; D 4191 the same
                  C 44574 its VAT per rate that is not due yet; C 4458 what is
    The net of both is what the final invoice's lines take off: 4191 is even, and the sale stands in full on 706 / 707.

    The credit note that frees them: the sides turned round, by what is paid and due then.
    """
    for deposit in fact.deposits:
        label = f"Acompte {deposit.number} {fact.third_party.label}"
        yield from _on_customer(deposit, fact, standing, label)
        yield from _of_vat(deposit, standing, label, is_freed=fact.is_credit)


def deducted_cents(fact: SaleFact) -> int:
    """The net that the final invoice's lines take off for such deposits."""
    return sum(deposit.deducted_cents for deposit in fact.deposits)


def deducted_rounding_cents(fact: SaleFact) -> int:
    """What the deposits have above the net deducted and their VAT: the rounding to totals typed VAT included."""
    return sum(
        deposit.total_cents - sum(cents for _, cents in deposit.vat_cents) - deposit.deducted_cents
        for deposit in fact.deposits
    )


def advance_credit(fact: AdvanceCreditFact, standing: Standing) -> EntryDraft | None:
    """A credit note of a deposit that no final invoice deducts (journal VE); None where nothing had been paid.

    D 4191 what had been paid of what is credited; C 411 the same, as credit of the customer
    D 44571 / C 4458, per rate: VAT that is due no longer
    """
    label = f"Avoir {fact.number} {fact.third_party.label}"
    credit = Share(fact.credit_key, fact.advance.amount_cents)
    lines = without_zeros(
        [
            *customer_lines((fact.advance,), fact.third_party, 1, label, standing),
            *customer_lines((credit,), fact.third_party, -1, label, standing),
            *collection_vat_lines(fact.collection, standing, label),
        ]
    )
    if not lines:
        return None
    return EntryDraft(
        source=fact.source, purpose="advance_credit", journal=JournalCode.SALES, day=fact.issue_date,
        piece_ref=fact.number, label=label, lines=lines,
    )  # fmt: skip


def _on_customer(
    deposit: DeductedDeposit, fact: SaleFact, standing: Standing, label: str
) -> Iterator[LineDraft]:
    if fact.is_credit:
        paid = deposit.total_cents - standing.of(deposit.invoice_key).customer_cents
    else:
        paid = -standing.of(deposit.advance_key).customer_cents
    side = -1 if fact.is_credit else 1
    total = Share(deposit.invoice_key, deposit.total_cents)
    received = Share(deposit.invoice_key, paid)
    advance = Share(deposit.advance_key, paid, is_advance=True)
    yield from customer_lines((total,), fact.third_party, side, label, standing)
    yield from customer_lines((received,), fact.third_party, -side, label, standing)
    yield from customer_lines((advance,), fact.third_party, side, label, standing)


def _of_vat(
    deposit: DeductedDeposit, standing: Standing, label: str, *, is_freed: bool
) -> Iterator[LineDraft]:
    advance, invoice = standing.of(deposit.advance_key), standing.of(deposit.invoice_key)
    on_advance = advance.waiting_account_id or AccountRole.VAT_ON_DEPOSITS
    on_invoice = invoice.waiting_account_id or AccountRole.VAT_WAITING
    side = -1 if is_freed else 1
    for rate, cents in deposit.vat_cents:
        due = cents - invoice.waiting_cents.get(rate, 0) if is_freed else -advance.waiting_cents.get(rate, 0)
        yield LineDraft(
            on_invoice, -side * (cents - due), label, vat_rate=rate, match_key=deposit.invoice_key
        )
        yield LineDraft(on_advance, -side * due, label, vat_rate=rate, match_key=deposit.advance_key)
