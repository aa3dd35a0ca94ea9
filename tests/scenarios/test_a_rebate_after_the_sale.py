"""A customer has bought enough in the year for a bonus: the sale stands, its price is lowered on 709."""

from __future__ import annotations

from datetime import date

import pytest

from accounting.models import Account, JournalEntry, SalesExtension
from accounting.reading.vat_report import vat_report, vat_report_faults
from accounting.roles import AccountRole
from accounting.settings.assign_account import assign_account
from accounting.settings.choose_sales_extension import choose_sales_extension
from core.database import db, transaction
from core.seal import SealLink
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.balances import customer_credit_cents
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.draft_deposit import DepositInput, draft_deposit
from invoicing.draft_final import draft_final
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.errors import NotIssuableError
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import AnswerKind, DocumentKind
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

MARCH_2, MARCH_9 = date(2026, 3, 2), date(2026, 3, 9)
ACCOUNTS = ("411", "706", "707", "7096", "7097", "44571", "44574", "512000")


def discount(invoice, *cents: int, day: date = MARCH_9):
    choice = CreditChoice(amounts={index: one for index, one in enumerate(cents) if one})
    return credit_invoice(
        invoice.id, reason="Remise de fin d’année", choice=choice, is_later_discount=True, today=day
    )


def test_a_bonus_of_ten_percent_on_services_and_goods(each_company):
    # 1 000 € of advice (VAT when it is paid) and 500 € of goods (VAT at once), both at 20 %: 1 800 €; half is paid.
    with transaction():
        customer = make_customer()
        invoice = issue(
            make_line("1", "1000"), make_line("1", "500", goods=True), customer=customer, today=MARCH_2
        )
        pay(invoice, "900", paid_on=MARCH_2)
    assert books("44571", "44574") == {"44571": "-200.00", "44574": "-100.00"}

    # Ten percent of both: the sales of 706 and 707 stay, 709 says what was given away. The VAT follows as ever: on
    # services 180 € in all, of which 900/1 620 are due.
    with transaction():
        note = discount(invoice, *_in_order(invoice, services=100_00, goods=50_00))
    assert open_on(invoice) == ["720.00"]
    assert books(*ACCOUNTS) == {
        "411": "720.00", "706": "-1000.00", "707": "-500.00", "7096": "100.00", "7097": "50.00",
        "44571": "-190.00", "44574": "-80.00", "512000": "900.00",
    }  # fmt: skip
    sealed = db.session.query(SealLink).filter_by(kind="credit_note", subject_id=note.id).one()
    assert sealed.version == 3
    assert '"is_later_discount":true' in sealed.payload.replace(" ", "")

    # The return of March says what the documents say, and the ledger the same.
    assert not vat_report_faults(date(2026, 3, 1), date(2026, 3, 31))
    assert vat_report(date(2026, 3, 1), date(2026, 3, 31)).vat_cents == 190_00
    all_is_well()

    # Paid in full, then cancelled after all: what is left of the sale goes back where it stood, the rebate stays.
    with transaction():
        pay(invoice, "720", paid_on=MARCH_9)
    with transaction():
        credit_invoice(invoice.id, reason="Annulé", today=MARCH_9)
    assert customer_credit_cents(customer.id) == 162_000
    assert books(*ACCOUNTS) == {
        "411": "-1620.00", "706": "-100.00", "707": "-50.00", "7096": "100.00", "7097": "50.00",
        "512000": "1620.00",
    }  # fmt: skip
    all_is_well()


def _in_order(invoice, *, services: int, goods: int) -> list[int]:
    return [services if part.kind == "service" else goods for part in invoice.vat_lines]


def test_the_accounts_are_those_of_now_whatever_the_invoice_stands_on(each_company):
    with transaction():
        invoice = issue(make_line("1", "1000", goods=True), today=MARCH_2)
        assign_account(AccountRole.SALES_GOODS, "707900", "Marchandises 2026")
        assign_account(AccountRole.REBATES_GOODS, "709200", "RRR de 2026")
        choose_sales_extension(SalesExtension.TWO)
    with transaction():
        discount(invoice, 100_00)
    assert books("707", "7092") == {"707": "-1000.00", "7092": "100.00"}
    assert books("709220") == {"709220": "100.00"}
    all_is_well()


def test_a_deposit_is_no_sale_to_be_reduced(each_company):
    with transaction():
        quote = draft_invoice(
            DraftInput(customer_id=make_customer().id, lines=(make_line("1", "1000"),)),
            kind=DocumentKind.QUOTE,
        )
        issue_quote(quote.id, today=MARCH_2)
        consent = AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", consent="Bon pour accord")
        answer_quote(quote.id, consent, today=MARCH_2)
    with transaction():
        deposit = issue_invoice(draft_deposit(quote.id, DepositInput(rate=1000)).id, today=MARCH_2)
    with pytest.raises(NotIssuableError), transaction():
        discount(deposit, 10_00)
    # Of the final invoice a part may be given; all of it would give the deposit back too.
    with transaction():
        final = issue_invoice(draft_final(quote.id).id, today=MARCH_2)
    with pytest.raises(NotIssuableError), transaction():
        credit_invoice(final.id, reason="Remise", is_later_discount=True, today=MARCH_9)
    with transaction():
        discount(final, *(0 if part.is_deposit else 50_00 for part in final.vat_lines))
    assert books("4191", "706", "709") == {"706": "-1000.00", "709": "50.00"}
    all_is_well()


def test_the_vat_of_a_credit_note_goes_back_to_the_account_it_stands_on(each_company):
    # Goods and services at 20 %, the services paid; then the accountant takes another account for that VAT.
    with transaction():
        goods = issue(make_line("1", "100", goods=True), today=MARCH_2)
        paid = issue(make_line("1", "200"), today=MARCH_2)
        open_ = issue(make_line("1", "300"), today=MARCH_2)
        pay(paid, "240", paid_on=MARCH_2)
    with transaction():
        assign_account(AccountRole.VAT_COLLECTED, "445715", "TVA collectée 20 % (2026)", vat_rate=2000)
    with transaction():
        for invoice in (goods, paid):
            credit_invoice(invoice.id, reason="Annulé", today=MARCH_9)
    assert books("445711", "445715") == {}

    # What falls due after the change is on the new account, and comes back from there.
    with transaction():
        pay(open_, "360", paid_on=MARCH_9)
    assert books("445711", "445715") == {"445715": "-60.00"}
    with transaction():
        credit_invoice(open_.id, reason="Annulé", today=MARCH_9)
    assert books("445711", "445715", "44574") == {}
    assert not vat_report_faults(date(2026, 3, 1), date(2026, 3, 31))
    all_is_well()


def test_new_books_have_an_account_for_vat_to_be_paid(each_company):
    account = db.session.query(Account).filter_by(number="445510").one()
    assert (account.label, account.role) == ("TVA à décaisser", None)
    assert db.session.query(JournalEntry).count() == 0
