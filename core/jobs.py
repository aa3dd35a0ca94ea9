"""Background work: Huey wakes functions of ours; the truth about what is to do is in our own tables.

A job is a named function that takes plain arguments, may be run twice, and finds its work by reading the tables. A
sweep is a job without arguments that runs every minute and repairs what a lost wake-up left behind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, current_app
from huey import PostgresHuey, SqliteHuey, crontab
from huey.api import Huey
from sqlalchemy.engine import make_url

from core.database import db, in_transaction, on_commit
from core.tenancy import leave_company

log = structlog.get_logger(__name__)

Job = Callable[..., None]

_JOBS: dict[str, Job] = {}
_SWEEPS: dict[str, Job] = {}
COALESCE_SECONDS = 0.25


def job(name: str) -> Callable[[Job], Job]:
    """Register a function that `wake(name, …)` runs in a worker."""

    def register(function: Job) -> Job:
        _JOBS[name] = function
        return function

    return register


def sweep(name: str) -> Callable[[Job], Job]:
    """Register a function without arguments that runs every minute; it can be woken earlier by name too.

    A process runs it once at a time: woken again while it runs, it runs once more at its end, however often it was
    woken. A hundred wake-ups are thus one or two runs, and they never keep the queue from other jobs.
    """

    def register(function: Job) -> Job:
        _JOBS[name] = _SWEEPS[name] = _OneAtATime(function)
        return function

    return register


class _OneAtATime:
    """A sweep that two workers never run side by side; a wake-up that comes meanwhile is not lost."""

    def __init__(self, function: Job) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._running = False
        self._again = False

    def __call__(self) -> None:
        with self._lock:
            self._again = True
            if self._running:
                return
            self._running = True
        try:
            while self._goes_on():
                self._function()
        except BaseException:
            # Else it would count as running for ever, and never run again.
            self._running = False
            raise

    def _goes_on(self) -> bool:
        with self._lock:
            self._running, self._again = self._again, False
            return self._running


def init_jobs(app: Flask, database_url: str) -> None:
    """Make the queue beside the database and register every job with it."""
    huey = _queue(database_url)
    app.extensions["solde_huey"] = huey
    app.extensions["solde_coalescer"] = _Coalescer()
    app.extensions["solde_tasks"] = {
        name: huey.task(name=name, retries=0)(_in_context(app, name, function))
        for name, function in _JOBS.items()
    }
    for name, function in _SWEEPS.items():
        huey.periodic_task(crontab(minute="*"), name=f"sweep_{name}")(_in_context(app, name, function))


def wake(name: str, *arguments: int | str, delay_seconds: float = 0) -> None:
    """Ask a worker to run a job: after the open transaction commits, or at once outside one.

    A sweep finds its work by itself, so many wake-ups of one at nearly the same time are put together (`wake_soon`).
    """
    task = current_app.extensions["solde_tasks"][name]

    def enqueue() -> None:
        if delay_seconds:
            task.schedule(arguments, delay=delay_seconds)
        elif name in _SWEEPS:
            wake_soon(name)
        else:
            task(*arguments)

    if in_transaction():
        on_commit(enqueue)
    else:
        enqueue()


def wake_soon(name: str) -> None:
    """Wake a job without arguments at once, but at most twice per quarter of a second of this process: for floods.

    Call it outside transactions, after the row that is to be found has been committed.
    """
    current_app.extensions["solde_coalescer"].wake(name, current_app.extensions["solde_tasks"][name])


class _Coalescer:
    """Many wake-ups of one job become one now and one that runs after the last row it must see was committed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._woken: dict[str, float] = {}
        self._due: dict[str, float] = {}

    def wake(self, name: str, task: Any) -> None:
        now = time.monotonic()
        with self._lock:
            if self._due.get(name, 0.0) > now:
                return
            is_first = self._woken.get(name, 0.0) + COALESCE_SECONDS <= now
            if is_first:
                self._woken[name] = now
            else:
                self._due[name] = now + COALESCE_SECONDS
        if is_first:
            task()
        else:
            task.schedule((), delay=COALESCE_SECONDS)

    def forget(self) -> None:
        """What was asked for has been run before its time: the next wake-up counts again."""
        with self._lock:
            self._due.clear()


def run_due_jobs(app: Flask, limit: int = 10_000) -> int:
    """Run everything the queue holds, scheduled wake-ups included, in this process (tests)."""
    huey: Huey = app.extensions["solde_huey"]
    done = 0
    while done < limit:
        task = huey.dequeue()
        if task is None:
            scheduled = huey.storage.scheduled_items()
            if not scheduled:
                return done
            huey.storage.flush_schedule()
            app.extensions["solde_coalescer"].forget()
            for item in scheduled:
                huey.enqueue(huey.deserialize_task(item))
            continue
        huey.execute(task)
        done += 1
    return done


def run_sweeps(app: Flask) -> None:
    """Run every sweep once, in order of name, in this process (tests)."""
    for name in sorted(_SWEEPS):
        _in_context(app, name, _SWEEPS[name])()


def _queue(database_url: str) -> Huey:
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql":
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresHuey("solde", dsn=dsn, results=False, utc=True)
    return SqliteHuey("solde", filename=f"{url.database}-queue", results=False, utc=True, timeout=30)


def _in_context(app: Flask, name: str, function: Job) -> Job:
    def run(*arguments: int | str) -> None:
        with app.app_context():
            try:
                function(*arguments)
            except Exception:
                # One failed job must not stop the worker: its rows still say what is to do and the sweep comes back.
                log.exception("job_failed", job=name, arguments=arguments)
            finally:
                leave_company()
                db.session.remove()

    run.__name__ = f"run_{name}"
    return run
