"""Behind a proxy that ends HTTPS: the server believes it, and nobody else, about scheme and visitor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from flask import Flask, request

from core.cli.servers import proxy_options
from core.web.rights import public
from tests.conftest import MakeApp
from tests.serving import listening_socket, served

SITE = "https://factures.example.org"
FORWARDED = {
    "Host": "factures.example.org",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "203.0.113.9",
}


@pytest.fixture
def secure_app(make_app: MakeApp, sqlite_url: str) -> Flask:
    app = make_app(sqlite_url, public_url=SITE)
    app.add_url_rule("/who", "who", public(lambda: f"{request.scheme} {request.remote_addr}"))
    return app


@contextmanager
def behind(app: Flask, proxy: str) -> Iterator[str]:
    with listening_socket() as listener, served(app, listener, **proxy_options(proxy)):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_what_a_proxy_forwards_is_served_and_not_redirected(secure_app: Flask) -> None:
    with behind(secure_app, "127.0.0.1") as url:
        answer = requests.get(f"{url}/who", headers=FORWARDED, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.text) == (200, "https 203.0.113.9")


@pytest.mark.parametrize("proxy", ["", "192.0.2.1"])
def test_somebody_else_is_not_believed(secure_app: Flask, proxy: str) -> None:
    with behind(secure_app, proxy) as url:
        answer = requests.get(f"{url}/who", headers=FORWARDED, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{SITE}/who"


def test_a_form_of_a_page_that_sends_no_referrer_is_taken(secure_app: Flask) -> None:
    client = secure_app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login", base_url=SITE).text)
    assert token is not None
    answers = [
        client.post("/preferences/theme", data={"theme": "dark", **data}, base_url=SITE)
        for data in ({"csrf_token": token[1]}, {"csrf_token": "forged"}, {})
    ]
    assert [answer.status_code for answer in answers] == [303, 400, 400]
