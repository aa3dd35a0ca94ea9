"""Recurring invoices in the browser: repeat an invoice, write a new one, set its calendar, see what is made of it."""

from __future__ import annotations

from datetime import timedelta

from core.clock import paris_today
from core.database import db, transaction
from core.models import Role
from core.tenancy import in_company
from invoicing.archive_customer import archive_customer
from invoicing.make_recurring_invoices import make_recurring_invoices
from invoicing.models import Document, Recurrence
from invoicing.recurring_dates import add_months
from tests.conftest import signed_in_client
from tests.invoicing.routes.conftest import page, plain

LINE = {
    "prices": "net", "lines-0-label": "Maintenance", "lines-0-quantity": "1", "lines-0-unit": "C62",
    "lines-0-unit_price": "100", "lines-0-vat_rate": "2000", "lines-0-kind": "service",
}  # fmt: skip
MONTHLY = {"months": "1", "outcome": "send", "label": "Contrat d’entretien"}


def recurrences(app, company_id) -> list[tuple[int, str, bool]]:
    with app.app_context(), in_company(company_id):
        return [
            (r.document_id, r.label, r.paused) for r in db.session.query(Recurrence).order_by(Recurrence.id)
        ]


def sweep(app) -> None:
    with app.app_context():
        make_recurring_invoices()


def test_an_invoice_is_repeated_once_and_its_next_dates_are_shown_before(app, company_id, owner, invoice):
    invoice_id, today = invoice(), paris_today()
    url = f"/invoices/{invoice_id}/repeat"
    assert url in page(owner, f"/invoices/{invoice_id}")
    form = page(owner, url)
    assert add_months(today, 1).isoformat() in form
    sent = {**MONTHLY, "first_date": today.isoformat(), "request_key": "a" * 32}
    shown = plain(owner.post(url, data={**sent, "action": "preview"}).get_data(as_text=True))
    assert "Next dates" in shown
    assert 'value="Contrat d’entretien"' in shown
    assert recurrences(app, company_id) == []
    first, second = (owner.post(url, data=sent) for _ in range(2))  # a double click
    assert first.headers["Location"] == second.headers["Location"]
    ((pattern_id, label, paused),) = recurrences(app, company_id)
    assert (label, paused) == ("Contrat d’entretien", False)
    sweep(app)
    text = page(owner, f"/recurring/{pattern_id}")
    assert f"F-{today.year}-0002" in text
    with app.app_context(), in_company(company_id):
        copy_id = db.session.query(Document.id).filter(Document.number == f"F-{today.year}-0002").scalar()
    assert "Contrat d’entretien" in page(owner, f"/invoices/{copy_id}")
    assert f"/recurring/{pattern_id}" in page(owner, "/recurring?state=active")


def test_a_new_one_is_written_in_the_editor_and_waits_for_its_calendar(app, company_id, owner, customer_id):
    assert "No recurring invoices yet" in page(owner, "/recurring")
    editor = page(owner, "/invoices/new?kind=recurring")
    assert "New recurring invoice" in editor
    assert 'name="due_date"' not in editor
    saved = owner.post("/invoices/new?kind=recurring", data={**LINE, "customer_id": str(customer_id)})
    url = owner.get(saved.headers["Location"]).headers["Location"]
    assert "Nothing is made yet" in page(owner, url)
    sweep(app)
    assert "No invoices yet" in page(owner, "/invoices")
    refused = owner.post(
        f"{url}/calendar", data={**MONTHLY, "first_date": "2026-05-01", "last_date": "2026-04-01"}
    )
    assert 'id="last_date-error"' in refused.get_data(as_text=True)
    assert owner.post(f"{url}/calendar", data={**MONTHLY, "first_date": ""}).status_code == 200
    soon = (paris_today() + timedelta(days=3)).isoformat()
    assert owner.post(f"{url}/calendar", data={**MONTHLY, "first_date": soon}).status_code == 303
    assert "€120.00" in page(owner, url)
    assert "Contrat d’entretien" in page(owner, f"/customers/{customer_id}")
    stale = owner.post(f"{url}/calendar", data={**MONTHLY, "first_date": soon, "label": "x", "version": "1"})
    assert stale.status_code == 409
    for button, state in (({"paused": "1"}, "paused"), ({"paused": "0"}, "active")):
        assert owner.post(f"{url}/pause", data=button).status_code == 303
        assert url in page(owner, f"/recurring?state={state}")
    assert owner.post(f"{url}/end").status_code == 303
    assert "No recurring invoice is in this state" in page(owner, "/recurring?state=active")
    document_id = url.rpartition("/")[2]
    assert owner.post(f"/invoices/{document_id}/delete").status_code == 409
    assert owner.get(f"/invoices/{document_id}/repeat").status_code == 302


def test_what_keeps_it_back_stands_on_the_dashboard_and_on_its_page(
    app, company_id, owner, invoice, customer_id
):
    sent = {**MONTHLY, "first_date": paris_today().isoformat()}
    url = owner.post(f"/invoices/{invoice()}/repeat", data=sent).headers["Location"]
    with app.app_context(), in_company(company_id), transaction():
        archive_customer(customer_id)
    sweep(app)
    assert "needs you" in page(owner, "/")
    assert "This customer is archived" in page(owner, url)
    accountant = signed_in_client(app, company_id, Role.ACCOUNTANT)
    text = page(accountant, url)
    assert "/calendar" not in text
    assert "This customer is archived" in text
