"""`python -m core.local_mailbox`: starts on free ports, keeps mail, ends cleanly when told to."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.local_mailbox.store import MailStore
from tests.core.local_mailbox.letters import letter, send

ROOT = Path(__file__).parents[3]


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "core.local_mailbox", "--state", str(folder), *options]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield process, process.stderr.readline()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_mailbox_ends_cleanly_and_keeps_what_it_accepted(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "--smtp-port", "0", "--http-port", "0") as (process, said):
        addresses = re.fullmatch(r"local mailbox: (smtp://127\.0\.0\.1:\d+) http://127\.0\.0\.1:\d+\n", said)
        assert addresses
        send(addresses[1], letter())
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr
        assert process.stderr.read() == ""
    assert len(MailStore(tmp_path).deliveries()) == 1


def test_a_taken_port_ends_with_one_line(tmp_path: Path) -> None:
    with started(tmp_path / "one", "--smtp-port", "0", "--http-port", "0") as (_, said):
        port = said.split()[2].rpartition(":")[2]
        with started(tmp_path / "two", "--smtp-port", port, "--http-port", "0") as (second, error):
            assert second.wait(10) == 1
            assert error.startswith("local mailbox: ")
            assert "use" in error
