"""What a person sees when something fails that nobody foresaw."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import text
from structlog.testing import capture_logs

from core.database import db
from core.models import Role
from tests.conftest import make_company, signed_in_client


@pytest.mark.parametrize("lost", ["app_user", "membership", "document"])
def test_the_error_page_shows_though_the_database_has_failed(app: Flask, lost: str) -> None:
    client = signed_in_client(app, make_company(app), Role.OWNER)
    app.testing = False
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(text(f"ALTER TABLE {lost} RENAME TO lost"))
    answer = client.get("/invoices")
    assert answer.status_code == 500
    assert re.search(r'<strong class="code">[0-9a-f]{8}</strong>', answer.text)
    assert "Traceback" not in answer.text


def test_a_row_that_must_be_there_and_is_not_is_our_fault_and_no_wrong_address(app: Flask) -> None:
    client = signed_in_client(app, make_company(app), Role.OWNER)
    app.testing = False

    def broken() -> str:
        return str(db.session.execute(text("SELECT 1 WHERE 1 = 0")).one())

    app.view_functions["payments.index"] = broken
    answer = client.get("/payments")
    assert answer.status_code == 500
    assert re.search(r'<strong class="code">[0-9a-f]{8}</strong>', answer.text)
    assert client.get("/invoices/4711").status_code == 404


@pytest.mark.parametrize("address", ["/p/{}", "/reset/{}"])
def test_the_log_of_an_error_holds_no_token(app: Flask, address: str) -> None:
    app.testing = False
    token = "k7Qz" * 10

    def broken(**_: object) -> str:
        raise RuntimeError

    route, _ = app.url_map.bind("127.0.0.1").match(address.format(token))
    app.view_functions[route] = broken
    if "payment_page" in app.before_request_funcs:
        app.before_request_funcs["payment_page"] = []
    with capture_logs() as logs:
        assert app.test_client().get(address.format(token)).status_code == 500
    (logged,) = (entry for entry in logs if entry["event"] == "unexpected_error")
    assert token not in str(logged)
    assert logged["route"] == address.format("<token>")
