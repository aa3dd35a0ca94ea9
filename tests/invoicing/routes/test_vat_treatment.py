"""How VAT is treated, chosen on pages: in the settings, on a customer, in the editor and on a line."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.database import db, transaction
from core.tenancy import in_company
from invoicing.models import Customer, Document, InvoicingSettings
from invoicing.vat_categories import VatCase
from tests.invoicing.routes.conftest import page, plain

SETTINGS = {
    "invoice_prefix": "F", "credit_note_prefix": "A", "payment_terms_days": "30", "backdating_days": "20",
    "vat_case": "standard",
}  # fmt: skip
CUSTOMER = {
    "kind": "business", "name": "Bau Beispiel GmbH", "siren": "", "vat_number": "DE136695976",
    "address1": "Musterweg 1", "postcode": "10115", "city": "Berlin", "country": "DE", "language": "en",
}  # fmt: skip


@pytest.fixture
def typed(customer_id) -> dict[str, str]:
    return {
        "customer_id": str(customer_id), "prices": "net", "lines-0-label": "Cours", "lines-0-quantity": "1",
        "lines-0-unit": "HUR", "lines-0-unit_price": "100", "lines-0-vat_rate": "2000", "lines-0-kind": "service",
    }  # fmt: skip


def stored(app, company_id, model):
    with app.app_context(), in_company(company_id):
        row = db.session.query(model).order_by(model.id.desc()).first()
        return SimpleNamespace(
            **{column.name: getattr(row, column.name) for column in model.__table__.columns}
        )


def test_the_company_chooses_its_case_and_its_own_mentions(app, company_id, owner):
    answer = owner.post(
        "/settings/invoicing",
        data={
            **SETTINGS,
            "vat_case": "exempt:CGI261-4-4",
            "mediator": "Médiation Exemple",
            "insurance": "Assureur",
        },
    )
    assert answer.status_code == 303
    row = stored(app, company_id, InvoicingSettings)
    assert (row.vat_case, row.vat_ground) == (VatCase.EXEMPT, "CGI261-4-4")
    assert (row.mediator, row.insurance) == ("Médiation Exemple", "Assureur")
    shown = page(owner, "/settings/invoicing")
    assert '<option selected value="exempt:CGI261-4-4">Exempt by law – Education and training' in shown
    assert "Médiation Exemple" in shown


def test_a_case_that_is_not_offered_is_refused_beside_its_list(owner):
    for wrong in ("construction", "exempt:none", "exempt", "nonsense"):
        answer = owner.post("/settings/invoicing", data={**SETTINGS, "vat_case": wrong})
        assert answer.status_code == 200, wrong
        assert 'aria-invalid="true"' in answer.get_data(as_text=True), wrong


def test_a_customer_has_a_case_of_its_own_and_its_drafts_begin_with_it(app, company_id, owner, typed):
    assert owner.post("/customers/new", data={**CUSTOMER, "vat_case": "intra_eu"}).status_code == 303
    customer = stored(app, company_id, Customer)
    assert customer.vat_case is VatCase.INTRA_EU
    assert '<option selected value="intra_eu">' in page(owner, f"/customers/{customer.id}/edit")
    where = owner.post("/invoices/new", data={**typed, "customer_id": str(customer.id)}).headers["Location"]
    document = stored(app, company_id, Document)
    assert (document.vat_case, document.vat_cents) == (VatCase.INTRA_EU, 0)
    assert "Reverse charge – art. 283-2 and 259-1" in page(owner, f"{where}/preview")
    # Given back to the company.
    assert owner.post(f"/customers/{customer.id}/edit", data=CUSTOMER).status_code == 303
    assert stored(app, company_id, Customer).vat_case is None


def test_the_editor_keeps_the_case_and_its_totals_follow_it(app, company_id, owner, typed):
    exempt = {**typed, "vat_case": "exempt:CGI261-4-4"}
    totals = plain(owner.post("/invoices/totals", data=exempt).get_data(as_text=True))
    assert "€100.00" in totals
    assert "€120.00" not in totals
    where = owner.post("/invoices/new", data=exempt).headers["Location"]
    assert "€120.00" not in page(owner, where)
    assert '<option selected value="exempt:CGI261-4-4">' in page(owner, f"{where}/edit")


def test_a_line_is_a_disbursement_among_taxed_ones(app, company_id, owner, typed):
    stamp = {
        name.replace("lines-0", "lines-1"): value for name, value in typed.items() if name.startswith("lines")
    }
    both = {**typed, **stamp, "lines-1-label": "Timbre", "lines-1-vat_ground": "VATEX-EU-79-C"}
    where = owner.post("/invoices/new", data=both).headers["Location"]
    assert stored(app, company_id, Document).vat_cents == 2000
    assert '<option selected value="VATEX-EU-79-C">Disbursement' in page(owner, f"{where}/edit")
    assert "Débours non soumis à la TVA" in page(owner, f"{where}/preview")


def test_only_a_company_under_the_franchise_is_offered_it(app, company_id, owner):
    assert 'value="franchise"' not in page(owner, "/invoices/new")
    with app.app_context(), in_company(company_id), transaction():
        settings = db.session.query(InvoicingSettings).one_or_none() or InvoicingSettings()
        settings.vat_case = VatCase.FRANCHISE
        db.session.add(settings)
    shown = page(owner, "/invoices/new")
    assert 'value="franchise"' in shown
    assert 'value="standard"' not in shown
