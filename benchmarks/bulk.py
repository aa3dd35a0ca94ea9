"""Many invoices issued and sent at once by a worker and its helpers, against drawing their PDFs alone.

Measured twice: with the mail server and the database server on a core of their own, as machines that serve others, so
that the worker's cores do the worker's work alone; and with everything on all cores.

Bare is `issued_pdf` (template, WeasyPrint, the e-invoice put in) of as many documents like them, in as many processes
as the worker has helpers, everything read beforehand: no issue, no entry, no seal, no file kept, no mail. Ours ends
when the mail server has taken the last mail.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from benchmarks import report
from benchmarks.installation import ENGINES, environment, installation
from benchmarks.samples import drafts
from benchmarks.side_by_side import ratio_of, seconds
from core.database import db, transaction
from core.local_mailbox.testing import running_mailbox
from core.mail import MailState, OutboxMail
from core.tenancy import current_company_id
from invoicing.bulk_plan import plan_bulk
from invoicing.models import BulkAction
from invoicing.order_bulk import BulkInput, order_bulk

PER_ROUND, ROUNDS = 100, 2
LARGE_PER_ROUND, LARGE_ROUNDS = 1000, 1
PATIENCE_S = 3600
_FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


def run(*, large: bool = False) -> None:
    """Measure on both engines."""
    per_round, rounds = (LARGE_PER_ROUND, LARGE_ROUNDS) if large else (PER_ROUND, ROUNDS)
    all_cores = sorted(os.sched_getaffinity(0))
    divisions = [_Cores(all_cores, all_cores)]
    if len(all_cores) > 1:
        divisions.insert(0, _Cores(all_cores[1:], all_cores[:1]))
    for cores in divisions:
        report.heading(
            f"Issue and send in bulk ({rounds} rounds of {per_round} five-line invoices; bare = their PDFs alone, one"
            f" process for each of {len(cores.workers)} cores; servers on {cores.place_of_servers})"
        )
        for engine in ENGINES:
            with _on_cores(cores.servers):
                _measure(engine, cores.workers, per_round, rounds)


_Pairs = list[tuple[float, float]]


@dataclass(frozen=True)
class _Cores:
    """Which cores the worker has, and which the mail server, the database server and this program."""

    workers: Sequence[int]
    servers: Sequence[int]

    @property
    def place_of_servers(self) -> str:
        return "the same" if set(self.workers) == set(self.servers) else "another"


@contextmanager
def _on_cores(cores: Sequence[int]) -> Iterator[None]:
    """Keep this program, its threads and what it starts on some cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _measure(engine: str, cores: Sequence[int], per_round: int, rounds: int) -> None:
    with running_mailbox() as mailbox, installation(engine, smtp_url=mailbox.smtp_url) as app:
        first, *others = [drafts(PER_ROUND), *(drafts(per_round) for _ in range(rounds))]
        with _worker(app, cores) as worker:
            _in_bulk(first)  # starts the helpers, opens the books, is drawn from below
            with _drawers(app, first, cores) as drawers:
                walls, spent = _compared(others, worker, drawers)
    report.ratio_line(
        f"{engine}: bulk, issued and sent",
        ratio_of(walls),
        per=per_round,
        aim="≤ 1.18: 85 % of the throughput",
    )
    report.note(
        f"{engine}: processor time {ratio_of(spent).ratio:.2f} × bare: worker and helpers, without the servers"
    )


def _compared(
    rounds: Sequence[Sequence[int]],
    worker: subprocess.Popen[bytes],
    drawers: Sequence[subprocess.Popen[str]],
) -> tuple[_Pairs, _Pairs]:
    """Seconds by the clock and seconds of processor, ours and bare, round by round: other programs slow the first."""
    walls, spent = [], []
    for ids in rounds:
        before = _processor_s(worker.pid), sum(_processor_s(drawer.pid) for drawer in drawers)
        walls.append((seconds(_in_bulk, ids), seconds(_draw, drawers, len(ids) // PER_ROUND)))
        after = _processor_s(worker.pid), sum(_processor_s(drawer.pid) for drawer in drawers)
        spent.append((after[0] - before[0], after[1] - before[1]))
    return walls, spent


def _processor_s(pid: int) -> float:
    """What a process and those it has started have used of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    started = [
        child
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return own + sum(_processor_s(int(child)) for child in started)


@contextmanager
def _worker(app: Flask, cores: Sequence[int]) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, **environment(app)}
    command = [*_FLASK, "worker", "--helpers", str(len(cores))]
    with _on_cores(cores):  # what is started stays there
        worker = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait()


def _in_bulk(ids: Sequence[int]) -> None:
    """Order it, and wait until every mail was taken by the server."""
    before = _sent()
    with transaction():
        seen = plan_bulk(BulkAction.ISSUE_AND_SEND, ids).seen
        order_bulk(BulkInput(BulkAction.ISSUE_AND_SEND, ids, f"bench-{ids[0]}", seen))
    deadline = time.monotonic() + PATIENCE_S
    while _sent() < before + len(ids):
        assert time.monotonic() < deadline, "the worker does not come to an end"
        time.sleep(0.05)


def _sent() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(OutboxMail.state == MailState.SENT)) or 0


@contextmanager
def _drawers(app: Flask, ids: Sequence[int], cores: Sequence[int]) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that have read their share of the documents and drawn one."""
    environ = {**os.environ, **environment(app)}
    bare = [sys.executable, "-m", "benchmarks.bulk_bare", str(current_company_id())]
    with _on_cores(cores):
        drawers = [
            subprocess.Popen(
                [*bare, *map(str, ids[place :: len(cores)])],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for place in range(len(cores))
        ]
    try:
        for drawer in drawers:
            _hear(drawer)
        yield drawers
    finally:
        for drawer in drawers:
            assert drawer.stdin is not None
            drawer.stdin.close()
            drawer.wait()


def _draw(drawers: Sequence[subprocess.Popen[str]], times: int) -> None:
    """All of them at once, each its share so many times."""
    for drawer in drawers:
        assert drawer.stdin is not None
        drawer.stdin.write("go\n" * times)
        drawer.stdin.flush()
    for drawer in drawers:
        for _ in range(times):
            _hear(drawer)


def _hear(drawer: subprocess.Popen[str]) -> None:
    assert drawer.stdout is not None
    assert drawer.stdout.readline() == "ready\n", "a drawing process has died"
