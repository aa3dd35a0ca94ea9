"""`solde serve` behind a reverse proxy that ends HTTPS: whose forwarding headers are believed."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, request

from core.cli.servers import make_server
from tests.conftest import MakeApp

HOST = "factures.example.org"
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
Ask = Callable[[dict[str, str]], http.client.HTTPResponse]


@pytest.fixture
def app(make_app: MakeApp, sqlite_url: str) -> Flask:
    app = make_app(sqlite_url, public_url=f"https://{HOST}")
    app.add_url_rule("/whose", "whose", lambda: f"{request.scheme} {request.remote_addr}")
    return app


@contextmanager
def _served(app: Flask, proxy: str) -> Iterator[Ask]:
    server = make_server(app, host="127.0.0.1", port=0, threads=2, proxy=proxy)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def ask(headers: dict[str, str]) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=20)
        connection.request("GET", "/whose", headers={"Host": HOST, "Connection": "close", **headers})
        return connection.getresponse()

    try:
        yield ask
    finally:
        server.close()
        thread.join(10)


def test_the_proxy_says_that_the_visitor_came_by_https_and_from_where(app: Flask) -> None:
    with _served(app, "127.0.0.1") as ask:
        answer = ask(FORWARDED)
        assert (answer.status, answer.read()) == (200, b"https 203.0.113.9")


def test_without_https_the_visitor_is_sent_to_the_public_address(app: Flask) -> None:
    with _served(app, "127.0.0.1") as ask:
        answer = ask({})
        assert (answer.status, answer.headers["Location"]) == (302, f"https://{HOST}/whose")


def test_headers_of_anybody_else_are_not_believed(app: Flask) -> None:
    with _served(app, "192.0.2.1") as ask:
        assert ask(FORWARDED).status == 302
