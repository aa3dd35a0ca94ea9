"""Signing in: by password, logged and sealed, slow for guessers, silent about who exists."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask_security import hash_password
from sqlalchemy import select

from core.database import db
from core.event_log import Event
from core.mail import OutboxMail
from core.models import Role, User
from core.seal import verify_chain
from tests.conftest import PASSWORD, MakeApp, make_company, make_user, settings_for, signed_in_client
from wsgi import create_app


@pytest.fixture
def owner(each_app: Flask) -> str:
    each_app.config["WTF_CSRF_ENABLED"] = False
    return make_user(each_app, make_company(each_app), Role.OWNER)


def test_a_sign_in_is_logged_and_sealed(each_app: Flask, owner: str) -> None:
    answer = each_app.test_client().post("/login", data={"email": owner, "password": PASSWORD})
    assert answer.status_code == 302
    with each_app.app_context():
        user = db.session.scalars(select(User).where(User.email == owner)).one()
        assert db.session.scalars(select(Event.actor_id).where(Event.kind == "user.signed_in")).all() == [
            user.id
        ]
        assert list(verify_chain(None)) == []


def test_the_way_to_a_new_password_stands_once_and_after_the_fields(each_app: Flask) -> None:
    text = each_app.test_client().get("/login").text
    assert text.count('href="/reset"') == 1
    assert text.index('type="password"') < text.index('href="/reset"')


@pytest.mark.parametrize("path", ["/books/vat?period=2026-10", "/change"])
def test_who_is_not_signed_in_is_asked_to_in_her_language_and_led_back(app: Flask, path: str) -> None:
    client = app.test_client()
    asked = client.get(path, headers={"Accept-Language": "fr"})
    assert asked.status_code == 302
    answer = client.get(asked.headers["Location"], headers={"Accept-Language": "fr"})
    assert "Connectez-vous pour voir cette page." in answer.text
    assert "Please" not in answer.text
    assert parse_qs(urlsplit(asked.headers["Location"]).query)["next"] == [path]
    assert client.get(path, headers={"Accept": "application/json"}).status_code == 401


def test_a_password_is_hashed_slowly(tmp_path: Path) -> None:
    app = create_app(settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path))
    with app.app_context():
        kept = str(hash_password(PASSWORD))
    app.extensions["solde_huey"].storage.close()
    # RFC 9106 §4, the second recommended option: 64 MiB, three passes, four lanes.
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(each_app: Flask, owner: str) -> None:
    client = each_app.test_client()
    wrong = client.post("/login", data={"email": owner, "password": "not the password"})
    unknown = client.post("/login", data={"email": "nobody@example.org", "password": "not the password"})
    assert wrong.status_code == unknown.status_code == 200
    blank = re.compile(r'value="[^"]*"')
    assert blank.sub("", wrong.text) == blank.sub("", unknown.text)


def test_guessing_is_stopped_after_some_tries(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    codes = [
        client.post("/login", data={"email": "a@example.org", "password": f"guess {n}"}).status_code
        for n in range(22)
    ]
    assert codes[0] == 200
    assert codes[-1] == 429


def test_a_sign_in_without_the_form_s_token_is_refused(app: Flask) -> None:
    email = make_user(app, make_company(app), Role.OWNER)
    client = app.test_client()
    answer = client.post("/login", data={"email": email, "password": PASSWORD})
    with app.app_context():
        assert db.session.scalars(select(Event.id).where(Event.kind == "user.signed_in")).all() == []
    assert answer.status_code == 400
    assert client.get("/").headers["Location"].startswith("/login")


@pytest.mark.parametrize(
    "address", ["https://evil.example.com/", "//evil.example.com", "javascript:alert(1)", " "]
)
def test_after_sign_in_nobody_is_sent_to_another_site(app: Flask, company_id: int, address: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    email, client = make_user(app, company_id, Role.OWNER), app.test_client()
    person = {"email": email, "password": PASSWORD}
    forged = client.post("/login", query_string={"next": address}, data=person)
    assert forged.headers.get("Location", "/") == "/"
    opened = app.test_client().get("/login", query_string={"next": address})
    assert (opened.status_code, opened.headers["Location"]) == (302, "/login")


def test_after_sign_in_the_page_that_was_asked_for_is_shown(app: Flask, company_id: int) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    email, client = make_user(app, company_id, Role.OWNER), app.test_client()
    asked = client.get("/invoices?state=late").headers["Location"]
    assert client.get(asked).status_code == 200
    signed_in = client.post(asked, data={"email": email, "password": PASSWORD})
    assert signed_in.headers["Location"] == "/invoices?state=late"


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(each_app: Flask, owner: str) -> None:
    client = each_app.test_client()
    client.post("/reset", data={"email": owner})
    with each_app.app_context():
        mail = db.session.scalars(select(OutboxMail)).one()
    link = re.search(r"/reset/\S+", mail.text)
    assert link is not None
    fresh = "another long enough one"
    answer = client.post(link[0], data={"password": fresh, "password_confirm": fresh})
    assert answer.status_code == 302
    again = each_app.test_client().post("/login", data={"email": owner, "password": fresh})
    assert again.status_code == 302


def test_the_link_in_the_mail_leads_to_the_public_address_whatever_host_was_asked_for(
    make_app: MakeApp, sqlite_url: str
) -> None:
    # A proxy that names itself as the host, or somebody who asks in another's name: both reach us as 127.0.0.1.
    app = make_app(sqlite_url, public_url="https://factures.example.org")
    email = make_user(app, make_company(app), Role.OWNER)
    app.config["WTF_CSRF_ENABLED"] = False
    asked = {"Host": "127.0.0.1:8123"}
    app.test_client().post("/reset", base_url="https://127.0.0.1", headers=asked, data={"email": email})
    with app.app_context():
        mail = db.session.scalars(select(OutboxMail)).one()
    for text in (mail.text, mail.html):
        assert "https://factures.example.org/reset/" in text
        assert "127.0.0.1" not in text


def test_asking_for_an_unknown_person_sends_nothing_and_says_nothing(each_app: Flask, owner: str) -> None:
    client = each_app.test_client()
    known = client.post("/reset", data={"email": owner}, follow_redirects=True)
    unknown = client.post("/reset", data={"email": "nobody@example.org"}, follow_redirects=True)
    assert known.status_code == unknown.status_code
    with each_app.app_context():
        assert len(db.session.scalars(select(OutboxMail)).all()) == 1


def test_a_forged_host_is_refused(app: Flask) -> None:
    assert app.test_client().get("/login", headers={"Host": "evil.example.com"}).status_code == 400


def test_a_member_sees_only_her_companies(app: Flask, company_id: int) -> None:
    other = make_company(app, siren="443061841", name="Boutique Sel")
    client = signed_in_client(app, company_id)
    assert client.post(f"/companies/{other}/switch").status_code == 403
    assert client.post(f"/companies/{company_id}/switch").status_code == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example.com/x", "//evil.example.com/x", "/\\evil.example.com"]
)
def test_the_language_switch_goes_back_to_a_page_of_ours(app: Flask, target: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/preferences/language", data={"language": "en", "next": target})
    assert answer.status_code == 303
    place = urlsplit(answer.headers["Location"])
    assert (place.scheme, place.netloc) == ("", "")
    assert not place.path.startswith(("//", "/\\"))
    assert "language=en" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/", "/customers/new", "/books/fec", "/invoices/999"])
def test_the_back_button_shows_no_page_of_somebody_who_has_signed_out(app: Flask, path: str) -> None:
    client = signed_in_client(app, make_company(app), Role.OWNER)
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_a_member_changes_her_password_from_the_menu(app: Flask, company_id: int) -> None:
    client = signed_in_client(app, company_id, Role.VIEWER)
    assert 'href="/change"' in client.get("/").text
    page = client.get("/change").text
    assert "Back to the dashboard" in page
    new = {"new_password": "a longer sentence 42", "new_password_confirm": "a longer sentence 42"}
    wrong = client.post("/change", data={"password": "not hers at all", **new})
    assert wrong.status_code == 200
    assert client.post("/change", data={"password": PASSWORD, **new}).status_code in (302, 303)
    fresh = app.test_client()
    assert fresh.post("/login", data={"email": "viewer@example.org", "password": PASSWORD}).status_code == 200
    taken = fresh.post("/login", data={"email": "viewer@example.org", "password": "a longer sentence 42"})
    assert taken.status_code in (302, 303)
