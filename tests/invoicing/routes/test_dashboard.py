"""The dashboard: what is owed, late and paid, the first steps of a new company, the chart and its table."""

from __future__ import annotations

from datetime import date, timedelta
from xml.etree import ElementTree as ET

import time_machine

from core.clock import paris_today, utc_now
from core.database import db, transaction
from core.tenancy import in_company
from invoicing.cancel_payment import cancel_payment
from invoicing.credit_invoice import credit_invoice
from invoicing.dashboard import first_steps, months, oldest_late, owed, paid_between
from invoicing.documents import years_of_documents
from invoicing.draft_input import DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.give_back import MoneyBack
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import DocumentKind
from invoicing.models import InvoicingSettings
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput, record_payment
from invoicing.refund_payment import refund_payment
from invoicing.vat_categories import VatCase
from tests.conftest import make_company, signed_in_client
from tests.factories.invoicing import make_customer, make_line
from tests.invoicing.routes.conftest import page


def test_a_new_company_sees_its_first_steps(app):
    company_id = make_company(app, legal_form="", iban="")
    shown = page(signed_in_client(app, company_id), "/")
    for step in ("Complete your company", "Add a customer", "Write the first invoice", "Be paid by card"):
        assert step in shown
    assert "months-light.svg" not in shown


def test_a_quote_is_no_first_invoice_and_the_franchise_needs_no_vat_number(app):
    company_id = make_company(app, vat_number="")
    client = signed_in_client(app, company_id)
    with app.app_context(), in_company(company_id), transaction():
        assert not first_steps().company_complete
        db.session.query(InvoicingSettings).one().vat_case = VatCase.FRANCHISE
        customer = make_customer()
        given = DraftInput(customer.id, (make_line(rate="0"),))
        with time_machine.travel(utc_now() - timedelta(days=800)):
            quote = issue_quote(draft_invoice(given, kind=DocumentKind.QUOTE).id)
        customer_id, number = customer.id, quote.number
        assert years_of_documents() == []
        assert first_steps().company_complete
        assert not first_steps().has_invoice
    shown = page(client, f"/customers/{customer_id}")
    assert str(number) in shown
    assert "Expired" in shown
    assert "To pay" not in shown
    with app.app_context(), in_company(company_id), transaction():
        draft_invoice(given)
        db.session.flush()
        assert first_steps().are_done


def test_years_are_those_of_invoices_and_credit_notes(app, company_id, invoice):
    with time_machine.travel(utc_now() - timedelta(days=366)):
        credited = invoice()
    with app.app_context(), in_company(company_id):
        year = paris_today().year
        assert years_of_documents() == [year - 1]
        with transaction():
            credit_invoice(credited, reason="Erreur")
        assert years_of_documents() == [year, year - 1]


def test_the_figures_are_those_of_the_balances(app, company_id, owner, invoice):
    with time_machine.travel(utc_now() - timedelta(days=70)):
        late = invoice()
    invoice("2")
    with app.app_context(), in_company(company_id):
        with transaction():
            record_payment(PaymentInput(late, PaymentMethod.CASH, 2000, paris_today()))
        figures = owed()
        assert (figures.open_cents, figures.open_count) == (34_000, 2)
        assert (figures.late_cents, figures.late_count) == (10_000, 1)
    shown = page(owner, "/")
    assert "€340.00" in shown
    assert "€100.00" in shown
    assert "€20.00" in shown


def test_what_is_on_hold_is_open_and_never_late(app, company_id, owner, invoice):
    with time_machine.travel(utc_now() - timedelta(days=70)):
        late, held = invoice(), invoice()
    with app.app_context(), in_company(company_id):
        with transaction():
            payment = record_payment(PaymentInput(held, PaymentMethod.TRANSFER, 12_000, paris_today())).id
        with transaction():
            refund_payment(MoneyBack(payment, 12_000, paris_today()))
        figures = owed()
        assert (figures.open_cents, figures.open_count) == (24_000, 2)
        assert (figures.late_cents, figures.late_count) == (12_000, 1)
        assert [document.id for document, _ in oldest_late()] == [late]
    assert f"/invoices/{held}" not in owner.get("/invoices?state=late").text


def test_months_take_off_credit_notes_and_cancelled_payments(app, company_id, invoice):
    kept, credited = invoice(), invoice("2")
    with app.app_context(), in_company(company_id):
        with transaction():
            credit_invoice(credited, reason="Erreur")
            bounced = record_payment(PaymentInput(kept, PaymentMethod.CHEQUE, 12_000, paris_today())).id
        with transaction():
            cancel_payment(bounced, reason="Impayé")
            record_payment(PaymentInput(kept, PaymentMethod.TRANSFER, 7_000, paris_today()))
        shown = months()
        first = paris_today().replace(day=1)
        assert len(shown) == 12
        assert (shown[-1].first_day, shown[-1].invoiced_cents, shown[-1].paid_cents) == (first, 12_000, 7_000)
        assert paid_between(first, paris_today()) == 7_000
        assert all(month.first_day.day == 1 for month in shown)


def test_twelve_months_end_with_this_one(app, company_id):
    with app.app_context(), in_company(company_id):
        for today in (date(2026, 1, 31), date(2026, 12, 1), date(2024, 2, 29)):
            with time_machine.travel(today):
                shown = [month.first_day for month in months()]
            assert shown[-1] == today.replace(day=1)
            assert shown[0] == date(today.year - (today.month < 12), today.month % 12 + 1, 1)


def test_the_chart_is_an_image_without_scripts(owner, invoice):
    invoice()
    for theme in ("light", "dark", "nonsense"):
        answer = owner.get(f"/dashboard/months-{theme}.svg?narrow=1")
        assert answer.mimetype == "image/svg+xml"
        assert ET.fromstring(answer.data).tag.endswith("svg")
        assert b"<script" not in answer.data
