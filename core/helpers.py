"""Helper processes of a worker: work that keeps the interpreter busy, such as drawing, on all cores of the machine.

Threads do not help there: one interpreter draws one page at a time. A helper is one more process of the program. They
are started when there is more work than one process should do, and ended when there was none for a minute. Each is told
on its standard input what to do, one thing a line, answers with a line, and ends when its input does, so that none
outlives its worker, however that dies. What is done and what is not stands in the tables, never here: a helper that
dies leaves its work to the next sweep.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import IO, Final

import structlog
from flask import current_app

from core.database import db
from core.tenancy import in_company, leave_company

log = structlog.get_logger(__name__)

Work = Callable[[int], None]
"""Does one thing about the row of that id, with its company entered; may be run twice."""

FEWEST: Final = 4
"""Less is sooner done by the worker itself than by helpers that are to be started first."""
IDLE_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
MOST_DEATHS: Final = 2
_DONE, _FAILED = "done", "failed"

_WORKS: dict[str, Work] = {}


def spreadable(name: str) -> Callable[[Work], Work]:
    """Register work that helpers can do."""

    def register(work: Work) -> Work:
        _WORKS[name] = work
        return work

    return register


def usual_count() -> int:
    """How many helpers use the whole machine: one per core that this process may use; none where there is but one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if cores > 1 else 0


def has_helpers() -> bool:
    """Whether this process is a worker with helpers, started or not."""
    return current_app.extensions.get("solde_helpers") is not None


def spread(name: str, subjects: Sequence[tuple[int, int]]) -> bool:
    """Have this worker's helpers do work about rows (company id, row id), and wait for its end.

    Returns:
        False when the caller has to do it: there are no helpers in this process, or too little to do for them.
    """
    helpers: Helpers | None = current_app.extensions.get("solde_helpers")
    if helpers is None:
        return False
    if not subjects:
        helpers.rest()
    if len(subjects) < (1 if helpers.are_there else FEWEST):
        return False
    db.session.remove()  # nothing is held of the database meanwhile
    return helpers.run(name, subjects)


class Helpers:
    """The helpers of one worker process."""

    def __init__(self, count: int) -> None:
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[str] | None] = [None] * count
        self._used = time.monotonic()
        self._is_closed = False

    @property
    def are_there(self) -> bool:
        """Whether any was started, and not ended since."""
        return any(process is not None for process in self._processes)

    def run(self, name: str, subjects: Iterable[tuple[int, int]]) -> bool:
        """Do all of it; one that fails or dies does not stop the others. False when no helper could be had."""
        work = deque(subjects)
        with self._lock:
            feeders = [
                threading.Thread(target=self._feed, args=(place, name, work), daemon=True)
                for place in range(len(self._processes))
            ]
            for feeder in feeders:
                feeder.start()
            for feeder in feeders:
                feeder.join()
            self._used = time.monotonic()
        return not work

    def rest(self) -> None:
        """End the helpers when there was nothing to do for them for a while."""
        if self._used + IDLE_SECONDS < time.monotonic() and self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End them for good; what they are at is finished first."""
        self._is_closed = True
        self._end()

    def _end(self) -> None:
        processes = [process for process in self._processes if process is not None]
        self._processes = [None] * len(self._processes)
        for process in processes:
            _close(process.stdin)
        for process in processes:
            _end(process)

    def _feed(self, place: int, name: str, work: deque[tuple[int, int]]) -> None:
        """Give one helper one thing after another."""
        deaths = 0
        while deaths < MOST_DEATHS and not self._is_closed:
            try:
                company_id, subject_id = work.popleft()
            except IndexError:
                return
            if not self._asked(place, {"work": name, "company_id": company_id, "subject_id": subject_id}):
                deaths += 1
                if not self._is_closed:
                    log.error("helper_died", work=name, company_id=company_id, subject_id=subject_id)

    def _asked(self, place: int, order: dict[str, str | int]) -> bool:
        """Whether the helper answered; one that did not is replaced by a new one for the next thing."""
        process = self._processes[place]
        if process is not None and process.poll() is not None:
            _end(process)
            process = None
        if process is None:
            process = self._processes[place] = _started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{json.dumps(order)}\n")
            process.stdin.flush()
            return process.stdout.readline().strip() in (_DONE, _FAILED)
        except (OSError, ValueError):  # its end of the pipe is gone, or we have closed ours
            return False


def _started() -> subprocess.Popen[str]:
    # A group of its own: Ctrl-C in a terminal reaches the server alone, which ends its worker, which ends its helpers.
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "helper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    """Wait until it has done what it is at, and let go of it."""
    _close(process.stdin)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _close(process.stdout)


def _close(stream: IO[str] | None) -> None:
    if stream is not None:
        with suppress(OSError):  # it has died with something unread in its pipe
            stream.close()


def answer_orders(orders: Iterable[str], say: Callable[[str], None]) -> None:
    """What a helper does: one order after another until there are no more.

    Args:
        orders: lines of JSON, as `Helpers` writes them.
        say: called with the answer to each.
    """
    for number, line in enumerate(orders):
        order = json.loads(line)
        say(_DONE if _is_done(order["work"], order["company_id"], order["subject_id"]) else _FAILED)
        if number == 0:
            keep_what_is_loaded()


def keep_what_is_loaded() -> None:
    """Spare the garbage collector what stays for good: modules, mappings, fonts, parsed style sheets.

    A drawing makes so many objects that the collector goes through everything there is several times: without what is
    kept it takes a sixth of the time less.
    """
    gc.collect()
    gc.freeze()


def _is_done(name: str, company_id: int, subject_id: int) -> bool:
    try:
        with in_company(company_id):
            _WORKS[name](subject_id)
    except Exception:
        log.exception("helper_failed", work=name, company_id=company_id, subject_id=subject_id)
        return False
    finally:
        leave_company()
        db.session.remove()
    return True
