"""A deposit that is booked when it is paid, on the pages where a person would look for it."""

from __future__ import annotations

import re

import pytest
from flask_babel import force_locale

from accounting.models import DepositsScheme
from accounting.settings.choose_deposits_scheme import choose_deposits_scheme
from core.clock import paris_today
from core.database import db, transaction
from core.models import Role
from core.tenancy import in_company
from invoicing.account_statement import account_statement, movement_text
from invoicing.account_statement_pdf import statement_html
from invoicing.credit_invoice import credit_invoice
from invoicing.draft_final import deduct_deposits
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Customer, Document
from invoicing.set_invoice_type import set_deposit
from tests.conftest import signed_in_client
from tests.factories.invoicing import make_draft, make_line, pay
from tests.invoicing.routes.conftest import page

TODAY = paris_today()


@pytest.fixture
def deposit(app, company_id, draft):
    """A deposit invoice of 120 €, booked when it is paid; gives its id."""
    document_id = draft()
    with app.app_context(), in_company(company_id), transaction():
        choose_deposits_scheme(DepositsScheme.WHEN_PAID)
        set_deposit(document_id, is_deposit=True)
        issue_invoice(document_id, today=TODAY)
    return document_id


def final_of(customer_id: int) -> int:
    made = make_draft(make_line("1", "1000"), customer=db.session.get_one(Customer, customer_id))
    deduct_deposits(made.id)
    return issue_invoice(made.id, today=TODAY).id


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_its_page_says_so_and_offers_nothing_that_needs_a_receivable(app, company_id, owner, deposit):
    url, said = f"/invoices/{deposit}", "what is not paid of it is in no account"
    offered = ("Discount given", "Difference let be", "Doubtful", "Lost")
    with app.app_context(), in_company(company_id), transaction():
        pay(db.session.get_one(Document, deposit), "119.97")
    shown = page(owner, url)
    assert said in shown
    assert "Only €0.03" not in shown
    assert not [words for words in offered if f">{words}<" in shown]
    # Who asks for the page all the same is told, and nothing is written.
    accountant = signed_in_client(app, company_id, Role.ACCOUNTANT)
    for form in ("difference", "loss"):
        typed = {"day": TODAY.isoformat(), "amount_cents": "0.03"}
        assert "Credit the deposit invoice instead" in accountant.post(f"{url}/{form}", data=typed).text
    with app.app_context(), in_company(company_id), transaction():
        final_id = final_of(db.session.get_one(Document, deposit).customer_id)
    shown = page(owner, url)
    assert said not in shown
    assert "Only €0.03" in shown
    # The entry that made it a receivable is the final invoice's; both pages show it.
    for document_id in (deposit, final_id):
        assert "419100" in page(owner, f"/invoices/{document_id}")


def test_balances_and_statements_name_it_apart(app, company_id, owner, deposit, customer_id):
    told = "In no balance: 1 deposit invoice"
    assert told in words(page(owner, "/books/ageing"))
    assert told in words(page(owner, "/books/ageing/customers/C00001"))
    assert told not in page(owner, "/books/ageing/customers/C00099")
    assert told not in page(owner, "/books/ageing?day=2020-01-01")
    statement = f"/customers/{customer_id}/statement"
    with app.app_context(), in_company(company_id):
        with transaction():
            pay(db.session.get_one(Document, deposit), "120")
        view = account_statement(customer_id, TODAY, TODAY)
        assert [m.cents for m in view.movements] == [-120_00]
        assert [d.total_cents for d in view.unbooked] == [120_00]
        assert view.closing_cents == view.due_cents - view.credit_cents - 120_00
        assert "Pas encore dans le solde" in statement_html(view)
    assert "Not part of the balance: the deposit invoice F-" in page(owner, statement)
    assert "what is not paid of it" not in page(owner, f"/invoices/{deposit}")
    assert told not in page(owner, "/books/ageing")
    # With the final invoice it enters the balance, told apart from it; the note of all takes it out again.
    with app.app_context(), in_company(company_id):
        with transaction():
            final_id = final_of(customer_id)
        view = account_statement(customer_id, TODAY, TODAY)
        assert view.unbooked == ()
        with force_locale("en"):
            said = [(movement_text(m).split()[0], m.cents) for m in view.movements]
        assert said == [("Payment", -120_00), ("Invoice", 1080_00), ("Deposit", 120_00)]
        assert view.closing_cents == view.due_cents == 1080_00
        with transaction():
            credit_invoice(final_id, reason="Erreur", today=TODAY)
        view = account_statement(customer_id, TODAY, TODAY)
        assert [m.cents for m in view.movements][3:] == [-1080_00, -120_00]
        assert view.closing_cents == -120_00


def test_the_report_of_vat_names_what_is_due_ahead(app, company_id, owner, deposit):
    with app.app_context(), in_company(company_id), transaction():
        pay(db.session.get_one(Document, deposit), "120")
    shown = words(page(owner, f"/books/vat?from={TODAY:%Y-%m}-01&to={TODAY}"))
    assert "The report is the ledger, to the cent" in shown
    assert "deposit paid: due before the sale is booked" in shown
    assert "less 4458 for deposits booked when paid" in shown
