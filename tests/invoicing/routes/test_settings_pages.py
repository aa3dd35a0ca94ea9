"""Settings in the browser: what is saved, refused and logged; VAT rates and members."""

from __future__ import annotations

import json
import re

import pytest

from core.database import db
from core.event_log import Event
from core.jobs import run_due_jobs
from core.mail import OutboxMail
from core.models import Membership, Role
from core.tenancy import in_company
from tests.conftest import COMPANY, make_user
from tests.invoicing.routes.conftest import page


@pytest.fixture
def typed() -> dict[str, str]:
    same = {k: str(v) for k, v in COMPANY.items() if k not in ("is_demo", "country", "share_capital_cents")}
    return {**same, "share_capital_cents": "10 000,00", "colour": "#8a2b52"}


def events(app, kind: str) -> list[dict]:
    with app.app_context():
        return [
            json.loads(e.details) for e in db.session.query(Event).filter_by(kind=kind).order_by(Event.id)
        ]


def test_the_company_is_changed_and_the_change_is_logged(app, owner, typed):
    answer = owner.post("/settings/company", data={**typed, "name": "Atelier Neuf"})
    assert answer.status_code == 303
    assert "Atelier Neuf" in page(owner, "/settings/company")
    changed = events(app, "settings.company")[0]["changed"]
    assert changed["name"] == ["Atelier Lumen", "Atelier Neuf"]
    assert "iban" not in changed
    assert "share_capital_cents" not in changed


def test_a_bank_account_is_logged_by_its_end_only(app, owner, typed):
    owner.post("/settings/company", data={**typed, "iban": "FR14 2004 1010 0505 0001 3M02 606"})
    assert events(app, "settings.company")[0]["changed"]["iban"] == ["…0189", "…2606"]


def test_saving_without_a_change_logs_nothing(app, owner, typed):
    assert owner.post("/settings/company", data={**typed, "colour": "#1f5f5b"}).status_code == 303
    assert events(app, "settings.company") == []


WRONG = {
    "iban": "FR7630006000011234567890188",
    "bic": "ABC",
    "siret": "40483304800022",
    "vat_number": "FR83404833048",
    "siren": "732829321",
    "postcode": "6900",
    "email": "nobody",
    "phone": "abc",
    "colour": "red",
    "share_capital_cents": "-1",
    "name": "",
}


def test_what_is_wrong_is_told_beside_its_field_and_kept(owner, typed):
    for field, value in WRONG.items():
        text = owner.post("/settings/company", data={**typed, field: value}).get_data(as_text=True)
        assert f'id="{field}-error"' in text, field
        assert f'value="{value}"' in text, field
    assert "Atelier Lumen" in page(owner, "/settings/company")


def test_the_siren_stays_once_invoices_are_issued(owner, typed, invoice):
    invoice()
    other = {**typed, "siren": "404833048", "siret": "", "vat_number": ""}
    text = owner.post("/settings/company", data=other).get_data(as_text=True)
    assert "another one is another company" in text


def test_invoicing_settings_hold_for_the_next_invoice(owner, draft):
    values = {
        "invoice_prefix": "fa", "credit_note_prefix": "AV", "payment_terms_days": "45", "backdating_days": "10",
        "late_penalty": "", "discount_terms": "", "einvoice_address": " 732829320_COMPTA ",
    }  # fmt: skip
    assert owner.post("/settings/invoicing", data=values).status_code == 303
    assert 'value="732829320_COMPTA"' in page(owner, "/settings/invoicing")
    draft_id = draft()
    owner.post(f"/invoices/{draft_id}/issue")
    assert "Invoice FA-" in page(owner, f"/invoices/{draft_id}")
    assert "732829320_COMPTA" in owner.get(f"/invoices/{draft_id}/file.xml").text


def test_wrong_prefixes_and_terms_are_refused(owner):
    wrong = {
        "invoice_prefix": "é!",
        "credit_note_prefix": "F",
        "payment_terms_days": "90",
        "backdating_days": "x",
        "einvoice_address": "ma plateforme",
    }
    text = owner.post("/settings/invoicing", data={**wrong, "backdating_days": "5"}).get_data(as_text=True)
    assert 'id="invoice_prefix-error"' in text
    assert 'id="payment_terms_days-error"' in text
    assert 'id="einvoice_address-error"' in text
    text = owner.post("/settings/invoicing", data=wrong).get_data(as_text=True)
    assert 'id="backdating_days-error"' in text


def test_a_rate_of_the_companys_own_is_offered_until_it_is_removed(owner):
    assert owner.post("/settings/vat-rates", data={"rate": "21"}).status_code == 303
    assert 'value="2100"' in page(owner, "/invoices/new")
    assert owner.post("/settings/vat-rates/1/remove").status_code == 303
    assert 'value="2100"' not in page(owner, "/invoices/new")
    text = owner.post("/settings/vat-rates", data={"rate": "101"}).get_data(as_text=True)
    assert 'id="rate-error"' in text


def test_a_new_member_gets_a_mail_with_a_link_to_choose_a_password(app, company_id, owner):
    new = {"email": "New@Example.org", "name": "Nouvelle", "role": "staff"}
    assert owner.post("/settings/members", data=new).status_code == 303
    assert "Nouvelle" in page(owner, "/settings/members")
    with app.app_context():
        text = db.session.query(OutboxMail.text).scalar()
    link = re.search(r"http://127\.0\.0\.1:5000(/reset/\S+)", text)
    assert link
    answer = app.test_client().get(link[1])
    assert answer.status_code in (200, 302)
    run_due_jobs(app)


def test_a_role_is_changed_and_a_member_removed(app, company_id, owner):
    make_user(app, company_id, Role.VIEWER)
    with app.app_context(), in_company(company_id):
        viewer = db.session.query(Membership.id).filter_by(role=Role.VIEWER).scalar()
    shown = {"role": "accountant", "seen": "viewer"}
    for _ in range(2):  # a double click
        assert owner.post(f"/settings/members/{viewer}/role", data=shown).status_code == 303
    late = {"role": "staff", "seen": "viewer"}  # from a window that still shows her as a viewer
    assert owner.post(f"/settings/members/{viewer}/role", data=late).status_code == 409
    assert "Accountant" in page(owner, "/settings/members")
    assert owner.post(f"/settings/members/{viewer}/role", data={"role": "king"}).status_code == 303
    assert owner.post(f"/settings/members/{viewer}/remove").status_code == 303
    assert "viewer@example.org" not in page(owner, "/settings/members")
    assert [e["role"] for e in events(app, "member.set")][-1] == "accountant"
    assert len(events(app, "member.removed")) == 1


def test_a_company_keeps_an_owner(app, company_id, owner):
    with app.app_context():
        mine = db.session.query(Membership.id).filter_by(role=Role.OWNER).scalar()
    assert owner.post(f"/settings/members/{mine}/role", data={"role": "viewer"}).status_code == 409
    assert owner.post(f"/settings/members/{mine}/remove").status_code == 409
    again = {"email": "owner@example.org", "role": "viewer"}
    assert owner.post("/settings/members", data=again).status_code == 409
    assert owner.get("/settings/members").status_code == 200
