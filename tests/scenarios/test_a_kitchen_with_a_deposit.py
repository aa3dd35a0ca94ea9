"""A kitchen is quoted, a deposit is paid before it is built, the final invoice asks for the rest."""

from __future__ import annotations

from datetime import date

import pytest

from core.database import transaction
from core.errors import ConflictError
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.balances import balance_of
from invoicing.credit_invoice import credit_invoice
from invoicing.draft_deposit import DepositInput, draft_deposit
from invoicing.draft_final import deduct_deposits, draft_final
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.errors import InvalidInputError, NotIssuableError
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import AnswerKind, DocumentKind, InvoiceType, LineRole
from invoicing.models import Document
from invoicing.quotes import QuoteState, state_of
from invoicing.set_invoice_type import set_deposit
from tests.factories.invoicing import issue, make_customer, make_draft, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "4191", "706", "707", "44571", "44574", "512000")


def _accepted(*lines, options=frozenset(), **changes) -> Document:
    customer = make_customer(name="Cuisines Fictives")
    quote = draft_invoice(
        DraftInput(customer_id=customer.id, lines=lines, **changes), kind=DocumentKind.QUOTE
    )
    issue_quote(quote.id, today=date(2026, 6, 1))
    answer = AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", options=options, consent="Bon pour accord")
    answer_quote(quote.id, answer, today=date(2026, 6, 2))
    return quote


def test_a_deposit_is_deducted_and_only_the_difference_is_taxed(each_company):
    # A quote of 1 000 € net at 20 %. Nothing is posted for it.
    with transaction():
        quote = _accepted(make_line("1", "1000"))
    assert quote.number == "D-2026-0001"
    assert state_of(quote) is QuoteState.ACCEPTED
    assert books(*ACCOUNTS) == {}

    # A deposit of 10 %: 100 € net are a debt to the customer, 20 € of VAT wait until it is paid.
    with transaction():
        deposit = issue_invoice(draft_deposit(quote.id, DepositInput(rate=1000)).id, today=date(2026, 6, 3))
    assert deposit.due_date == date(2026, 6, 3)
    assert books(*ACCOUNTS) == {"411": "120.00", "4191": "-100.00", "44574": "-20.00"}

    # It is paid: its VAT falls due, though nothing has been sold yet.
    with transaction():
        pay(deposit, "120", paid_on=date(2026, 6, 5))
    assert open_on(deposit) == ["0.00"]
    assert books(*ACCOUNTS) == {"4191": "-100.00", "44571": "-20.00", "512000": "120.00"}

    # The kitchen is built. The final invoice: 1 000 € of services, less the deposit; 180 € of VAT wait.
    with transaction():
        draft = draft_final(quote.id)
        assert draft.invoice_type is InvoiceType.FINAL
        assert [line.label for line in draft.lines][1:] == [
            f"Acompte de la facture {deposit.number} du 03/06/2026"
        ]
        final = issue_invoice(draft.id, today=date(2026, 7, 1))
    assert (final.net_cents, final.vat_cents, final.total_cents) == (90_000, 18_000, 108_000)
    assert state_of(quote) is QuoteState.INVOICED
    assert open_on(deposit, final) == ["0.00", "1080.00"]
    assert books(*ACCOUNTS) == {
        "411": "1080.00", "706": "-1000.00", "44571": "-20.00", "44574": "-180.00", "512000": "120.00",
    }  # fmt: skip

    with transaction():
        pay(final, "1080", paid_on=date(2026, 7, 20))
    assert books(*ACCOUNTS) == {"706": "-1000.00", "44571": "-200.00", "512000": "1200.00"}
    all_is_well()


def test_goods_and_two_rates_and_the_option_for_debits(each_company, debits):
    # 600 € of goods at 20 % and 300 € of work at 10 %; VAT on debits, yet a deposit is taxed when it is received.
    with transaction():
        quote = _accepted(make_line("1", "600", goods=True), make_line("1", "300", rate="10"))
        deposit = issue_invoice(
            draft_deposit(quote.id, DepositInput(amount_cents=10_001)).id, today=date(2026, 6, 3)
        )
    # 100,01 € net in proportion 2 to 1: 66,67 at 20 % (13,33 of VAT) and 33,34 at 10 % (3,33).
    assert [(v.rate, v.net_cents, v.vat_cents) for v in deposit.vat_lines] == [
        (2000, 6667, 1333),
        (1000, 3334, 333),
    ]
    assert books(*ACCOUNTS) == {"411": "116.67", "4191": "-100.01", "44574": "-16.66"}

    # It is not paid when the work is done: it stays due, beside the final invoice. The rest of the VAT is due at once.
    with transaction():
        final = issue_invoice(draft_final(quote.id).id, today=date(2026, 7, 1))
    assert open_on(deposit, final) == ["116.67", "933.33"]
    assert books(*ACCOUNTS) == {
        "411": "1050.00", "707": "-600.00", "706": "-300.00", "44571": "-133.34", "44574": "-16.66",
    }  # fmt: skip
    with transaction():
        pay(deposit, "116.67", paid_on=date(2026, 7, 2))
        pay(final, "933.33", paid_on=date(2026, 7, 2))
    assert books(*ACCOUNTS) == {"707": "-600.00", "706": "-300.00", "44571": "-150.00", "512000": "1050.00"}
    all_is_well()


@pytest.fixture
def debits(each_company):
    from sqlalchemy import update

    from accounting.models import AccountingSettings
    from core.database import db

    with transaction():
        db.session.execute(update(AccountingSettings).values(vat_on_debits_from=date(2026, 1, 1)))


def test_a_deposit_is_deducted_once_until_its_final_invoice_is_credited(each_company):
    with transaction():
        quote = _accepted(make_line("1", "1000"))
        deposit = issue_invoice(draft_deposit(quote.id, DepositInput(rate=3000)).id, today=date(2026, 6, 3))
        first, second = draft_final(quote.id), draft_final(quote.id)
        final = issue_invoice(first.id, today=date(2026, 6, 4))
    with pytest.raises(NotIssuableError, match=str(deposit.number)), transaction():
        issue_invoice(second.id, today=date(2026, 6, 5))
    # The deposit is not credited either while the final invoice deducts it.
    with pytest.raises(NotIssuableError, match=str(final.number)), transaction():
        credit_invoice(deposit.id, reason="Erreur", today=date(2026, 6, 5))
    with transaction():
        credit_invoice(final.id, reason="Erreur", today=date(2026, 6, 5))
    assert books(*ACCOUNTS) == {"411": "360.00", "4191": "-300.00", "44574": "-60.00"}
    with transaction():
        again = issue_invoice(second.id, today=date(2026, 6, 6))
    assert again.total_cents == 84_000
    all_is_well()


def test_deposits_never_ask_for_more_than_the_quote(each_company):
    # 1 000 € net. Two drafts of 60 % each may be written; only one of them is issued.
    with transaction():
        quote = _accepted(make_line("1", "1000"))
        drafts = [draft_deposit(quote.id, DepositInput(rate=6000)) for _ in range(2)]
        issue_invoice(drafts[0].id, today=date(2026, 6, 3))
    with pytest.raises(NotIssuableError, match="total du devis"), transaction():
        issue_invoice(drafts[1].id, today=date(2026, 6, 4))
    for wanted, field in (
        (DepositInput(rate=4001), "rate"),
        (DepositInput(amount_cents=40_001), "amount_cents"),
    ):
        with pytest.raises(InvalidInputError) as refused, transaction():
            draft_deposit(quote.id, wanted)
        assert list(refused.value.errors) == [field]
    # What is left may be asked for; a deposit that was credited asks for nothing.
    with transaction():
        second = issue_invoice(draft_deposit(quote.id, DepositInput(rate=4000)).id, today=date(2026, 6, 5))
        credit_invoice(second.id, reason="Annulé", today=date(2026, 6, 5))
        draft_deposit(quote.id, DepositInput(amount_cents=40_000))


def test_a_quote_is_invoiced_once_until_its_invoice_is_credited(each_company):
    with transaction():
        quote = _accepted(make_line("1", "1000"))
        first, second = draft_final(quote.id), draft_final(quote.id)
        invoice = issue_invoice(first.id, today=date(2026, 6, 4))
    with pytest.raises(NotIssuableError, match=str(invoice.number)), transaction():
        issue_invoice(second.id, today=date(2026, 6, 5))
    with transaction():
        credit_invoice(invoice.id, reason="Erreur", today=date(2026, 6, 5))
        issue_invoice(second.id, today=date(2026, 6, 6))
    assert open_on(invoice, second) == ["0.00", "1200.00"]
    all_is_well()


def test_a_deposit_credited_is_not_deducted(each_company):
    with transaction():
        quote = _accepted(make_line("1", "1000"))
        deposit = issue_invoice(draft_deposit(quote.id, DepositInput(rate=3000)).id, today=date(2026, 6, 3))
        draft = draft_final(quote.id)
        credit_invoice(deposit.id, reason="Annulé", today=date(2026, 6, 4))
    assert books(*ACCOUNTS) == {}
    with pytest.raises(NotIssuableError), transaction():
        issue_invoice(draft.id, today=date(2026, 6, 5))
    with transaction():
        assert deduct_deposits(draft.id) == 0
        final = issue_invoice(draft.id, today=date(2026, 6, 5))
    assert (final.invoice_type, final.total_cents) == (InvoiceType.STANDARD, 120_000)
    assert balance_of(final.id).open_cents == 120_000
    all_is_well()


def test_a_deposit_from_scratch_is_deducted_from_the_next_invoice_of_its_customer(each_company):
    with transaction():
        customer = make_customer()
        draft = make_draft(make_line("1", "100"), customer=customer)
        set_deposit(draft.id, is_deposit=True)
        deposit = issue_invoice(draft.id, today=date(2026, 6, 3))
        pay(deposit, "120", paid_on=date(2026, 6, 3))
        other = issue(make_line("1", "10"), today=date(2026, 6, 3), customer=make_customer(siren="732829320"))
        assert other.invoice_type is InvoiceType.STANDARD
        sale = make_draft(make_line("1", "500"), customer=customer)
        assert deduct_deposits(sale.id) == 1
        final = issue_invoice(sale.id, today=date(2026, 6, 4))
    assert final.total_cents == 48_000
    assert [line.role for line in final.lines] == [LineRole.ITEM, LineRole.DEPOSIT]
    all_is_well()


def test_only_an_accepted_quote_is_invoiced_with_the_options_chosen(each_company):
    with transaction():
        quote = _accepted(
            make_line("1", "1000"), make_line("1", "200", role=LineRole.OPTION),
            make_line("1", "50", role=LineRole.OPTION), options=frozenset({2}),
        )  # fmt: skip
        assert quote.total_cents == 120_000
        draft = draft_final(quote.id)
        customer_id = quote.customer_id
        still_open = draft_invoice(
            DraftInput(customer_id=customer_id, lines=(make_line(),)), kind=DocumentKind.QUOTE
        )
    assert (draft.invoice_type, draft.total_cents) == (InvoiceType.STANDARD, 144_000)
    with pytest.raises(ConflictError), transaction():
        draft_final(still_open.id)
