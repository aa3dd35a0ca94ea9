"""A company's own sender and mail server: checked, kept secret, used, and nobody else's trouble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import text

from core.database import db, transaction
from core.errors import OutdatedError
from core.event_log import Event
from core.jobs import run_due_jobs
from core.mail import MailState, OutboxMail, queue_mail
from core.tenancy import in_company
from invoicing.errors import InvalidInputError
from invoicing.mail_settings import (
    MailSettingsInput,
    mail_settings,
    save_mail_settings,
    shown_server,
    try_mail_settings,
)
from invoicing.smtp_words import meaning_of
from tests.conftest import MakeApp, make_company
from tests.core.scripted_smtp import Script, scripted_smtp
from tests.invoicing.mailing import entered_shop

OWN = "factures@atelier-lumen.example.org"
SECRET = "très:secret/@?#"


@pytest.fixture
def installations() -> Iterator[Script]:
    with scripted_smtp() as script:
        yield script


@pytest.fixture
def companys() -> Iterator[Script]:
    with scripted_smtp() as script:
        yield script


@pytest.fixture
def shop(make_app: MakeApp, each_url: str, installations: Script) -> Iterator[Flask]:
    app = make_app(each_url, smtp_url=installations.url, allow_private_smtp=True)
    with entered_shop(app):
        yield app


@pytest.fixture
def strict(make_app: MakeApp, sqlite_url: str, installations: Script) -> Iterator[Flask]:
    """An installation that lets companies name public servers only."""
    app = make_app(sqlite_url, smtp_url=installations.url)
    with entered_shop(app):
        yield app


def _save(server: Script | None = None, **changes: Any) -> None:
    where = {} if server is None else {"scheme": "smtp", "host": "127.0.0.1", "port": server.port}
    with transaction():
        save_mail_settings(MailSettingsInput(**{"from_address": OWN, **where, **changes}))


def _refused(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as refused:
        _save(**changes)
    return {field: str(said) for field, said in refused.value.errors.items()}


def _tried() -> tuple[str, str]:
    """The server's words, and what they mean to an English reader."""
    with force_locale("en"):
        answer = try_mail_settings("moi@example.org")
        return str(answer), str(meaning_of(answer))


def _queue(subject: str = "Facture") -> int:
    with transaction():
        return queue_mail(to=["client@example.org"], subject=subject, text="Bonjour").id


def _run(app: Flask) -> None:
    db.session.rollback()
    run_due_jobs(app)


def _mail(mail_id: int) -> OutboxMail:
    db.session.rollback()
    return db.session.get_one(OutboxMail, mail_id)


def test_without_settings_mails_go_the_installations_way(shop: Flask, installations: Script) -> None:
    _queue()
    _run(shop)
    assert installations.messages[0]["From"] == "Atelier Lumen <factures@solde.example.org>"


def test_a_sender_of_its_own_goes_by_the_installations_server(shop: Flask, installations: Script) -> None:
    _save(from_name="Lumen, comptabilité")
    _queue()
    _run(shop)
    message = installations.messages[0]
    assert message["From"].addresses[0].addr_spec == OWN
    assert message["From"].addresses[0].display_name == "Lumen, comptabilité"
    assert message["Message-ID"].rstrip(">").endswith("@atelier-lumen.example.org")


def test_a_server_of_its_own_carries_the_mails_of_its_company_alone(
    shop: Flask, installations: Script, companys: Script
) -> None:
    _save(companys)
    other = make_company(shop, siren="443061841", name="Boutique Sel")
    _queue("ours")
    with in_company(other):
        _queue("theirs")
    _run(shop)
    assert [m["Subject"] for m in companys.messages] == ["ours"]
    assert [m["Subject"] for m in installations.messages] == ["theirs"]


def test_the_sender_is_fixed_when_the_mail_is_queued(
    shop: Flask, installations: Script, companys: Script
) -> None:
    mail_id = _queue("before")
    _save(companys)
    _run(shop)
    assert _mail(mail_id).state is MailState.SENT
    assert installations.messages[0]["From"] == "Atelier Lumen <factures@solde.example.org>"
    assert companys.received == []


def test_a_broken_server_keeps_its_own_mails_only_and_is_called_once_a_run(
    shop: Flask, installations: Script, companys: Script
) -> None:
    _save(companys)
    companys.to_sender.extend(["421 4.3.2 closing"] * 2)
    other = make_company(shop, siren="443061841", name="Boutique Sel")
    with transaction():
        save_mail_settings(MailSettingsInput(OWN, scheme="smtp", host="127.0.0.1", port=1))
    stuck = [_queue(f"stuck {number}") for number in range(3)]
    with in_company(other):
        free = _queue("free")
    _run(shop)
    assert _mail(free).state is MailState.SENT
    for mail_id in stuck:
        mail = _mail(mail_id)
        assert (mail.state, mail.attempts) == (MailState.QUEUED, 1)
        assert "refused" in mail.answer.lower()
    assert [m["Subject"] for m in installations.messages] == ["free"]


def test_a_key_that_is_lost_keeps_the_mails_and_says_why(shop: Flask, companys: Script) -> None:
    _save(companys)
    with transaction():
        db.session.execute(text("UPDATE mail_settings SET smtp_url = 'not of this key'"))
    mail_id = _queue()
    _run(shop)
    assert _mail(mail_id).state is MailState.QUEUED
    assert "decrypted" in _mail(mail_id).answer
    assert not shown_server(mail_settings()).is_readable
    _save(companys)
    assert shown_server(mail_settings()).is_readable


def test_the_password_is_stored_encrypted_and_shown_nowhere(shop: Flask, companys: Script) -> None:
    _save(companys, user="lumen", password=SECRET)
    db.session.rollback()
    stored = db.session.execute(text("SELECT smtp_url FROM mail_settings")).scalar_one()
    assert "lumen" not in stored
    server = shown_server(mail_settings())
    assert (server.user, server.has_password) == ("lumen", True)
    assert SECRET not in repr(server)
    assert all(SECRET not in event.details for event in db.session.query(Event))


def test_a_stored_password_stays_with_its_server_and_goes_to_no_other(shop: Flask, companys: Script) -> None:
    _save(companys, user="lumen", password=SECRET)
    before = mail_settings().smtp_url
    _save(companys, user="lumen", from_name="Lumen")
    assert mail_settings().smtp_url == before
    for change in ({"host": "mail.example.org"}, {"user": "other"}, {"port": 2}, {"scheme": "smtps"}):
        typed = {"scheme": "smtp", "host": "127.0.0.1", "port": companys.port, "user": "lumen", **change}
        assert set(_refused(**typed)) == {"password"}, change


def test_saving_from_an_older_page_is_refused(shop: Flask) -> None:
    _save()
    with pytest.raises(OutdatedError), transaction():
        save_mail_settings(MailSettingsInput("autre@example.org"), version=7)
    assert mail_settings().from_address == OWN


def test_what_cannot_be_a_sender_or_a_server_is_refused_beside_its_field(shop: Flask) -> None:
    assert set(_refused(from_address="nobody")) == {"from_address"}
    assert set(_refused(from_address="", scheme="smtps", host="mail.example.org")) == {"from_address"}
    assert set(_refused(scheme="ftp", host="mail.example.org")) == {"scheme"}
    assert set(_refused(scheme="smtps")) == {"host"}
    for host in ("mail.example.org/x", "a@b", "mail example", "mail#x", "[::1", "é.example.org"):
        assert set(_refused(scheme="smtps", host=host)) == {"host"}, host
    assert set(_refused(scheme="smtps", host="mail.example.org", port=70_000)) == {"port"}
    assert set(_refused(from_name="x" * 121)) == {"from_name"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "db.localhost", "10.0.0.8", "::1", "169.254.169.254"]
)
def test_a_private_server_is_refused_unless_the_installation_allows_it(strict: Flask, host: str) -> None:
    assert set(_refused(scheme="smtps", host=host)) == {"host"}


def test_a_password_does_not_travel_unencrypted(strict: Flask) -> None:
    typed = {"scheme": "smtp", "host": "mail.example.org", "user": "lumen", "password": "x"}
    assert set(_refused(**typed)) == {"scheme"}


def test_a_name_that_leads_to_this_machine_is_not_called(strict: Flask, installations: Script) -> None:
    # A name of any domain may lead here; digits are one that needs no name server.
    _save(scheme="smtp", host="2130706433", port=installations.port)
    mail_id = _queue()
    _run(strict)
    assert _mail(mail_id).state is MailState.QUEUED
    assert "public Internet" in _mail(mail_id).answer
    assert "public Internet" in _tried()[1]
    assert installations.received == []


def test_the_test_mail_goes_by_the_companys_server_and_brings_its_words(
    shop: Flask, installations: Script, companys: Script
) -> None:
    _save(companys)
    answer = try_mail_settings("moi@example.org")
    assert str(answer) == "250 2.0.0 queued as 0001"
    assert companys.messages[0]["From"] == OWN
    assert companys.received[0][0] == ["moi@example.org"]
    assert installations.received == []
    assert mail_settings().tested_at is not None
    _save(companys, from_address="autre@example.org")
    assert mail_settings().tested_at is None, "what was tried is no longer what holds"


def test_a_test_that_fails_says_what_to_do(shop: Flask, companys: Script) -> None:
    _save(companys)
    companys.to_sender.append("553 5.7.1 not your address")
    words, meaning = _tried()
    assert words == "553 5.7.1 not your address"
    assert "does not send for this address" in meaning
    assert mail_settings().tested_at is None
    _save(companys, port=1)
    assert "Check the port" in _tried()[1]


def test_a_change_is_logged_without_the_secret(shop: Flask, companys: Script) -> None:
    _save(companys, user="lumen", password=SECRET)
    event = db.session.query(Event).filter_by(kind="settings.mail").one()
    assert json.loads(event.details)["changed"] == ["from_address", "smtp_url"]
