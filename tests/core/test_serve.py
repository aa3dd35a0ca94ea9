"""`solde serve` with its worker: two processes that end together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from core.cli.servers import longest_body
from core.web.uploads import most_upload_bytes
from tests.conftest import settings_for

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 90


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(sqlite_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The server, listening, its worker started."""
    given = settings_for(sqlite_url, tmp_path)
    port = _free_port()
    environment = {
        **os.environ,
        "SOLDE_DATABASE_URL": sqlite_url,
        "SOLDE_SECRET_KEY": given.secret_key,
        "SOLDE_SEAL_KEY": given.seal_key,
        "SOLDE_ENCRYPTION_KEYS": "c29sZGUtdGVzdHMtdXNlLXRoaXMta2V5LW9ubHkhISE=",
        "SOLDE_FILES_URL": given.files_url,
    }
    # A shell that starts the tests in its background has its children ignore Ctrl-C: the server is to take it.
    to_take_ctrl_c = ["env", "--default-signal=INT"]
    command = [*to_take_ctrl_c, sys.executable, str(ROOT / "wsgi.py"), "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait_for(port)
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def _workers(server: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(server.pid).children(recursive=True)


def test_a_worker_that_dies_ends_the_server_with_one_clear_line(server: subprocess.Popen[str]) -> None:
    (worker,) = _workers(server)
    worker.send_signal(signal.SIGKILL)
    _, said = server.communicate(timeout=PATIENCE_SECONDS)
    assert server.returncode == 1
    assert "Error: the worker ended by itself (exit code -9), so Solde stops too" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_stopped_ends_its_worker_and_is_content(
    server: subprocess.Popen[str], number: signal.Signals
) -> None:
    (worker,) = _workers(server)
    server.send_signal(number)
    _, said = server.communicate(timeout=PATIENCE_SECONDS)
    assert server.returncode == 0
    assert "ended by itself" not in said
    assert not worker.is_running()


def _address_of(server: subprocess.Popen[str]) -> tuple[str, int]:
    assert isinstance(server.args, list)
    return "127.0.0.1", int(server.args[-1])


def test_a_huge_body_is_refused_before_it_is_sent(server: subprocess.Popen[str]) -> None:
    with socket.create_connection(_address_of(server), timeout=10) as line:
        line.sendall(
            b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000000\r\n\r\n0123456789"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_the_server_receives_the_largest_files_that_pages_take(sqlite_url: str, tmp_path: Path) -> None:
    given = settings_for(sqlite_url, tmp_path).model_copy(
        update={"largest_file_mb": 25, "largest_mail_mb": 25}
    )
    assert 25_000_000 < most_upload_bytes(given) < longest_body(given) < 150_000_000


def test_idle_connections_shut_nobody_out(server: subprocess.Popen[str]) -> None:
    idle = [socket.create_connection(_address_of(server), timeout=10) for _ in range(200)]
    try:
        with urlopen(f"http://127.0.0.1:{_address_of(server)[1]}/health", timeout=10) as answer:
            assert answer.status == 200
    finally:
        for line in idle:
            line.close()
