"""A document's link by SMS: numbers, words, once, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from core.database import db, transaction
from core.errors import ConflictError
from core.jobs import run_due_jobs
from core.local_mailbox.testing import RunningMailbox, running_mailbox
from core.sms import MOST_ATTEMPTS, OutboxSms, SmsState, send_due_sms
from invoicing.credit_invoice import credit_invoice
from invoicing.customer_input import ContactInput
from invoicing.decide_on_sms import decide_on_sms
from invoicing.document_view import document_view
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.history import history
from invoicing.history_words import history_entries
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Document, Sending, SmsSending, TextKind
from invoicing.send_sms import SmsInput, proposed_numbers, send_sms, split_numbers
from invoicing.send_to_contacts import is_reachable, send_to_contacts
from invoicing.sending_status import was_sent
from invoicing.sms_status import count_failed_sms, failed_sms, sms_status
from invoicing.sms_texts import expand_sms, proposed_sms, size_of_sms
from invoicing.text_library import TextInput, save_text
from tests.conftest import MakeApp
from tests.factories.invoicing import make_customer, make_draft
from tests.invoicing.mailing import entered_shop

MOBILE, E164 = "06 12 34 56 78", "+33612345678"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[RunningMailbox]:
    with running_mailbox() as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(mailbox: RunningMailbox) -> None:
    mailbox.clear()


@pytest.fixture
def shop(make_app: MakeApp, sqlite_url: str, mailbox: RunningMailbox) -> Iterator[Flask]:
    with entered_shop(make_app(sqlite_url, sms_url=mailbox.sms_url)) as app:
        yield app


@pytest.fixture
def each_shop(make_app: MakeApp, each_url: str, mailbox: RunningMailbox) -> Iterator[Flask]:
    with entered_shop(make_app(each_url, sms_url=mailbox.sms_url)) as app:
        yield app


def _issued(**changes: object) -> int:
    contact = ContactInput(email="compta@boulangerie.example.org", mobile=MOBILE)
    with transaction():
        customer = make_customer(**{"contacts": (contact,), **changes})
        return issue_invoice(make_draft(customer=customer).id).id


def _send(document_id: int, *numbers: str, key: str = "k1", text: str | None = None) -> list[int]:
    with transaction():
        given = SmsInput(document_id, numbers or (MOBILE,), key, text)
        return [sending.sms_id for sending in send_sms(given)]


def test_the_link_arrives_once_in_the_customers_language(each_shop: Flask, mailbox: RunningMailbox) -> None:
    document_id = _issued(language="fr")
    assert not was_sent(document_id)
    first, second = _send(document_id), _send(document_id)
    assert first == second
    run_due_jobs(each_shop)
    (message,) = mailbox.messages()
    view = document_view(document_id)
    assert message["Delivered-To"] == E164
    said = message.get_content().strip()
    assert said.startswith("Atelier Lumen : votre facture ")
    assert said.endswith(str(view.payment_url))
    assert "\u202f" not in said
    assert was_sent(document_id)
    (status,) = sms_status(document_id)
    assert (status.state, status.recipient) == ("sent", E164)
    shown = history_entries(history(db.session.get_one(Document, document_id)))[-1]
    assert shown["detail"] == E164


def test_what_is_wrong_is_named_and_nobody_gets_anything(shop: Flask) -> None:
    document_id = _issued()
    cases = {
        ("01 23 45 67 89",): "numbers",  # a landline
        (MOBILE, "123"): "numbers",
        tuple(f"06 12 34 56 7{last}" for last in range(6)): "numbers",
    }
    for numbers, field in cases.items():
        with pytest.raises(InvalidInputError) as refused:
            _send(document_id, *numbers)
        assert list(refused.value.errors) == [field]
    for text in ("", "{{ nonsense }}", "{{ quote_link }}", "é" * 1000):
        with pytest.raises(InvalidInputError) as refused:
            _send(document_id, text=text)
        assert list(refused.value.errors) == ["sms_text"]
    with pytest.raises(InvalidInputError), transaction():
        send_sms(SmsInput(document_id, (), "k1"))
    assert db.session.query(OutboxSms).count() == 0


def test_without_a_provider_the_owner_is_told_where_to_name_one(company) -> None:
    document_id = _issued()
    with pytest.raises(InvalidInputError, match="SOLDE_SMS_URL"):
        _send(document_id)


def test_drafts_and_credit_notes_have_no_link_to_send(shop: Flask) -> None:
    document_id = _issued()
    with transaction():
        draft_id = make_draft().id
        note_id = credit_invoice(document_id, reason="Erreur").id
    for refused_id in (draft_id, note_id):
        with pytest.raises(ConflictError):
            _send(refused_id)
    with pytest.raises(NotFoundError):
        _send(999_999)


def test_the_link_is_added_when_the_words_lack_it_and_never_twice(shop: Flask) -> None:
    view = document_view(_issued())
    url = str(view.payment_url)
    assert expand_sms("Merci, {{ customer }}", view) == f"Merci, Boulangerie Imaginaire {url}"
    assert expand_sms("{{ payment_link }}\u202f!", view) == f"{url} !"


def test_the_usual_words_fit_one_sms_and_the_librarys_default_takes_their_place(shop: Flask) -> None:
    view = document_view(_issued(language="fr"))
    size = size_of_sms(proposed_sms(view), view)
    assert size is not None
    assert (size.parts, size.is_wide) == (1, False), size
    with transaction():
        save_text(TextInput(TextKind.SMS, "Court", "Payez ici : {{ payment_link }}", is_default=True))
    assert proposed_sms(view) == "Payez ici : {{ payment_link }}"
    with pytest.raises(InvalidInputError), transaction():
        save_text(TextInput(TextKind.SMS, "Faux", "{{ what }}"))


def test_one_that_fails_is_listed_until_it_is_sent_anew_or_let_be(
    shop: Flask, mailbox: RunningMailbox
) -> None:
    document_id = _issued()
    (sms_id,) = _send(document_id)
    with transaction():
        row = db.session.get_one(OutboxSms, sms_id)
        row.attempts = MOST_ATTEMPTS - 1
    mailbox.faults.refuse_next(1)
    send_due_sms()
    assert [(sms.sms_id, sms.document.id) for sms in failed_sms() if sms.document] == [(sms_id, document_id)]
    with transaction():
        assert decide_on_sms(sms_id, again=False)
    assert count_failed_sms() == 0
    with transaction():
        assert decide_on_sms(sms_id, again=True)
        assert not decide_on_sms(sms_id, again=True)
    send_due_sms()
    db.session.expire_all()
    assert db.session.get_one(OutboxSms, sms_id).state is SmsState.SENT
    with pytest.raises(NotFoundError), transaction():
        decide_on_sms(999_999, again=True)


def test_numbers_are_proposed_and_split_as_people_write_them(shop: Flask) -> None:
    document_id = _issued()
    customer_id = db.session.get_one(Document, document_id).customer_id
    assert proposed_numbers(customer_id) == ("+33 6 12 34 56 78",)
    assert split_numbers(" 06 12 34 56 78, +49 151 12345678;\n") == ("06 12 34 56 78", "+49 151 12345678")
    _send(document_id, "+49 151 12345678", MOBILE, "+33612345678")
    assert [row.recipient for row in db.session.query(SmsSending).order_by(SmsSending.id)] == [
        "+4915112345678",
        E164,
    ]


def test_who_can_be_reached_by_sms_alone_is_everybody_else_by_mail(shop: Flask) -> None:
    by_sms = _issued(contacts=(ContactInput(name="Paul", mobile=MOBILE),))
    by_mail = _issued()
    for document_id in (by_sms, by_sms, by_mail):
        with transaction():
            send_to_contacts(db.session.get_one(Document, document_id))
    assert [(row.document_id, row.recipient) for row in db.session.query(SmsSending)] == [(by_sms, E164)]
    assert [row.document_id for row in db.session.query(Sending)] == [by_mail]
    customers = {id_: db.session.get_one(Document, id_).customer_id for id_ in (by_sms, by_mail)}
    assert all(map(is_reachable, customers.values()))
    shop.config["SOLDE"] = shop.config["SOLDE"].model_copy(update={"sms_url": None})
    assert [is_reachable(customer_id) for customer_id in customers.values()] == [False, True]
