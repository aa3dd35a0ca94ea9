"""Thirty drafts at once in the browser: chosen, confirmed, worked on, one refused, and a result that stays."""

from __future__ import annotations

import re
from html import unescape

from core.database import db, transaction
from core.jobs import run_due_jobs
from core.models import Role
from core.tenancy import in_company
from invoicing.models import BulkRun, Customer, Document, Sending
from tests.conftest import signed_in_client
from tests.factories.invoicing import make_customer, make_draft
from tests.invoicing.routes.conftest import page, plain


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of the form that confirms."""
    form = text[text.index('action="/invoices/bulk"') :]
    tags = re.findall(r'<input[^>]*type="hidden"[^>]*>', form)
    named = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags]
    return {name[1]: unescape(value[1]) for name, value in named if name and value}


def test_thirty_drafts_are_issued_and_sent_once_and_one_is_refused(app, company_id, owner, customer_id):
    with app.app_context(), in_company(company_id), transaction():
        customer = db.session.get_one(Customer, customer_id)
        ids = [make_draft(customer=customer).id for _ in range(29)]
        alone = make_draft(customer=make_customer(name="Sans Contact", contacts=())).id
    listed = page(owner, "/invoices?state=draft")
    assert listed.count('name="document"') == 30
    asked = page(owner, "/invoices/bulk?state=draft&all=1&action=issue_and_send")
    assert "Issue and send 30 invoices" in asked
    assert "€3,600.00" in asked
    assert "1 is for a customer without a contact" in asked
    sent = hidden(asked)
    first, second = (owner.post("/invoices/bulk", data=sent) for _ in range(2))  # a double click
    assert first.status_code == second.status_code == 303
    url = first.headers["Location"]
    assert second.headers["Location"] == url
    waiting = page(owner, url)
    assert "0 of 30 documents are done" in waiting
    assert 'http-equiv="refresh"' in waiting
    assert "0 of 30 documents are done" in page(owner, "/invoices")
    before = owner.get(f"{url}/state.json").get_json()
    assert before["final"] is False
    run_due_jobs(app)
    after = owner.get(f"{url}/state.json").get_json()
    assert after["final"] is True
    assert after["state"] != before["state"]
    done = page(owner, url)
    assert "30 of 30 documents are done" in done
    assert "1 document was refused" in done
    assert 'http-equiv="refresh"' not in done
    refused = page(owner, f"{url}?state=refused")
    assert f"/invoices/{alone}" in refused
    assert "This customer has no contact" in refused
    assert f"/invoices/{ids[0]}" not in refused
    assert "Issue and send 30 invoices" in page(owner, "/invoices/bulk/runs")
    assert "documents are done" not in page(owner, "/invoices")
    with app.app_context(), in_company(company_id):
        sendings = sorted(db.session.scalars(db.select(Sending.document_id)))
        issued = db.session.scalars(
            db.select(Document.id).where(Document.number.is_not(None)).order_by(Document.number)
        )
        assert sendings == list(issued) == ids
        assert db.session.query(BulkRun).count() == 1


def test_what_changed_meanwhile_is_asked_again_and_nothing_is_done(app, company_id, owner, draft):
    first, second = draft(), draft("2")
    sent = hidden(page(owner, f"/invoices/bulk?action=issue&document={first}&document={second}&document=x"))
    assert owner.post(f"/invoices/{second}/issue").status_code == 303
    answer = owner.post("/invoices/bulk", data=sent)
    assert answer.status_code == 409
    text = plain(answer.get_data(as_text=True))
    assert "nothing was done" in text
    assert "1 is issued already and is left out" in text
    assert "Issue 1 invoice" in text
    assert owner.post("/invoices/bulk", data=hidden(text)).status_code == 303
    assert "Nothing to do" in page(owner, "/invoices/bulk?action=send")
    for data in ({}, {"action": "x", "documents": "1,²,-3,99999999999999999999", "seen": "x"}):
        assert owner.post("/invoices/bulk", data=data).status_code in (400, 409)


def test_who_may_not_invoice_sees_results_and_no_boxes(app, company_id, owner, draft):
    document_id = draft()
    sent = hidden(page(owner, f"/invoices/bulk?action=issue&document={document_id}"))
    url = owner.post("/invoices/bulk", data=sent).headers["Location"]
    viewer = signed_in_client(app, company_id, Role.VIEWER)
    assert 'name="document"' not in page(viewer, "/invoices")
    assert "Issue 1 invoice" in page(viewer, url)
    assert viewer.get("/invoices/bulk").status_code == 403
