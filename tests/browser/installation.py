"""A whole installation as its owner runs it: web server, worker, PayPlug (simulated), mail server; all real processes.

`app` is the same application made in the test's process, to prepare rows and to look at them.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from flask import Flask

from core.database import db
from core.local_mailbox.testing import RunningMailbox, running_mailbox
from core.models import Role
from core.settings import Settings
from demo.people import siren, vat_number
from payplug_bridge.simulator.testing import RunningSimulator, running_simulator
from tests.conftest import make_company, make_user, settings_for
from tests.payplug_bridge.shop import Shop
from wsgi import create_app

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
STOP_SECONDS = 20
COMMAND_SECONDS = 60
_numbers = count(500)


@dataclass(frozen=True)
class House:
    """One company of an installation with the people who sign in for it."""

    shop: Shop
    siren: str
    name: str
    owner: str
    accountant: str


@dataclass
class Installation:
    """What runs, and where it answers."""

    folder: Path
    url: str
    app: Flask
    simulator: RunningSimulator
    mailbox: RunningMailbox
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    helpers: list[psutil.Process] = field(default_factory=list)

    def start(self) -> None:
        """Start `solde serve`, which brings its worker along, and wait until both are ready."""
        port = self.url.rpartition(":")[2]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_SOLDE, "serve", "--port", port],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready(self.process)
        self.helpers = psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> None:
        """Ask it to end, as Ctrl-C does; every process it started must be gone afterwards."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not end in {STOP_SECONDS} s\n{self.log_text()}") from None
        finally:
            left = psutil.wait_procs(self.helpers, timeout=STOP_SECONDS)[1]
            for process in left:
                process.kill()
        assert left == [], "the worker outlived its server"
        self.process = None

    @property
    def log(self) -> Path:
        return self.folder / "solde.log"

    def log_text(self) -> str:
        return self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `solde` command in a process of its own."""
        return subprocess.run(
            [*_SOLDE, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def new_house(self, name: str = "", *, language: str = "fr", **changes: Any) -> House:
        """A demo company of its own, with a live PayPlug key, an owner and an accountant."""
        number = next(_numbers)
        company_siren, name = siren(number), name or f"Maison {number}"
        identity = {"siren": company_siren, "siret": "", "vat_number": vat_number(company_siren)}
        identity |= {"registration": f"RCS Lyon {company_siren}", "name": name}
        company_id = make_company(self.app, **{**identity, **changes})
        shop = Shop(self.app, self.simulator, company_id)
        account = self.simulator.create_account(f"{name} {number}")
        shop.save_key(account.live_key)
        people = [
            make_user(self.app, company_id, role, f"{role.value}.{number}@example.org", language)
            for role in (Role.OWNER, Role.ACCOUNTANT)
        ]
        return House(shop, company_siren, name, *people)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (_answers(f"{self.url}/ready") and "The worker is running" in self.log_text()):
            ended = process.poll() is not None
            if ended or time.monotonic() > deadline:
                process.kill()
                raise AssertionError(f"the server did not start\n{self.log_text()}")
            time.sleep(0.1)


_SOLDE = (sys.executable, "-m", "flask", "--app", "wsgi")


@contextmanager
def running_installation(database_url: str, folder: Path) -> Iterator[Installation]:
    """Everything on free ports of this machine, ended when the block is left; errors that were logged fail it."""
    with running_simulator(folder / "payplug.db", process=True) as simulator, running_mailbox() as mailbox:
        installation = _prepared(database_url, folder, simulator, mailbox)
        try:
            installation.start()
            yield installation
            installation.stop()
        finally:
            if installation.process is not None:
                installation.process.kill()
                installation.process.wait()
                psutil.wait_procs([p for p in installation.helpers if _killed(p)], timeout=STOP_SECONDS)
            with installation.app.app_context():
                db.session.remove()
                db.engine.dispose()
            installation.app.extensions["solde_huey"].storage.close()
        assert_no_errors(installation.log_text())


def assert_no_errors(log: str) -> None:
    """Nothing unforeseen happened in the server or the worker."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log)
    found = [line for line in plain.splitlines() if "Traceback" in line or "[error" in line]
    assert found == [], f"{found}\n{plain[-6000:]}"


def _killed(process: psutil.Process) -> bool:
    if process.is_running():
        process.kill()
    return True


def _prepared(
    database_url: str, folder: Path, simulator: RunningSimulator, mailbox: RunningMailbox
) -> Installation:
    url = f"http://127.0.0.1:{_free_port()}"
    changes = {"public_url": url, "smtp_url": mailbox.smtp_url, "payplug_api_url": simulator.url}
    changes["sms_url"] = mailbox.sms_url
    settings = settings_for(database_url, folder, **changes)
    app = create_app(settings)
    return Installation(folder, url, app, simulator, mailbox, environment_of(settings))


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as the processes read them; a `var/solde.env` of the developer's demo is out of their sight."""
    values = {**settings.model_dump(exclude_none=True), "encryption_keys": ",".join(settings.encryption_keys)}
    ours = {f"SOLDE_{name.upper()}": str(value) for name, value in values.items()}
    return {**os.environ, **ours, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def copy_of(template: Path, folder: Path) -> str:
    """A fresh SQLite database in a folder; returns its address."""
    shutil.copy(template, folder / "solde.db")
    return f"sqlite:///{folder}/solde.db"
