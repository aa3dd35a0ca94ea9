"""core/local_mailbox: what is sent over SMTP is kept for good, and misbehaviour is what the sender sees."""

import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.local_mailbox.faults import FaultPlan
from core.local_mailbox.store import MailStore
from core.local_mailbox.testing import RunningMailbox, running_mailbox
from tests.core.local_mailbox.letters import PDF, letter, send


@pytest.fixture
def mailbox() -> Iterator[RunningMailbox]:
    with running_mailbox() as running:
        yield running


def test_a_message_arrives_as_it_was_sent_with_its_envelope(mailbox: RunningMailbox) -> None:
    send(mailbox.smtp_url, letter(), recipients=["camille@client.example.org", "hidden@example.org"])
    (message,) = mailbox.wait_for(1)
    assert message["Subject"] == "Votre facture F2026-0001"
    assert message["Return-Path"] == "<factures@atelier.example.org>"
    assert message.get_all("Delivered-To") == ["camille@client.example.org", "hidden@example.org"]
    text = message.get_body(("plain",))
    assert text is not None
    assert "https://solde.example.org/p/abc123" in text.get_content()
    pdf = next(iter(message.iter_attachments()))
    assert (pdf.get_filename(), pdf.get_content()) == ("F2026-0001 réglée.pdf", PDF)


def test_addresses_and_subjects_outside_ascii_arrive(mailbox: RunningMailbox) -> None:
    message = letter(subject="Réglé — merci ✓", to="rené@exämple.example.org")
    send(mailbox.smtp_url, message)
    (received,) = mailbox.wait_for(1)
    assert received["Subject"] == "Réglé — merci ✓"
    assert "rené@exämple.example.org" in str(received["To"])


def test_many_messages_in_one_conversation_arrive_in_order(mailbox: RunningMailbox) -> None:
    letters = [letter(subject=f"n° {number}", message_id=f"<{number}@example.org>") for number in range(30)]
    send(mailbox.smtp_url, *letters)
    assert [message["Subject"] for message in mailbox.wait_for(30)] == [
        f"n° {number}" for number in range(30)
    ]


def test_an_accepted_message_is_a_whole_file_that_survives_a_restart(tmp_path: Path) -> None:
    with running_mailbox(tmp_path) as mailbox:
        send(mailbox.smtp_url, letter())
        assert [path.suffix for path in tmp_path.iterdir()] == [".eml"]
    with running_mailbox(tmp_path) as mailbox:
        (message,) = mailbox.messages()
        assert message["Message-ID"] == "<invoice-1@example.org>"


def test_an_unfinished_file_and_other_peoples_files_are_not_messages(tmp_path: Path) -> None:
    (tmp_path / "20261122T101112000000-abcdef.part").write_bytes(b"Subject: half")
    (tmp_path / "notes.eml").write_bytes(b"Subject: not ours")
    assert MailStore(tmp_path).deliveries() == []


def test_the_same_message_id_is_one_mail_received_twice(tmp_path: Path) -> None:
    with running_mailbox(tmp_path) as mailbox:
        send(mailbox.smtp_url, letter(), letter(), letter(message_id="<invoice-2@example.org>"))
        assert len(mailbox.wait_for(3)) == 3
    mails = MailStore(tmp_path).mails()
    assert [(mail.latest.message_id, mail.times) for mail in mails] == [
        ("<invoice-2@example.org>", 1),
        ("<invoice-1@example.org>", 2),
    ]


def test_messages_without_message_id_are_never_taken_for_one(tmp_path: Path) -> None:
    store = MailStore(tmp_path)
    for _ in range(2):
        store.add(b"Subject: bare\r\n\r\nText\r\n", "a@example.org", ["b@example.org"], "test")
    assert [mail.times for mail in store.mails()] == [1, 1]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"\xff\xfe\x00",
        b"Subject: =?x?y?z?=\r\nMessage-ID: <<>\r\nTo: ;;,@\r\n\r\n",
        b"no headers",
    ],
)
def test_a_broken_message_is_kept_and_listed(tmp_path: Path, content: bytes) -> None:
    store = MailStore(tmp_path)
    store.add(content, "", ["b@example.org"], "test")
    (mail,) = MailStore(tmp_path).mails()
    assert mail.recipients == ["b@example.org"]
    assert (store.raw(mail.latest.id) or b"").endswith(content)


@pytest.mark.parametrize("code", [451, 550])
def test_the_next_messages_are_refused_after_the_data_and_then_accepted(
    mailbox: RunningMailbox, code: int
) -> None:
    mailbox.faults.refuse_next(2, code)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            send(mailbox.smtp_url, letter())
        assert refusal.value.smtp_code == code
    send(mailbox.smtp_url, letter())
    assert len(mailbox.wait_for(1)) == 1


def test_a_recipient_is_refused_by_name(mailbox: RunningMailbox) -> None:
    mailbox.faults.refuse_next(1, 550, at="recipient")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        send(mailbox.smtp_url, letter())
    assert refusal.value.recipients["camille@client.example.org"][0] == 550
    assert mailbox.messages() == []


@pytest.mark.parametrize(("keep_message", "kept"), [(True, 1), (False, 0)])
def test_a_dropped_connection_leaves_the_sender_without_an_answer(
    mailbox: RunningMailbox, keep_message: bool, kept: int
) -> None:
    mailbox.faults.drop_next(1, keep_message=keep_message)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(mailbox.smtp_url, letter())
    assert len(mailbox.messages()) == kept
    send(mailbox.smtp_url, letter())
    assert len(mailbox.wait_for(kept + 1)) == kept + 1


def test_a_slow_server_answers_late_and_keeps_the_message(mailbox: RunningMailbox) -> None:
    mailbox.faults.be_slow(0.3)
    started = time.monotonic()
    send(mailbox.smtp_url, letter())
    assert time.monotonic() - started >= 0.3
    assert len(mailbox.messages()) == 1


def test_faults_end_when_they_are_cleared(mailbox: RunningMailbox) -> None:
    mailbox.faults.refuse_next(5)
    mailbox.faults.drop_next(5)
    mailbox.clear()
    send(mailbox.smtp_url, letter())
    assert len(mailbox.messages()) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"refuse_code": 250}, {"refuse": -1}, {"drop": -1}, {"delay_seconds": -0.1}, {"delay_seconds": 500}],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"code|negative"):
        FaultPlan(**wrong)  # type: ignore[arg-type]  # one field at a time


def test_waiting_for_more_than_comes_says_how_many_came(mailbox: RunningMailbox) -> None:
    send(mailbox.smtp_url, letter())
    with pytest.raises(AssertionError, match="1 of 2 messages"):
        mailbox.wait_for(2, seconds=0.05)


def test_clearing_removes_the_files(tmp_path: Path) -> None:
    with running_mailbox(tmp_path) as mailbox:
        send(mailbox.smtp_url, letter())
        mailbox.clear()
        assert mailbox.messages() == []
        assert list(tmp_path.iterdir()) == []
