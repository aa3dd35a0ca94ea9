"""Sending from the browser: recipients proposed, the mail looked at, sent once, tried again."""

from __future__ import annotations

import re

import pytest

from core.database import db, transaction
from core.jobs import run_due_jobs
from core.mail import MailState, OutboxMail
from core.tenancy import unscoped
from invoicing.models import Sending, SmsSending
from tests.invoicing.routes.conftest import page, plain


@pytest.fixture
def typed() -> dict[str, str]:
    return {
        "contacts": "compta@boulangerie.example.org", "recipients": "", "subject": "Invoice {{ number }}",
        "text": "Hello {{ customer }}, pay here: {{ payment_link }}", "request_key": "a" * 32,
    }  # fmt: skip


def mails(app) -> list[tuple[str, str]]:
    with app.app_context():
        return [
            (mail.recipients, mail.subject) for mail in db.session.query(OutboxMail).order_by(OutboxMail.id)
        ]


def test_the_contacts_and_the_words_are_proposed(owner, invoice):
    shown = page(owner, f"/invoices/{invoice()}/send")
    assert 'checked id="contacts-0"' in shown
    assert "compta@boulangerie.example.org" in shown
    assert "{{ payment_link }}" in shown


def test_the_preview_shows_the_mail_and_sends_nothing(app, owner, invoice, typed):
    answer = owner.post(f"/invoices/{invoice()}/send", data={**typed, "action": "preview"})
    text = plain(answer.get_data(as_text=True))
    assert "Hello Boulangerie Imaginaire, pay here: http://127.0.0.1:5000/p/" in text
    assert mails(app) == []


def test_a_mail_sent_twice_goes_out_once(app, owner, invoice, typed):
    invoice_id = invoice()
    for _ in range(2):
        assert owner.post(f"/invoices/{invoice_id}/send", data=typed).status_code == 303
    run_due_jobs(app)
    assert [recipients for recipients, _ in mails(app)] == ['["compta@boulangerie.example.org"]']
    assert "compta@boulangerie.example.org" in page(owner, f"/invoices/{invoice_id}")


def test_what_is_wrong_stands_beside_its_field(app, owner, invoice, typed):
    wrong = {**typed, "recipients": "nobody", "subject": "{{ nonsense }}"}
    text = owner.post(f"/invoices/{invoice()}/send", data=wrong).get_data(as_text=True)
    assert 'id="recipients-error"' in text
    assert 'id="subject-error"' in text
    assert 'value="nobody"' in text
    assert mails(app) == []


def test_nobody_to_send_to_is_told(owner, invoice, typed):
    text = owner.post(f"/invoices/{invoice()}/send", data={**typed, "contacts": []}).get_data(as_text=True)
    assert "Give at least one e-mail address." in text


def test_a_mail_that_no_server_took_is_on_the_dashboard_and_can_be_tried_again(app, owner, invoice, typed):
    invoice_id = invoice()
    owner.post(f"/invoices/{invoice_id}/send", data=typed)
    run_due_jobs(app)
    with app.app_context(), transaction():
        mail = db.session.query(OutboxMail).one()
        mail.state, mail.outcomes = MailState.FAILED, "{}"
    assert "could not be delivered" in page(owner, "/")
    assert "Try again" in page(owner, f"/invoices/{invoice_id}")
    assert owner.post("/sendings/1/retry").status_code == 303
    with app.app_context():
        assert db.session.query(OutboxMail.state).scalar() is not MailState.FAILED
    assert "could not be delivered" not in page(owner, "/")


def test_a_draft_cannot_be_sent(owner, draft, typed):
    assert owner.post(f"/invoices/{draft()}/send", data=typed).status_code == 404


SMS = "json://127.0.0.1:9/sms/{to}"


@pytest.fixture
def texting(app, owner):
    """The installation has an SMS provider."""
    app.config["SOLDE"] = app.config["SOLDE"].model_copy(update={"sms_url": SMS})
    return owner


def sent(app) -> tuple[int, list[str]]:
    """How many mails and to which numbers, decided."""
    with app.app_context(), unscoped():
        numbers = [row.recipient for row in db.session.query(SmsSending).order_by(SmsSending.id)]
        return db.session.query(Sending).count(), numbers


def test_a_wrong_number_does_not_stop_the_mail_and_the_mended_page_sends_the_sms_alone(
    app, texting, invoice, typed
):
    address = f"/invoices/{invoice()}/send"
    assert 'id="by_sms"' in page(texting, address)
    both = {**typed, "by_mail": "y", "by_sms": "y", "numbers": "12", "sms_text": "Payez : {{ payment_link }}"}
    answer = texting.post(address, data=both)
    shown = plain(answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert sent(app) == (1, [])
    assert "The mail is on its way." in shown
    assert 'id="numbers-error"' in shown
    assert re.search(r'<input[^>]* checked[^>]* id="by_sms"', shown)
    assert not re.search(r'<input[^>]* checked[^>]* id="by_mail"', shown)
    mended = {key: value for key, value in both.items() if key != "by_mail"} | {"numbers": "06 12 34 56 78"}
    assert texting.post(address, data=mended).status_code == 303
    assert texting.post(address, data=mended).status_code == 303
    assert sent(app) == (1, ["+33612345678"])


def test_a_wrong_mail_does_not_stop_the_sms_and_no_way_at_all_is_refused(app, texting, invoice, typed):
    address = f"/invoices/{invoice()}/send"
    wrong = {**typed, "by_mail": "y", "by_sms": "y", "subject": "", "numbers": "0612345678", "sms_text": "x"}
    text = texting.post(address, data=wrong).get_data(as_text=True)
    assert 'id="subject-error"' in text
    assert sent(app) == (0, ["+33612345678"])
    text = texting.post(address, data={**typed, "numbers": "0612345679"}).get_data(as_text=True)
    assert 'id="by_mail-error"' in text
    assert sent(app) == (0, ["+33612345678"])


def test_the_preview_counts_the_sms(app, texting, invoice, typed):
    wanted = {**typed, "by_sms": "y", "sms_text": "Fête : {{ payment_link }}", "action": "preview"}
    text = plain(texting.post(f"/invoices/{invoice()}/send", data=wanted).get_data(as_text=True))
    assert "Fête : http://127.0.0.1:5000/p/" in text
    assert "1 SMS" in text
    assert "70 characters" in text
    assert sent(app) == (0, [])
