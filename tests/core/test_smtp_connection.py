"""The line to a mail server: what a company may name, and how long a server may keep us."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from core import smtp_connection
from core.smtp import NO_ANSWER, Fault, hand_over
from core.smtp_connection import NOT_PUBLIC, is_public
from tests.core.scripted_smtp import scripted_smtp

MESSAGE = b"Subject: Test\r\n\r\nBonjour\r\n"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:53aa:64c::80ff:fffe", "::7f00:1", "ff02::1",
    ],
)  # fmt: skip
def test_what_only_this_machine_reaches_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2a00:1450:4007:80e::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_anybody_reaches_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1"])
def test_a_private_server_is_not_called_however_it_is_written(host: str) -> None:
    with scripted_smtp() as server:
        said = hand_over(
            f"smtp://{host}:{server.port}", "a@example.org", ["b@example.org"], MESSAGE, public_only=True
        )
        assert said["b@example.org"].text == NOT_PUBLIC
        assert server.received == []
        allowed = hand_over(server.url, "a@example.org", ["b@example.org"], MESSAGE)
        assert allowed["b@example.org"].accepted


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that greets for ever, a letter at a time; the port it listens on."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            while not done.is_set():
                try:
                    connection.sendall(b"2")
                except OSError:
                    return
                time.sleep(0.05)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    done.set()
    listener.close()
    thread.join(10)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_that_drips_its_answer_is_left(
    dripping: int, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_connection, "LONGEST_SECONDS", 0.5)
    began = time.monotonic()
    said = hand_over(f"{scheme}://127.0.0.1:{dripping}", "a@example.org", ["b@example.org"], MESSAGE)
    assert said["b@example.org"].code == NO_ANSWER
    assert time.monotonic() - began < 10


def test_what_went_wrong_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages say it in the reader's language; the words of the machine stand beside it."""
    monkeypatch.setattr(smtp_connection, "TIMEOUT_SECONDS", 0.3)
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, scripted_smtp() as server:
        urls = {
            "smtp://127.0.0.1:1": Fault.REFUSED,
            "smtp://nobody.invalid:25": Fault.HOST_NOT_FOUND,
            f"smtp://127.0.0.1:{silent.getsockname()[1]}": Fault.TIMEOUT,
            f"smtp+starttls://127.0.0.1:{server.port}": Fault.TLS,
            f"smtps://127.0.0.1:{server.port}": Fault.TLS,
            f"smtp://user:password@127.0.0.1:{server.port}": Fault.SIGN_IN,
        }
        for url, fault in urls.items():
            said = hand_over(url, "a@example.org", ["b@example.org"], MESSAGE)["b@example.org"]
            assert (said.code, said.fault, bool(said.text)) == (NO_ANSWER, fault, True), (url, said)


@pytest.fixture
def slow() -> Iterator[int]:
    """A server that takes a message in small sips; the port it listens on."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)

    def talk() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 slow\r\n")
            while (line := lines.readline()) and not line.lower().startswith(b"data"):
                connection.sendall(b"250 ok\r\n")
            connection.sendall(b"354 go on\r\n")
            tail = b""
            while not tail.endswith(b"\r\n.\r\n"):
                tail = (tail + lines.read1(65_536))[-5:]
                time.sleep(0.02)
            connection.sendall(b"250 taken\r\n")

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.close()
    thread.join(10)


def test_a_large_mail_has_the_time_that_a_slow_line_needs(slow: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of 15 MB take a minute on a small company's line; the limit of one answer is far below."""
    monkeypatch.setattr(smtp_connection, "TIMEOUT_SECONDS", 0.3)
    content = MESSAGE + b"x" * 70 + (b"y" * 76 + b"\r\n") * 40_000
    began = time.monotonic()
    said = hand_over(f"smtp://127.0.0.1:{slow}", "a@example.org", ["b@example.org"], content)
    assert str(said["b@example.org"]) == "250 taken"
    assert time.monotonic() - began > 0.4, "the server was too fast to show anything"
