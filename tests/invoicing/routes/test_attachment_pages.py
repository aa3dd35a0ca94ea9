"""Files attached in the editor and on the send page: kept while the form is mended, listed, saved, taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from core.database import db
from core.jobs import run_due_jobs
from core.mail import OutboxMail
from core.models import Role
from core.tenancy import in_company
from invoicing.attachments import read_attachments
from invoicing.models import Document
from invoicing.payment_link import link_of
from tests.conftest import signed_in_client
from tests.invoicing.routes.conftest import page

PDF = b"%PDF-1.7\n%plan\n"


@pytest.fixture
def typed(customer_id) -> dict[str, str]:
    return {
        "customer_id": str(customer_id), "prices": "net",
        "lines-0-label": "Conseil", "lines-0-quantity": "1", "lines-0-unit": "HUR", "lines-0-unit_price": "100",
        "lines-0-vat_rate": "2000", "lines-0-kind": "service",
    }  # fmt: skip


def with_files(data: Mapping[str, object], *files: tuple[bytes, str]) -> dict[str, object]:
    return {**data, "files": [(BytesIO(content), name) for content, name in files]}


def codes_in(text: str) -> list[str]:
    """The ticked boxes of the files attached so far."""
    boxes = re.findall(r'<input[^>]*name="attached"[^>]*>', text)
    assert all("checked" in box for box in boxes)
    return [unescape(re.findall(r'value="([^"]*)"', box)[0]) for box in boxes]


def test_what_was_attached_stays_while_the_rest_is_mended(owner, typed):
    wrong = {**typed, "lines-0-quantity": "beaucoup"}
    answer = owner.post("/invoices/new", data=with_files(wrong, (PDF, "Plan é.pdf"), (b"MZ", "virus.exe")))
    text = answer.get_data(as_text=True)
    (code,) = codes_in(text)
    assert code.endswith(":Plan é.pdf")
    assert 'id="files-error"' in text
    assert "virus.exe" in text
    saved = owner.post("/invoices/new", data={**typed, "attached": [code]})
    where = saved.headers["Location"]
    assert "Plan é.pdf" in page(owner, where)
    edited = page(owner, f"{where}/edit")
    assert codes_in(edited) == [code]
    more = with_files({**typed, "attached": [code]}, (b"a;b\n", "prix.csv"))
    assert owner.post(f"{where}/edit", data=more).status_code == 303
    both = codes_in(page(owner, f"{where}/edit"))
    assert [one.partition(":")[2] for one in both] == ["Plan é.pdf", "prix.csv"]
    assert owner.post(f"{where}/edit", data={**typed, "attached": both[1:]}).status_code == 303
    assert codes_in(page(owner, f"{where}/edit")) == both[1:]


def test_a_button_of_a_line_does_not_lose_them(owner, typed):
    adding = owner.post("/invoices/new", data=with_files({**typed, "action": "add-line"}, (PDF, "plan.pdf")))
    assert [code.partition(":")[2] for code in codes_in(adding.get_data(as_text=True))] == ["plan.pdf"]


def test_two_files_under_one_key_are_two_acts(owner, typed):
    keyed = {**typed, "request_key": "a" * 32}
    places = [
        owner.post("/invoices/new", data=with_files(keyed, (PDF + content, "plan.pdf"))).headers["Location"]
        for content in (b"1", b"1", b"2")
    ]
    assert places[0] == places[1] != places[2]


def test_a_file_is_saved_and_never_shown_and_only_where_it_goes_along(app, company_id, owner, typed, invoice):
    where = owner.post("/invoices/new", data=with_files(typed, (b"Bonjour", "note.txt"))).headers["Location"]
    url = re.findall(r'href="([^"]*/attachments/[0-9a-f]{64})"', page(owner, where))[0]
    answer = owner.get(url)
    assert answer.data == b"Bonjour"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=note.txt")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"].startswith("text/plain")
    digest = url.rpartition("/")[2]
    assert owner.get(f"/invoices/{invoice()}/attachments/{digest}").status_code == 404
    assert owner.get(f"{where}/attachments/{'0' * 64}").status_code == 404
    assert signed_in_client(app, company_id, Role.VIEWER).get(url).status_code == 200


def test_one_mail_takes_files_of_its_own_which_no_public_page_shows(app, company_id, owner, invoice):
    invoice_id = invoice()
    typed = {
        "contacts": "compta@boulangerie.example.org", "recipients": "nobody", "subject": "Invoice",
        "text": "Hello {{ payment_link }}", "request_key": "b" * 32,
    }  # fmt: skip
    refused = owner.post(f"/invoices/{invoice_id}/send", data=with_files(typed, (PDF, "plan.pdf")))
    codes = codes_in(refused.get_data(as_text=True))
    preview = owner.post(
        f"/invoices/{invoice_id}/send",
        data={**typed, "recipients": "", "attached": codes, "action": "preview"},
    )
    assert ".pdf, plan.pdf" in preview.get_data(as_text=True)
    sent = owner.post(f"/invoices/{invoice_id}/send", data={**typed, "recipients": "", "attached": codes})
    assert sent.status_code == 303
    run_due_jobs(app)
    assert "plan.pdf" in page(owner, f"/invoices/{invoice_id}")
    with app.app_context(), in_company(company_id):
        names = [one.name for one in read_attachments(db.session.query(OutboxMail).one().attachments)]
        assert names[1:] == ["plan.pdf"]
        assert db.session.get_one(Document, invoice_id).attachments == "[]"
        link = link_of(invoice_id)
        assert link is not None
        token = link.token
    assert "plan.pdf" not in page(app.test_client(), f"/p/{token}")


def test_more_than_a_form_takes_is_received_from_members_alone(app, owner, typed):
    def sent(client, url: str, size: int) -> tuple[int, str]:
        # As bytes: the test client would leave its own temporary file open.
        boundary, body = encode_multipart(
            {**typed, "files": FileStorage(BytesIO(PDF + b"x" * size), "a.pdf")}
        )
        answer = client.post(url, data=body, content_type=f"multipart/form-data; boundary={boundary}")
        return answer.status_code, answer.get_data(as_text=True)

    assert sent(owner, "/invoices/new", 7_000_000)[0] == 303
    assert sent(owner, "/customers/new", 7_000_000)[0] == 413
    assert "a.pdf is too large: a file may have 10 MB." in sent(owner, "/invoices/new", 10_000_000)[1]
    app.config["WTF_CSRF_ENABLED"] = True  # whose check reads the form before anybody asks who sends it
    assert sent(app.test_client(), "/invoices/new", 7_000_000)[0] == 413
