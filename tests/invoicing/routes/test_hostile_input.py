"""Whatever is typed into whatever form: a page answers, nothing is executed, what was typed is kept."""

from __future__ import annotations

from html import escape

import pytest

from core.clock import paris_today
from core.database import db, transaction
from core.tenancy import in_company
from invoicing.issue_invoice import issue_invoice
from tests import _profiles
from tests.conftest import COMPANY, make_company, signed_in_client
from tests.factories.invoicing import make_draft

SCRIPT = '"><script>alert(1)</script>'
HOSTILE = [
    "", " ", "x" * 10_000, SCRIPT, "nul\x00here", "line\r\nbreak", "🧾🇫🇷", "-1", "0", "9" * 30, "1e400", "NaN",
    "1,5,5", "31/02/2026", "0001-01-01", "9999-12-31", "٣", "' OR 1=1 --", "{{ 7*7 }}", "../../etc/passwd",
    "\ud7ff\ufffe", "\u202e", "%s%n", "{0}",
]  # fmt: skip
LINE = {
    "lines-0-label": "Conseil", "lines-0-quantity": "1", "lines-0-unit": "C62", "lines-0-unit_price": "100",
    "lines-0-discount": "", "lines-0-vat_rate": "2000", "lines-0-kind": "service", "lines-0-description": "",
}  # fmt: skip
CONTACT = {"contacts-0-id": "", "contacts-0-name": "P", "contacts-0-email": "", "contacts-0-phone": ""}
FORMS = {
    "/customers/new": {
        "kind": "business", "name": "N", "first_name": "", "siren": "404833048", "vat_number": "", "address1": "A",
        "address2": "", "postcode": "69001", "city": "L", "country": "FR", "language": "fr",
        "payment_terms_days": "", **CONTACT,
    },
    "/invoices/new": {
        "customer_id": "1", "prices": "net", "issue_date": "", "supply_date": "", "payment_terms_days": "",
        "due_date": "", "purchase_order": "", "note": "", **LINE,
    },
    "/invoices/1/payments/new": {
        "method": "cash", "amount_cents": "1", "paid_on": "2026-01-05", "reference": "", "request_key": "k" * 8,
    },
    "/invoices/1/credit": {"reason": ""},
    "/invoices/1/send": {
        "contacts": "compta@boulangerie.example.org", "recipients": "", "subject": "S", "text": "T",
        "request_key": "k" * 8, "copy_to_self": "",
    },
    "/settings/company": {
        **{k: str(v) for k, v in COMPANY.items() if k not in ("is_demo", "country")}, "share_capital_cents": "1",
        "address2": "", "phone": "", "website": "", "bic": "", "colour": "#112233", "legal_notice": "",
    },
    "/settings/invoicing": {
        "invoice_prefix": "F", "credit_note_prefix": "A", "payment_terms_days": "30", "backdating_days": "20",
        "late_penalty": "", "discount_terms": "",
    },
    "/settings/vat-rates": {"rate": "21", "valid_from": "", "valid_to": ""},
    "/settings/members": {"email": "m@example.org", "name": "M", "role": "viewer"},
}  # fmt: skip


def texts_for(index: int) -> list[str]:
    """In the short run each field meets a third of the strings, each string a third of the fields."""
    return HOSTILE if _profiles.LONG else HOSTILE[index % 3 :: 3]


def prepare(app):
    company_id = make_company(app)
    with app.app_context(), in_company(company_id), transaction():
        document = make_draft(issue_date=paris_today())
        issue_invoice(document.id)
        assert document.id == 1
    return signed_in_client(app, company_id)


def check(answer, what) -> None:
    assert answer.status_code in (200, 303, 400, 404, 409), (what, answer.status_code)
    assert "<script>alert" not in answer.get_data(as_text=True), what


@pytest.mark.parametrize("url", FORMS)
def test_every_field_at_once_filled_with_anything(each_app, url):
    client = prepare(each_app)
    for text in HOSTILE:
        filled = dict.fromkeys(FORMS[url], text)
        answer = client.post(url, data=filled)
        check(answer, (url, text[:20]))
        if answer.status_code == 200 and text.isprintable() and text.strip():
            assert escape(text[:50]).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in answer.get_data(
                as_text=True
            ), (url, text[:20], "is not kept")
        client.post("/invoices/totals", data=filled)


@pytest.mark.parametrize("url", FORMS)
def test_one_field_filled_with_anything_while_the_others_are_right(app, url):
    client = prepare(app)
    for index, field in enumerate(FORMS[url]):
        for text in texts_for(index):
            check(client.post(url, data={**FORMS[url], field: text}), (url, field, text[:20]))


def test_the_totals_of_anything_are_an_answer(each_app):
    client = prepare(each_app)
    for index, field in enumerate(FORMS["/invoices/new"]):
        for text in texts_for(index):
            answer = client.post("/invoices/totals", data={**FORMS["/invoices/new"], field: text})
            assert answer.status_code == 200, (field, text[:20])


def test_searches_for_anything_show_a_page(each_app):
    client = prepare(each_app)
    for text in HOSTILE:
        for url in ("/invoices", "/customers", "/payments"):
            answer = client.get(
                url, query_string={"q": text, "page": text, "year": text, "state": text, "from": text}
            )
            check(answer, (url, text[:20]))
            assert answer.status_code == 200


def test_a_preview_of_anything_sends_nothing(app):
    client = prepare(app)
    for text in HOSTILE:
        data = {**FORMS["/invoices/1/send"], "subject": text, "text": text, "action": "preview"}
        check(client.post("/invoices/1/send", data=data), text[:20])
    with app.app_context():
        assert db.session.execute(db.text("SELECT count(*) FROM sending")).scalar() == 0


def test_buttons_of_rows_that_are_not_there_change_nothing(app):
    client = prepare(app)
    for action in ("remove-line-99", "line-up-0", "line-down-0", "line-up-99"):
        answer = client.post("/invoices/new", data={**FORMS["/invoices/new"], "action": action})
        assert answer.status_code == 200, action
        assert 'name="lines-0-label"' in answer.get_data(as_text=True)
    assert _count(app, "document") == 1


UNKNOWN = [
    "remove-line-x",
    "remove-line-٣",
    "add-",
    "add-line-2",
    "add-contact",
    "save",
    "9" * 50,
    *HOSTILE[1:],
]


@pytest.mark.parametrize(
    ("url", "table"),
    [("/invoices/new", "document"), ("/customers/new", "customer"), ("/invoices/1/send", "sending")],
)
def test_a_button_that_the_form_does_not_have_saves_nothing(app, url, table):
    client = prepare(app)
    before = _count(app, table)
    for action in UNKNOWN:
        if (url, action) != ("/customers/new", "add-contact"):
            answer = client.post(url, data={**FORMS[url], "action": action})
            assert answer.status_code == 400, (url, action[:20])
    assert _count(app, table) == before


def _count(app, table: str) -> int:
    with app.app_context():
        return db.session.execute(db.text(f"SELECT count(*) FROM {table}")).scalar_one()  # our own names
