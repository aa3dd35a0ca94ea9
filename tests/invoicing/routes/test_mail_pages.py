"""Mails that did not arrive: listed with what to do in the reader's language, tried again, let be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from core.clock import utc_now
from core.database import db, transaction
from core.event_log import Event
from core.jobs import run_due_jobs
from core.mail import MailState, OutboxMail, queue_mail
from core.models import Role
from core.tenancy import in_company
from invoicing.mail_troubles import count_failed_mails, failed_mails, waiting_mails
from invoicing.models import Document
from invoicing.send_invoice import SendInput, send_invoice
from tests.conftest import make_company, make_user, signed_in_client
from tests.core.scripted_smtp import Script, scripted_smtp
from tests.invoicing.routes.conftest import page

TO = "compta@boulangerie.example.org"


@pytest.fixture
def server() -> Iterator[Script]:
    with scripted_smtp() as script:
        yield script


@pytest.fixture
def app(make_app, sqlite_url: str, server: Script):
    return make_app(sqlite_url, smtp_url=server.url)


def refuse(server: Script, answer: str, address: str = TO) -> None:
    """Answer so the next time that this recipient is named."""
    server.to_recipient.setdefault(address, []).append(answer)


def send(app, company_id: int, invoice_id: int, key: str) -> None:
    with app.app_context(), in_company(company_id), transaction():
        send_invoice(SendInput(invoice_id, (TO,), key))
    run_due_jobs(app)


def test_what_failed_is_listed_tried_again_and_let_be(app, company_id, owner, invoice, server):
    first, second = invoice(), invoice()
    assert "Every mail has arrived" in page(owner, "/mails")
    refuse(server, "550 5.1.1 no such user")
    send(app, company_id, first, "k1")
    assert "The mail with" in page(owner, "/")
    with app.app_context(), in_company(company_id), transaction():
        refuse(server, "550 5.7.1 refused", "anne@example.org")
        queue_mail(to=["anne@example.org"], subject="Your access", text="https://secret.example.org")
    run_due_jobs(app)
    shown = page(owner, "/mails")
    assert "550 5.1.1 no such user" in shown
    assert "The server refuses this recipient" in shown
    assert f"/invoices/{first}" in shown
    assert "Your access" in shown
    assert "secret.example.org" not in shown
    assert "2 mails could not be delivered." in page(owner, "/")
    # An invoice that was sent anew is no trouble any more.
    refuse(server, "550 5.1.1 no such user")
    send(app, company_id, second, "k2")
    send(app, company_id, second, "k3")
    with app.app_context(), in_company(company_id):
        ids = [row.mail.id for row in failed_mails(limit=10)]
        assert len(ids) == count_failed_mails() == 2
    for _ in range(2):  # a double click
        assert owner.post(f"/mails/{ids[0]}/give-up").status_code == 303
    assert "Your access" not in page(owner, "/mails")
    with app.app_context(), in_company(company_id):
        assert len(db.session.scalars(select(Event).where(Event.kind == "mail.given_up")).all()) >= 1
    assert owner.post("/mails/retry").status_code == 303
    run_due_jobs(app)
    assert "Every mail has arrived" in page(owner, "/mails")
    history = page(owner, f"/invoices/{first}")
    assert "Server: 250" in history
    assert "The server’s answer:" in history


def test_a_mail_let_be_that_fails_once_more_is_listed_again(app, company_id, owner, invoice, server):
    refuse(server, "550 5.1.1 no such user")
    refuse(server, "550 5.1.1 no such user")
    send(app, company_id, invoice(), "k1")
    with app.app_context(), in_company(company_id):
        mail_id = failed_mails(limit=1)[0].mail.id
    owner.post(f"/mails/{mail_id}/give-up")
    assert "Every mail has arrived" in page(owner, "/mails")
    owner.post(f"/mails/{mail_id}/retry")
    run_due_jobs(app)
    assert "550 5.1.1 no such user" in page(owner, "/mails")


def test_what_is_put_off_waits_and_says_so_in_french(app, company_id, invoice, server):
    refuse(server, "451 4.3.0 try later")
    send(app, company_id, invoice(), "k1")
    with app.app_context(), in_company(company_id):
        assert [row.mail.state for row in waiting_mails(limit=10)] == [MailState.QUEUED]
    make_user(app, company_id, Role.OWNER, email="francaise@example.org", language="fr")
    client = app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False
    client.post("/login", data={"email": "francaise@example.org", "password": "correct horse battery"})
    shown = page(client, "/mails?state=waiting")
    assert "451 4.3.0 try later" in shown
    assert "Le serveur a eu une erreur interne." in shown


def test_another_companys_mails_and_readers(app, company_id, owner, server):
    other = make_company(app, siren="404833048", siret="", vat_number="")
    refuse(server, "550 5.1.1 no such user", "a@example.org")
    with app.app_context(), in_company(other), transaction():
        foreign = queue_mail(to=["a@example.org"], subject="Theirs", text="x").id
    run_due_jobs(app)
    assert "Theirs" not in page(owner, "/mails")
    for act in ("retry", "give-up"):
        assert owner.post(f"/mails/{foreign}/{act}").status_code == 404
    owner.post("/mails/retry")
    with app.app_context():
        assert db.session.get_one(OutboxMail, foreign).state is MailState.FAILED
    reader = signed_in_client(app, company_id, Role.VIEWER)
    assert "Try all again" not in page(reader, "/mails")
    assert reader.post("/mails/retry").status_code == 403


def test_a_mail_that_cannot_even_be_made_is_told(app, company_id, owner, invoice):
    invoice_id = invoice()
    with app.app_context(), in_company(company_id):
        with transaction():
            send_invoice(SendInput(invoice_id, (TO,), "k1"))
        number = db.session.get_one(Document, invoice_id).number
    assert "cannot be made" not in page(owner, "/mails")
    with time_machine.travel(utc_now() + timedelta(minutes=11)):
        shown = page(owner, "/mails")
    assert "cannot be made" in shown
    assert str(number) in shown
    run_due_jobs(app)
    with time_machine.travel(utc_now() + timedelta(minutes=11)):
        assert "cannot be made" not in page(owner, "/mails")
