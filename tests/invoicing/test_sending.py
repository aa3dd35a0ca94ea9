"""From the decision to send to the mail that arrives, and what the page tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from core.clock import utc_now
from core.database import db, transaction
from core.errors import ConflictError
from core.jobs import run_due_jobs
from core.mail import OutboxMail, send_due_mail
from core.tenancy import in_company
from invoicing.customer_input import ContactInput
from invoicing.dispatch_sendings import dispatch_sendings
from invoicing.document_view import document_view
from invoicing.einvoice_xml import xml_of
from invoicing.errors import InvalidInputError
from invoicing.invoice_mail import preview_mail
from invoicing.issue_invoice import issue_invoice
from invoicing.message_texts import MessageText
from invoicing.models import Sending, SendingMail
from invoicing.render_pdf import issued_pdf
from invoicing.send_invoice import SendInput, proposed_recipients, send_invoice, split_recipients
from invoicing.sending_status import SendingState, sending_status
from tests.conftest import MakeApp, make_company
from tests.core.scripted_smtp import Script
from tests.factories.invoicing import make_customer, make_draft, make_line
from tests.invoicing.mailing import entered_shop

TO = "compta@boulangerie.example.org"


@pytest.fixture
def shop(make_app: MakeApp, sqlite_url: str, server: Script) -> Iterator[Flask]:
    """A company entered, whose mails go to the scripted server."""
    with entered_shop(make_app(sqlite_url, smtp_url=server.url)) as app:
        yield app


@pytest.fixture
def each_shop(make_app: MakeApp, each_url: str, server: Script) -> Iterator[Flask]:
    """The same on each engine in turn."""
    with entered_shop(make_app(each_url, smtp_url=server.url)) as app:
        yield app


def _issued(language: str = "en", **changes: object) -> int:
    with transaction():
        customer = make_customer(language=language, **changes)
        return issue_invoice(make_draft(make_line("1", "100"), customer=customer).id).id


def _send(
    document_id: int, key: str = "key-1", recipients: tuple[str, ...] = (TO,), **changes: object
) -> int:
    values: dict = {"document_id": document_id, "recipients": recipients, "request_key": key, **changes}
    with transaction():
        return send_invoice(SendInput(**values)).id


def _refused_fields(document_id: int, **changes: Any) -> set[str]:
    with pytest.raises(InvalidInputError) as refused:
        _send(document_id, **changes)
    return set(refused.value.errors)


def _run_worker(shop: Flask) -> None:
    """What a worker does next; then forget what was read before."""
    db.session.rollback()
    run_due_jobs(shop)


def test_a_sent_invoice_arrives_with_its_pdf_and_its_link_as_button_and_text(
    each_shop: Flask, server: Script
) -> None:
    document_id = _issued()
    _send(document_id)
    run_due_jobs(each_shop)
    assert len(server.messages) == 1
    message, view = server.messages[0], document_view(document_id)
    assert server.received[0][0] == [TO]
    assert message["From"] == "Atelier Lumen <factures@solde.example.org>"
    assert message["Reply-To"] == "bonjour@atelier-lumen.example.org"
    assert str(view.number) in message["Subject"]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    url = str(view.payment_url)
    assert url in plain.get_content()
    assert html.get_content().count(f'href="{url}"') == 2
    assert "{{" not in plain.get_content() + html.get_content()
    attached = next(message.iter_attachments())
    assert attached.get_filename() == f"Invoice {view.number}.pdf"
    xml = xml_of(document_id)
    assert xml is not None
    assert attached.get_content() == issued_pdf(view, xml.content)


def test_the_mail_of_a_french_customer_is_french(shop: Flask, server: Script) -> None:
    _send(_issued("fr"))
    run_due_jobs(shop)
    message = server.messages[0]
    body = message.get_body(("plain",))
    assert body is not None
    assert message["Subject"].startswith("Facture ")
    assert "Bonjour," in body.get_content()
    assert "120,00" in body.get_content()
    assert str(next(message.iter_attachments()).get_filename()).startswith("Facture ")


def test_the_html_loads_nothing_and_shows_typed_text_as_text(shop: Flask, server: Script) -> None:
    document_id = _issued()
    _send(document_id, text="<img src=http://evil.example.org/x> & <script>1</script>\nsecond line")
    run_due_jobs(shop)
    body = server.messages[0].get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert (
        "&lt;img src=http://evil.example.org/x&gt; &amp; &lt;script&gt;1&lt;/script&gt;<br>second line"
        in html
    )
    for foreign in ("<img", "<script", "<link", "url(", "src="):
        assert foreign not in html.replace("&lt;img src=", ""), foreign


def test_a_double_click_is_one_sending(each_shop: Flask, server: Script) -> None:
    document_id = _issued()
    assert _send(document_id) == _send(document_id)
    run_due_jobs(each_shop)
    assert len(server.messages) == 1
    _send(document_id, key="key-2")
    run_due_jobs(each_shop)
    assert len(server.messages) == 2


def test_a_draft_is_not_sent(shop: Flask) -> None:
    with transaction():
        draft = make_draft().id
    with pytest.raises(ConflictError):
        _send(draft)


@pytest.mark.parametrize(
    "address", ["pas-une-adresse", "a@b", "été@example.org", "a@example.org\nBcc: x@example.org", "@"]
)
def test_a_wrong_address_is_refused_beside_its_field(shop: Flask, address: str) -> None:
    assert _refused_fields(_issued(), recipients=(TO, address)) == {"recipients"}


def test_no_recipient_too_many_and_a_wrong_answer_address_are_refused(shop: Flask) -> None:
    document_id = _issued()
    assert _refused_fields(document_id, recipients=()) == {"recipients"}
    many = tuple(f"client{n}@example.org" for n in range(21))
    assert _refused_fields(document_id, recipients=many, reply_to="x") == {"recipients", "reply_to"}
    assert _refused_fields(document_id, recipients=(), text="{{ nothing }}") == {"recipients", "text"}


def test_an_international_domain_goes_out_in_its_encoded_form(shop: Flask, server: Script) -> None:
    _send(_issued(), recipients=("compta@café-modèle.example.org", "compta@café-modèle.example.org"))
    run_due_jobs(shop)
    assert server.received[0][0] == ["compta@xn--caf-modle-63ag.example.org"]


def test_the_contacts_that_receive_invoices_are_proposed(shop: Flask) -> None:
    contacts = (
        ContactInput(email="compta@example.org"),
        ContactInput(email="atelier@example.org", receives_invoices=False),
        ContactInput(name="Sans adresse"),
        ContactInput(email="direction@example.org"),
    )
    customer_id = document_view(_issued(contacts=contacts)).customer_id
    assert proposed_recipients(customer_id) == ("compta@example.org", "direction@example.org")
    assert split_recipients(" a@example.org, b@example.org;\nc@example.org ") == (
        "a@example.org", "b@example.org", "c@example.org",
    )  # fmt: skip


def test_the_preview_is_the_mail_that_is_sent(shop: Flask, server: Script) -> None:
    document_id = _issued()
    preview = preview_mail(
        document_view(document_id), MessageText("Hello {{ customer }}", "Pay here: {{ payment_link }}")
    )
    _send(document_id, subject="Hello {{ customer }}", text="Pay here: {{ payment_link }}")
    run_due_jobs(shop)
    message = server.messages[0]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert message["Subject"] == preview.subject == "Hello Boulangerie Imaginaire"
    assert plain.get_content().replace("\r\n", "\n").strip() == preview.text.strip()
    assert html.get_content().replace("\r\n", "\n").strip() == preview.html.strip()


def test_two_workers_make_one_mail_of_a_sending(each_shop: Flask, server: Script) -> None:
    sending_id = _send(_issued())
    together = Barrier(3)

    def dispatch(_: int) -> None:
        with each_shop.app_context():
            together.wait()
            dispatch_sendings()

    db.session.rollback()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(dispatch, range(3)))
    assert db.session.scalars(select(func.count(OutboxMail.id))).one() == 1
    assert db.session.scalars(select(SendingMail.sending_id)).all() == [sending_id]


def test_a_sending_whose_worker_was_lost_is_found_by_the_sweep(shop: Flask, server: Script) -> None:
    _send(_issued())
    shop.extensions["solde_huey"].flush()
    dispatch_sendings()
    send_due_mail()
    assert len(server.messages) == 1


def test_the_page_knows_what_became_of_each_recipient(each_shop: Flask, server: Script) -> None:
    server.to_recipient["parti@example.org"] = ["550 5.1.1 unknown here"]
    server.to_recipient["plein@example.org"] = ["452 4.2.2 mailbox full"]
    document_id = _issued()
    _send(document_id, recipients=(TO, "parti@example.org", "plein@example.org"))
    waiting = sending_status(document_id)[0]
    assert (waiting.state, waiting.mail_id) == (SendingState.QUEUED, None)
    assert {who.state for who in waiting.recipients} == {SendingState.QUEUED}
    _run_worker(each_shop)
    status = sending_status(document_id)[0]
    states = {who.address: (who.state, who.answer) for who in status.recipients}
    assert status.state is SendingState.QUEUED
    assert states[TO] == (SendingState.SENT, "250 2.0.0 queued as 0001")
    assert states["parti@example.org"] == (SendingState.FAILED, "550 5.1.1 unknown here")
    assert states["plein@example.org"] == (SendingState.QUEUED, "452 4.2.2 mailbox full")
    with time_machine.travel(utc_now() + timedelta(hours=2), tick=True):
        send_due_mail()
    db.session.rollback()
    status = sending_status(document_id)[0]
    assert status.state is SendingState.FAILED
    assert {who.address for who in status.recipients if who.state is SendingState.SENT} == {
        TO,
        "plein@example.org",
    }


def test_another_company_sees_nothing_of_it(shop: Flask) -> None:
    document_id = _issued()
    _send(document_id)
    other = make_company(shop, siren="552100554", siret="", vat_number="FR96552100554")
    with in_company(other):
        assert sending_status(document_id) == []
        assert db.session.scalars(select(Sending)).all() == []
