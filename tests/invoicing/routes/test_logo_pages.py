"""The logo in the browser: uploaded, shown, refused beside its field, served to those who may see it."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.database import db, transaction
from core.event_log import Event
from core.files import StoredFile, put_bytes, register_file
from core.models import Role
from core.tenancy import in_company, unscoped
from invoicing.document_view import document_view
from invoicing.draft_input import DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import DocumentKind
from invoicing.models import InvoicingSettings
from invoicing.quotes import link_of_quote
from tests.conftest import COMPANY, make_company, make_user
from tests.factories.invoicing import issue, make_customer, make_line
from tests.factories.pictures import file_of, picture
from tests.invoicing.routes.conftest import page

GOOD = file_of(picture())


@pytest.fixture
def typed() -> dict[str, str]:
    same = {k: str(v) for k, v in COMPANY.items() if k not in ("is_demo", "country", "share_capital_cents")}
    return {**same, "share_capital_cents": "10 000,00", "colour": "#1f5f5b"}


def upload(client: FlaskClient, typed: dict[str, str], content: bytes, name: str = "logo.png"):
    answer = client.post("/settings/company", data={**typed, "logo": (BytesIO(content), name)})
    answer.request.environ["wsgi.input"].close()  # the client keeps a large body in a file
    return answer


def logo_id(app: Flask) -> int | None:
    with app.app_context(), unscoped():
        return db.session.query(InvoicingSettings.logo_file_id).limit(1).scalar()


def path_of(url: str | None) -> str:
    return (url or "").removeprefix("http://127.0.0.1:5000")


def address_of(app: Flask) -> str:
    with app.app_context(), unscoped():
        sha256 = db.session.query(StoredFile.sha256).filter(StoredFile.media_type == "image/png").scalar()
    return f"/logo/{sha256}"


def test_a_logo_is_uploaded_shown_and_removed(app, owner, typed):
    assert upload(owner, typed, GOOD).status_code == 303
    address = address_of(app)
    assert f'src="{address}"' in page(owner, "/settings/company")
    answer = owner.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert "private" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert owner.post("/settings/company", data={**typed, "remove_logo": "y"}).status_code == 303
    assert "/logo/" not in page(owner, "/settings/company")
    assert owner.get(address).status_code == 200, "documents issued meanwhile may have it"
    with app.app_context():
        assert db.session.query(Event).filter_by(kind="settings.logo").count() == 2


def test_a_file_that_is_no_logo_is_refused_beside_its_field_and_nothing_is_saved(app, owner, typed):
    for content, says in (
        (b"GIF89a", "PNG, JPEG or WebP"),
        (b"", "empty"),
        (GOOD[:9] + bytes(6 * 2**20), "5 MB"),
    ):
        text = upload(owner, {**typed, "name": "Atelier Neuf"}, content).get_data(as_text=True)
        assert 'id="logo-error"' in text
        assert says in text
        assert 'value="Atelier Neuf"' in text, "what was typed is kept"
    assert "Atelier Lumen" in page(owner, "/settings/company")
    assert logo_id(app) is None


def test_a_good_file_with_a_wrong_field_is_asked_for_again(app, owner, typed):
    text = upload(owner, {**typed, "postcode": "1"}, GOOD).get_data(as_text=True)
    assert 'id="postcode-error"' in text
    assert "Choose this file again" in text
    assert logo_id(app) is None


def test_only_the_owner_sets_a_logo_every_member_sees_it_and_no_stranger(app, owner, company_id, typed):
    upload(owner, typed, GOOD)
    address = address_of(app)
    viewer = app.test_client()
    viewer.post(
        "/login", data={"email": make_user(app, company_id, Role.VIEWER), "password": "correct horse battery"}
    )
    assert viewer.get(address).status_code == 200
    assert upload(viewer, typed, GOOD).status_code == 403
    other = make_company(app, siren="404833048", siret="", vat_number="", name="Une Autre SARL")
    stranger = app.test_client()
    stranger.post(
        "/login",
        data={
            "email": make_user(app, other, Role.OWNER, email="x@example.org"),
            "password": "correct horse battery",
        },
    )
    assert stranger.get(address).status_code == 404
    assert app.test_client().get(address).status_code in (302, 401)


def test_other_files_of_the_company_are_not_served_as_logos(app, owner, company_id):
    with app.app_context(), in_company(company_id), transaction():
        hashes = [
            register_file(put_bytes(content), size, media_type).sha256
            for content, size, media_type in (
                (GOOD, 2_000_000, "image/png"),
                (b"%PDF-1.7", 8, "application/pdf"),
                (b"<svg/>", 6, "image/svg+xml"),
            )
        ]
    assert [owner.get(f"/logo/{sha256}").status_code for sha256 in hashes] == [404, 404, 404]


def test_customers_see_the_logo_their_document_was_issued_with(app, owner, company_id, typed):
    upload(owner, typed, GOOD)
    with app.app_context(), in_company(company_id), transaction():
        invoice, customer = issue(), make_customer()
        quote = draft_invoice(
            DraftInput(customer_id=customer.id, lines=(make_line(),)), kind=DocumentKind.QUOTE
        )
        issue_quote(quote.id)
        invoice_id = invoice.id
        addresses = [path_of(document_view(invoice_id).payment_url), path_of(link_of_quote(quote.id))]
    owner.post("/settings/company", data={**typed, "remove_logo": "y"})
    customer_browser = app.test_client()
    for address in addresses:
        assert f'src="{address}/logo"' in customer_browser.get(address).get_data(as_text=True)
        assert customer_browser.get(f"{address}/logo").mimetype == "image/png"
    assert 'class="document-logo"' in page(owner, f"/invoices/{invoice_id}/preview")
    with app.app_context(), in_company(company_id), transaction():
        bare = issue()
        address = path_of(document_view(bare.id).payment_url)
    assert "/logo" not in customer_browser.get(address).get_data(as_text=True)
    assert customer_browser.get(f"{address}/logo").status_code == 404
