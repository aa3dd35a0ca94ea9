"""The mail settings in the browser: saved, refused beside the field, tried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from core.models import Role
from tests.conftest import MakeApp, make_company, signed_in_client
from tests.core.scripted_smtp import Script, scripted_smtp
from tests.invoicing.routes.conftest import page, plain


@pytest.fixture
def server() -> Iterator[Script]:
    with scripted_smtp() as script:
        yield script


@pytest.fixture
def boss(make_app: MakeApp, sqlite_url: str) -> FlaskClient:
    app = make_app(sqlite_url, allow_private_smtp=True)
    return signed_in_client(app, make_company(app), Role.OWNER)


def _typed(server: Script) -> dict[str, str]:
    return {
        "from_address": "factures@lumen.example.org", "from_name": "Lumen", "scheme": "smtp", "host": "127.0.0.1",
        "port": str(server.port), "user": "", "password": "", "version": "0",
    }  # fmt: skip


def test_what_is_saved_is_shown_again_but_for_the_password(boss: FlaskClient, server: Script) -> None:
    typed = {**_typed(server), "user": "lumen", "password": "geheim"}
    assert boss.post("/settings/mail", data=typed).status_code == 303
    shown = page(boss, "/settings/mail")
    assert 'value="lumen"' in shown
    assert "it stays as it is" in shown
    assert "geheim" not in shown


def test_what_is_wrong_stands_beside_its_field_and_is_kept(boss: FlaskClient, server: Script) -> None:
    wrong = {**_typed(server), "from_address": "nobody", "port": "abc"}
    shown = plain(boss.post("/settings/mail", data=wrong).get_data(as_text=True))
    assert 'id="port-error"' in shown
    shown = plain(boss.post("/settings/mail", data={**wrong, "port": "25"}).get_data(as_text=True))
    assert 'id="from_address-error"' in shown
    assert 'value="nobody"' in shown


def test_a_page_left_open_does_not_win(boss: FlaskClient, server: Script) -> None:
    assert boss.post("/settings/mail", data=_typed(server)).status_code == 303
    shown = plain(
        boss.post("/settings/mail", data={**_typed(server), "from_name": "X"}).get_data(as_text=True)
    )
    assert "nothing was saved" in shown


def test_the_test_mail_comes_to_oneself_and_the_answer_is_shown(boss: FlaskClient, server: Script) -> None:
    boss.post("/settings/mail", data=_typed(server))
    shown = plain(boss.post("/settings/mail/test").get_data(as_text=True))
    assert "The server has taken the mail." in shown
    assert "250 2.0.0 queued as 0001" in shown
    assert server.received[0][0] == ["owner@example.org"]
    server.to_sender.append("535 5.7.8 bad password")
    shown = plain(boss.post("/settings/mail/test").get_data(as_text=True))
    assert "refuses this user and password" in shown
    assert "535 5.7.8 bad password" in shown
