"""Power cuts. Wherever the process dies between issue and settled, a restart, some minutes and one sync later everybody
has what she would have had: one invoice, one file, one mail (twice at worst, and then recognisably the same), one
payment, two lettered entries.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from accounting.models import JournalEntry
from accounting.reading.entries_of_sources import entries_of_sources
from core.clock import utc_now
from core.database import db, transaction
from core.files import read_bytes
from core.jobs import run_due_jobs, run_sweeps
from core.local_mailbox.testing import RunningMailbox, running_mailbox
from core.mail import OutboxMail
from invoicing.models import Document, DocumentFile, Sending
from invoicing.payment_link import link_of
from invoicing.payments import Payment, Settlement
from payplug_bridge.simulator.testing import RunningSimulator, running_simulator
from tests.conftest import MakeApp
from tests.factories.invoicing import make_draft, make_line
from tests.forks import Forks, running_forks
from tests.payplug_bridge.shop import Shop, open_shop
from tests.scenarios.killing import ACTS, RECIPIENT, act_in

SOME_MINUTES = 6


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """The process that forks the ones to be killed."""
    with running_forks("tests.scenarios.killing") as running:
        yield running


@pytest.fixture(scope="module")
def _servers() -> Iterator[tuple[RunningSimulator, RunningMailbox]]:
    with running_simulator() as simulator, running_mailbox() as mailbox:
        yield simulator, mailbox


@dataclass
class Stage:
    """Where the story is played: a shop, its mail server, and the process that forks its processes."""

    shop: Shop
    mailbox: RunningMailbox
    forks: Forks
    folder: Path
    invoice_id: int
    minutes: int = 0

    def play(self, act: str) -> None:
        """One act that nobody disturbs."""
        with self.later():
            act_in(self.shop.app, act, self._details(act))

    def dies(self, act: str, point: str) -> bool:
        """One act in a process of its own that dies at the point; False when it is over without coming there."""
        order = {
            "act": act,
            "point": point,
            "minutes": self.minutes,
            "database_url": self.shop.app.config["SQLALCHEMY_DATABASE_URI"],
            "settings": {"payplug_api_url": self.shop.simulator.url, "smtp_url": self.mailbox.smtp_url},
            "folder": str(self.folder),
            "details": self._details(act),
        }
        status = self.forks.ended(order)
        assert status in (0, -signal.SIGKILL), f"{act}, {point}: the child ended with {status}"
        self.minutes += SOME_MINUTES
        return status != 0

    def _details(self, act: str) -> list[Any]:
        if act != "hear":
            return [self.shop.company_id, self.invoice_id]
        payment_id = self.shop.attempts(self.invoice_id)[-1].payplug_id
        return [self.shop.webhook_path().rpartition("/")[2], payment_id]

    def later(self) -> time_machine.travel:
        """After each death some minutes pass: the leases and calls of the dead process have ended."""
        return time_machine.travel(utc_now() + timedelta(minutes=self.minutes), tick=True)

    def pay(self) -> None:
        """The customer pays on PayPlug's page; nobody tells us."""
        payment_id = self.shop.attempts(self.invoice_id)[-1].payplug_id
        assert payment_id is not None
        self.shop.simulator.pay(payment_id, notify=False)

    def restart(self) -> None:
        """What the queue still holds, one round of the sweeps, one sync."""
        app = self.shop.app
        with self.later():
            run_due_jobs(app)
            run_sweeps(app)
            assert app.test_cli_runner().invoke(args=["payplug", "sync"]).exit_code == 0

    def end(self) -> dict[str, Any]:
        """Everything that must be the same whoever died on the way; ids and times are left out."""
        with self.shop.inside():
            document = db.session.get_one(Document, self.invoice_id)
            files = list(db.session.scalars(select(DocumentFile)))
            outbox = list(db.session.scalars(select(OutboxMail)))
            received = self.mailbox.messages()
            return {
                "invoice": (document.number, document.total_cents, self.shop.balance(self.invoice_id)),
                "has link": link_of(self.invoice_id) is not None,
                "files": [read_bytes(file.stored_file.sha256)[:5] for file in files],
                "sendings": db.session.scalar(select(func.count()).select_from(Sending)),
                "outbox": [(mail.state.value, mail.recipients) for mail in outbox],
                "received": {message["Message-ID"] for message in received}
                == {mail.message_id for mail in outbox},
                "received by": {message["Delivered-To"] for message in received},
                "attempt": self.shop.states(self.invoice_id)[-1],
                "paid at PayPlug": sum(payment["is_paid"] for payment in self.shop.simulator.payments()),
                "payments": [(p.method, p.amount_cents) for p in db.session.scalars(select(Payment))],
                "settlements": [s.amount_cents for s in db.session.scalars(select(Settlement))],
                "entries": self._entries(),
            }

    def _entries(self) -> list[Any]:
        sources = {(row.source_kind, row.source_id) for row in db.session.scalars(select(JournalEntry))}
        return [
            (entry.number, [(line.account, line.debit_cents, line.credit_cents, line.letter) for line in entry.lines])
            for entry in entries_of_sources(sources)
        ]  # fmt: skip


Begin = Callable[[str], Stage]


@pytest.fixture
def begin(
    request: pytest.FixtureRequest,
    make_app: MakeApp,
    forks: Forks,
    tmp_path: Path,
    _servers: tuple[RunningSimulator, RunningMailbox],
) -> Begin:
    """A draft of 120 € on a fresh database of the engine named."""
    simulator, mailbox = _servers

    def make(engine: str) -> Stage:
        simulator.reset()
        mailbox.clear()
        url = str(request.getfixturevalue("sqlite_url" if engine == "sqlite" else "postgres_url"))
        shop = open_shop(make_app, url, simulator, smtp_url=mailbox.smtp_url)
        with shop.inside(), transaction():
            draft_id = make_draft(make_line("1", "100", label="Prestation")).id
        return Stage(shop, mailbox, forks, tmp_path, draft_id)

    return make


def whole_story(stage: Stage, killed_in: str = "", point: str = "") -> dict[str, Any]:
    """Issue, send, draw, deliver, click, pay, hear; whoever was not told that her act was done repeats it."""
    for act in ACTS:
        if act == "hear":
            stage.pay()
        if act == killed_in:
            assert stage.dies(act, point)
            stage.restart()
        stage.play(act)
    stage.shop.assert_sound()
    return stage.end()


EXPECTED: dict[str, Any] = {
    "has link": True,
    "files": [b"%PDF-"],
    "sendings": 1,
    "outbox": [("sent", f'["{RECIPIENT}"]')],
    "received": True,
    "received by": {RECIPIENT},
    "attempt": "paid",
    "paid at PayPlug": 1,
    "payments": [("card", 12_000)],
    "settlements": [12_000],
}
DEATHS = [(act, point.__name__) for act, (_, points) in ACTS.items() for point in points]
MAIL_DEATHS = [(act, point) for act, point in DEATHS if act not in ("click", "hear")]


def assert_as_if_nobody_had_died(end: dict[str, Any]) -> None:
    assert {name: end[name] for name in EXPECTED} == EXPECTED
    number, total_cents, balance = end["invoice"]
    assert (number[-4:], total_cents, balance.open_cents, balance.status) == ("0001", 12_000, 0, "paid")
    (sale, sale_lines), (collection, collection_lines) = end["entries"]
    assert (sale, collection) == ("VE000001", "PP000001")
    assert ("411000", 12_000, 0, "AA") in sale_lines
    assert ("411000", 0, 12_000, "AA") in collection_lines


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nobody_dies(begin: Begin, engine: str) -> None:
    stage = begin(engine)
    assert_as_if_nobody_had_died(whole_story(stage))
    assert len(stage.mailbox.messages()) == 1


@pytest.mark.parametrize(("act", "point"), MAIL_DEATHS, ids=str)
def test_one_death_before_the_customer_has_her_mail(begin: Begin, act: str, point: str) -> None:
    stage = begin("sqlite")
    assert_as_if_nobody_had_died(whole_story(stage, act, point))
    # SMTP cannot promise more: the server took the mail and we could not write that down.
    doubtful = ("after_the_mail_is_accepted", "while_the_answer_of_the_mail_server_is_recorded")
    assert len(stage.mailbox.messages()) == (2 if point in doubtful else 1)


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("act", "point"), DEATHS, ids=str)
def test_one_death_anywhere_on_each_engine(begin: Begin, engine: str, act: str, point: str) -> None:
    assert_as_if_nobody_had_died(whole_story(begin(engine), act, point))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_death_after_death_without_a_repair_in_between(begin: Begin, engine: str) -> None:
    stage = begin(engine)
    deaths = []
    for act, (_, points) in ACTS.items():
        if act == "hear":
            stage.pay()
        deaths += [point.__name__ for point in points if stage.dies(act, point.__name__)]
    assert deaths == [point for _, point in DEATHS]
    stage.restart()
    stage.shop.assert_sound()
    assert_as_if_nobody_had_died(stage.end())
