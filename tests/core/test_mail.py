"""The outbox, against a real SMTP server."""

from __future__ import annotations

import email.charset
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from core.clock import utc_now
from core.database import db, lock, transaction
from core.files import put_bytes, register_file
from core.mail import (
    LEASE,
    Attachment,
    MailState,
    OutboxMail,
    outcomes_of,
    queue_mail,
    retry_mail,
    send_due_mail,
)
from core.tenancy import in_company
from tests.conftest import MakeApp, make_company
from tests.core.scripted_smtp import DROP, Script, scripted_smtp
from tests.forks import Forks, running_forks

TO = "client@example.org"


@pytest.fixture
def server() -> Iterator[Script]:
    with scripted_smtp() as script:
        yield script


@pytest.fixture
def mail_app(make_app: MakeApp, sqlite_url: str, server: Script) -> Iterator[Flask]:
    """An application with a context pushed that sends to the scripted server."""
    app = make_app(sqlite_url, smtp_url=server.url)
    with app.app_context():
        yield app


@pytest.fixture
def each_mail_app(make_app: MakeApp, each_url: str, server: Script) -> Iterator[Flask]:
    """The same on each engine in turn."""
    app = make_app(each_url, smtp_url=server.url)
    with app.app_context():
        yield app


def _queue(to: list[str] | None = None, **changes: object) -> int:
    values: dict = {
        "to": to or [TO],
        "subject": "Facture F2026-00001",
        "text": "Bonjour,\n\nÀ bientôt.",
        **changes,
    }
    with transaction():
        return queue_mail(**values).id


def _read(mail_id: int) -> OutboxMail:
    db.session.rollback()
    return db.session.get_one(OutboxMail, mail_id)


def _send_later(delay: timedelta = timedelta(hours=2)) -> None:
    with time_machine.travel(utc_now() + delay, tick=True):
        send_due_mail()


def test_a_mail_is_sent_once_and_keeps_the_servers_words(each_mail_app: Flask, server: Script) -> None:
    mail_id = _queue()
    send_due_mail()
    send_due_mail()
    mail = _read(mail_id)
    assert (mail.state, mail.answer, mail.attempts) == (MailState.SENT, "250 2.0.0 queued as 0001", 1)
    assert mail.sent_at is not None
    assert len(server.received) == 1


def test_what_arrives_is_text_and_html_with_the_stored_file(mail_app: Flask, server: Script) -> None:
    company_id = make_company(mail_app)
    content = b"%PDF-1.7 small"
    digest = put_bytes(content)
    with in_company(company_id), transaction():
        register_file(digest, len(content), "application/pdf")
        queue_mail(
            to=[TO],
            subject="Facture\r\nBcc: voleur@example.org",
            text="Déjà réglée ?",
            html="<p>Déjà réglée ?</p>",
            reply_to="bonjour@example.org",
            attachments=[Attachment("Facture F2026-00001.pdf", digest, "application/pdf")],
        )
    send_due_mail()
    message = server.messages[0]
    assert message["From"] == "Atelier Lumen <factures@solde.example.org>"
    assert (message["To"], message["Reply-To"]) == (TO, "bonjour@example.org")
    assert message["Subject"] == "Facture Bcc: voleur@example.org"
    assert message["Bcc"] is None
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().strip() == "Déjà réglée ?"
    assert html.get_content().strip() == "<p>Déjà réglée ?</p>"
    attached = next(message.iter_attachments())
    assert (attached.get_filename(), attached.get_content()) == ("Facture F2026-00001.pdf", content)
    assert server.received[0][1].isascii(), "8-bit lines would need a server that announces 8BITMIME"


def test_a_refused_recipient_is_given_up_and_the_other_receives_the_mail_once(
    mail_app: Flask, server: Script
) -> None:
    server.to_recipient["parti@example.org"] = ["550 5.1.1 no such mailbox"]
    mail_id = _queue([TO, "parti@example.org"])
    send_due_mail()
    _send_later()
    mail = _read(mail_id)
    answers = outcomes_of(mail)
    assert mail.state is MailState.FAILED
    assert str(answers["parti@example.org"]) == "550 5.1.1 no such mailbox"
    accepted = answers[TO]
    assert accepted is not None
    assert accepted.accepted
    assert [recipients for recipients, _ in server.received] == [[TO]]


def test_a_retried_mail_goes_only_to_those_who_have_not_accepted_it(
    each_mail_app: Flask, server: Script
) -> None:
    server.to_recipient["plein@example.org"] = ["552 mailbox full"]
    mail_id = _queue([TO, "plein@example.org"])
    send_due_mail()
    with transaction():
        retry_mail(mail_id)
    send_due_mail()
    assert _read(mail_id).state is MailState.SENT
    assert [recipients for recipients, _ in server.received] == [[TO], ["plein@example.org"]]
    assert len({message["Message-ID"] for message in server.messages}) == 1


def test_a_temporary_refusal_is_tried_again_later_and_not_before(mail_app: Flask, server: Script) -> None:
    server.to_data = ["451 4.3.0 try later"]
    mail_id = _queue()
    send_due_mail()
    send_due_mail()
    mail = _read(mail_id)
    assert (mail.state, mail.answer, mail.attempts) == (MailState.QUEUED, "451 4.3.0 try later", 1)
    _send_later()
    mail = _read(mail_id)
    assert (mail.state, mail.attempts) == (MailState.SENT, 2)


def test_a_permanent_refusal_of_the_message_is_not_tried_again(mail_app: Flask, server: Script) -> None:
    server.to_data = ["554 5.6.0 message refused"]
    mail_id = _queue()
    send_due_mail()
    _send_later()
    mail = _read(mail_id)
    assert (mail.state, mail.answer, mail.attempts) == (MailState.FAILED, "554 5.6.0 message refused", 1)


def test_a_server_that_wants_a_password_keeps_the_mail_waiting(mail_app: Flask, server: Script) -> None:
    server.to_sender = ["530 5.7.0 authentication required"]
    mail_id = _queue()
    send_due_mail()
    assert _read(mail_id).state is MailState.QUEUED
    _send_later()
    assert _read(mail_id).state is MailState.SENT


def test_a_line_cut_after_the_message_leads_to_the_same_message_id(mail_app: Flask, server: Script) -> None:
    server.to_data = [DROP]
    mail_id = _queue()
    send_due_mail()
    assert _read(mail_id).state is MailState.QUEUED
    _send_later()
    assert _read(mail_id).state is MailState.SENT
    ids = [message["Message-ID"] for message in server.messages]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_no_server_at_all_keeps_the_mail_and_says_why(make_app: MakeApp, sqlite_url: str) -> None:
    app = make_app(sqlite_url, smtp_url="smtp://127.0.0.1:1")
    with app.app_context():
        mail_id = _queue()
        send_due_mail()
        mail = _read(mail_id)
        assert mail.state is MailState.QUEUED
        assert "refused" in mail.answer.lower()


def test_a_mail_nobody_takes_is_given_up_after_the_last_attempt(mail_app: Flask, server: Script) -> None:
    server.to_data = ["421 4.3.2 closing"] * 20
    mail_id = _queue()
    now = utc_now()
    for hours in range(0, 60, 2):
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            send_due_mail()
    mail = _read(mail_id)
    assert (mail.state, mail.attempts) == (MailState.FAILED, 12)


def test_one_wake_drains_more_than_one_batch(mail_app: Flask, server: Script) -> None:
    with transaction():
        for number in range(120):
            queue_mail(to=[f"client{number}@example.org"], subject="Facture", text="Bonjour")
    send_due_mail()
    assert len(server.received) == 120
    assert not db.session.scalars(select(OutboxMail).where(OutboxMail.state != MailState.SENT)).all()


@pytest.mark.parametrize("at_the_end", [DROP, "421 4.7.0 too many messages on this line"])
def test_a_run_keeps_its_line_until_the_server_has_enough_of_it(
    mail_app: Flask, server: Script, at_the_end: str
) -> None:
    server.takes_on_a_line, server.at_the_end = 3, at_the_end
    mail_ids = [_queue() for _ in range(7)]
    send_due_mail()
    assert server.lines == [3, 3, 1]
    assert len(server.received) == 7
    assert {_read(mail_id).state for mail_id in mail_ids} == {MailState.SENT}


def test_after_anything_but_a_plain_yes_the_next_mail_begins_on_a_new_line(
    mail_app: Flask, server: Script
) -> None:
    server.to_data = ["250 taken", "451 not now", "250 taken"]
    for _ in range(3):
        _queue()
    send_due_mail()
    assert server.lines == [2, 1]
    assert len(server.received) == 2


def test_a_mail_whose_attachment_is_lost_does_not_stop_the_next(mail_app: Flask, server: Script) -> None:
    lost = _queue(attachments=[Attachment("perdu.pdf", "0" * 64, "application/pdf")])
    good = _queue()
    send_due_mail()
    # Given up at once: it waits for a person, who sees it, and not for an hour's twelfth attempt.
    assert (_read(lost).state, _read(lost).attempts) == (MailState.FAILED, 1)
    assert "FileNotFoundError: perdu.pdf" in _read(lost).answer
    assert _read(good).state is MailState.SENT


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """The process that forks the workers to be killed."""
    with running_forks("tests.core.killed_worker") as running:
        yield running


@pytest.fixture
def killed_at(forks: Forks, each_url: str, tmp_path: Path, server: Script) -> Callable[[str], int]:
    """Let another worker send what is due and die at a step; returns how it ended."""
    return lambda step: forks.ended([each_url, str(tmp_path), step, server.url])


def test_a_mail_that_another_worker_is_just_claiming_is_left_to_it(
    each_mail_app: Flask, server: Script
) -> None:
    mail_id = _queue()
    claiming = threading.Event()

    def other_worker() -> None:
        with each_mail_app.app_context(), transaction():
            mail = lock(select(OutboxMail).where(OutboxMail.id == mail_id))
            assert mail is not None
            mail.state, mail.due_at = MailState.SENDING, utc_now() + LEASE
            db.session.flush()
            claiming.set()
            time.sleep(0.5)  # long enough for us to wait for the row, or to go on without

    thread = threading.Thread(target=other_worker)
    thread.start()
    assert claiming.wait(30)
    send_due_mail()
    thread.join(30)
    assert server.received == []
    assert _read(mail_id).state is MailState.SENDING


@pytest.mark.parametrize("killed_when", [("claimed", 1), ("accepted", 2)], ids=["claimed", "accepted"])
def test_a_worker_killed_while_sending_is_replaced_when_its_lease_ends(
    each_mail_app: Flask, server: Script, killed_at: Callable[[str], int], killed_when: tuple[str, int]
) -> None:
    step, copies = killed_when
    mail_id = _queue()
    db.session.rollback()
    assert killed_at(step) == -signal.SIGKILL
    assert _read(mail_id).state is MailState.SENDING
    send_due_mail()
    assert _read(mail_id).state is MailState.SENDING, "the lease still holds"
    _send_later(LEASE + timedelta(seconds=1))
    assert _read(mail_id).state is MailState.SENT
    assert len(server.received) == copies
    assert len({message["Message-ID"] for message in server.messages}) == 1


@pytest.mark.parametrize("table", [email.charset.SHORTEST, email.charset.QP], ids=["python", "apprise"])
@pytest.mark.parametrize(
    "name",
    [
        "Atelier Lumen",
        "Crème & Cie",
        "Dupont, Durand",
        "Cabinet Dupont, Durand, Martin, Petit et Associes, experts comptables, Paris",
        "Dupont, Durand, Étude notariale de Saint-Étienne, successeurs de Maître Petit",
        'Dupont "& Fils" \\ Cie, ' * 8,
        "voleur@example.org, " * 8,
        "é" * 255,
        "日本語" * 85,
    ],
)
def test_mails_come_from_us_whatever_the_company_is_called(
    each_mail_app: Flask, server: Script, name: str, table: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Apprise changes Python's table of character sets when its plugin for mail is imported.
    monkeypatch.setitem(email.charset.CHARSETS, "utf-8", (table, table, "utf-8"))
    _queue(sender_name=name)
    send_due_mail()
    content = server.received[0][1]
    # Not with Python's newer parser, which puts spaces between the parts of a long name.
    ((shown, address),) = getaddresses([str(message_from_bytes(content)["From"])])
    assert address == "factures@solde.example.org"
    decoded = str(make_header(decode_header(shown)))
    assert name.startswith(decoded.strip())
    assert len(decoded.strip()) >= min(len(name.strip()), 60)
    assert all(len(line) <= 78 for line in content.splitlines()[:6])
