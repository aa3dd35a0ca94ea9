"""The outbox of SMS, against the local mailbox over HTTP, through Apprise itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from core.apprise_library import hand_to_apprise, is_apprise_url, reaches_beyond_service
from core.clock import utc_now
from core.database import db, transaction
from core.jobs import run_due_jobs
from core.local_mailbox.testing import RunningMailbox, running_mailbox
from core.sms import LEASE, MOST_ATTEMPTS, OutboxSms, SmsState, queue_chat, queue_sms, retry_sms, send_due_sms
from core.sms_text import plain_sms, sms_size
from tests.conftest import MakeApp, settings_for

TO, TEXT = "+33612345678", "Atelier : votre facture F1, 120 €. http://127.0.0.1/p/x"


@pytest.fixture
def mailbox() -> Iterator[RunningMailbox]:
    with running_mailbox() as running:
        yield running


@pytest.fixture
def sms_app(make_app: MakeApp, sqlite_url: str, mailbox: RunningMailbox) -> Iterator[Flask]:
    with make_app(sqlite_url, sms_url=mailbox.sms_url).app_context() as context:
        yield context.app


def _queued(text: str = TEXT) -> int:
    with transaction():
        return queue_sms(TO, text).id


def _row(sms_id: int) -> OutboxSms:
    db.session.expire_all()
    return db.session.get_one(OutboxSms, sms_id)


def test_an_sms_arrives_once_as_it_was_written(
    make_app: MakeApp, each_url: str, mailbox: RunningMailbox
) -> None:
    app = make_app(each_url, sms_url=mailbox.sms_url)
    with app.app_context():
        sms_id = _queued()
        run_due_jobs(app)
        send_due_sms()
        (message,) = mailbox.messages()
        assert (message["Delivered-To"], message["Subject"]) == (TO, "SMS")
        assert message.get_content().strip() == TEXT
        row = _row(sms_id)
        assert (row.state, row.parts, row.attempts) == (SmsState.SENT, 1, 1)
        assert row.sent_at is not None


def test_what_rolls_back_is_never_sent(sms_app: Flask, mailbox: RunningMailbox) -> None:
    def fail() -> None:
        with transaction():
            queue_sms(TO, TEXT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    run_due_jobs(sms_app)
    assert mailbox.messages() == []


def test_a_refused_sms_is_tried_again_ever_later_then_waits_for_a_person(
    sms_app: Flask, mailbox: RunningMailbox
) -> None:
    sms_id = _queued()
    mailbox.faults.refuse_next(MOST_ATTEMPTS)
    with time_machine.travel(utc_now(), tick=False) as clock:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            send_due_sms()
            row = _row(sms_id)
            assert (row.attempts, "503" in row.answer) == (attempt, True), row.answer
            assert row.state is (SmsState.FAILED if attempt == MOST_ATTEMPTS else SmsState.QUEUED)
            send_due_sms()  # not before its time
            assert _row(sms_id).attempts == attempt
            clock.shift(row.due_at - utc_now())
        assert mailbox.messages() == []
        with transaction():
            retry_sms(sms_id)
        send_due_sms()
    assert _row(sms_id).state is SmsState.SENT
    assert len(mailbox.messages()) == 1


def test_a_sender_that_died_leaves_its_sms_to_the_next_after_its_lease(
    sms_app: Flask, mailbox: RunningMailbox
) -> None:
    sms_id = _queued()
    with transaction():
        row = db.session.get_one(OutboxSms, sms_id)
        row.state, row.attempts, row.due_at = SmsState.SENDING, 1, utc_now() + LEASE
    send_due_sms()
    assert mailbox.messages() == []
    with time_machine.travel(utc_now() + LEASE + timedelta(seconds=1)):
        send_due_sms()
    assert _row(sms_id).state is SmsState.SENT


def test_a_chat_that_is_no_longer_set_is_said_so(sms_app: Flask) -> None:
    with transaction():
        notice_id = queue_chat("Facture payée").id
    send_due_sms()
    assert _row(notice_id).answer == "no address to send to is set any more"


def test_nothing_of_a_text_or_an_address_is_logged(
    sms_app: Flask,
    mailbox: RunningMailbox,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    mailbox.faults.refuse_next(1)
    _queued("geheimer Text")
    send_due_sms()
    said = caplog.text + "".join(capfd.readouterr())
    assert "geheimer" not in said
    assert "612345678" not in said


def test_an_address_that_apprise_does_not_know_is_refused_in_words() -> None:
    handed = hand_to_apprise("nonsense://x", "text")
    assert (handed.accepted, "Apprise" in handed.words) == (False, True)
    assert not is_apprise_url("nonsense://x")


SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.mark.parametrize(
    ("url", "reaches"),
    [
        ("tgram://123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr/456?topic=3", False),
        ("ntfy://topic", False),
        ("ntfy://host/topic", True),
        ("json://127.0.0.1/", True),
        ("syslog://", True),
        ("JSON://x", True),
        # What a clever member might type: a server of the network behind the name of a service.
        ("ntfy://127.0.0.1?to=topic", True),
        ("ntfy://host?mode=private&to=topic", True),
        (f"workflows://127.0.0.1:8443/{'6' * 32}/signature", True),
        (f"workflows://logic.azure.com.example.org/{'6' * 32}/signature", True),
        (f"workflows://prod-01.westeurope.logic.azure.com:443/{'6' * 32}/signature", False),
        # A file of this machine sent to the chat, also where only Apprise sees an option.
        (f"{SLACK}/?template=/etc/solde.json", True),
        (f"{SLACK}/#general?template=/etc/solde.json", True),
        (f"{SLACK}/?footer=no;template=http://127.0.0.1/", True),
        (f"{SLACK}/?TEMPLATE=/etc/solde.json", True),
        # One company's chat would hold up the texts of all.
        (f"{SLACK}/?retry=5&wait=20&rto=9999", True),
        (f"{SLACK}/#general?footer=no", False),
    ],
)
def test_addresses_that_reach_other_places_are_told_from_services(url: str, reaches: bool) -> None:
    assert reaches_beyond_service(url) is reaches


@pytest.mark.parametrize(
    ("text", "length", "parts", "is_wide"),
    [
        ("a" * 160, 160, 1, False),
        ("a" * 161, 161, 2, False),
        ("a" * 306, 306, 2, False),
        ("a" * 307, 307, 3, False),
        ("€" * 80, 160, 1, False),
        # A euro sign is never torn between two parts: 153 ends with one left over.
        ("a" * 152 + "€" + "a" * 152, 306, 3, False),
        ("é" * 160, 160, 1, False),
        ("ê" * 70, 70, 1, True),
        ("ê" * 71, 71, 2, True),
        ("ê" * 135, 135, 3, True),
        ("😀" * 35, 70, 1, True),
        ("", 0, 1, False),
    ],
)
def test_length_and_parts_are_those_of_the_standard(
    text: str, length: int, parts: int, is_wide: bool
) -> None:
    size = sms_size(text)
    assert (size.length, size.parts, size.is_wide) == (length, parts, is_wide)


def test_typography_alone_does_not_cost_the_short_alphabet() -> None:
    said = plain_sms("Société « L’Atelier » – 1\u202f200,00\u00a0€…\nà bientôt")
    assert said == 'Société " L\'Atelier " - 1 200,00 €...\nà bientôt'
    assert not sms_size(plain_sms("L’été, 1\u202f200\u00a0€")).is_wide


def test_a_provider_without_a_place_for_the_number_stops_the_start(tmp_path) -> None:
    with pytest.raises(ValueError, match="where the number goes"):
        settings_for("sqlite:///x.db", tmp_path, sms_url="json://127.0.0.1/sms")
