"""The sweep of long tasks: does one after another, tells how far each has come, stores what it made.

A worker that dies leaves its lease behind: when that ends, another one begins the task again, from the start. A slow
worker that has lost its task to another one finds out at its next word and stops.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from core.clock import utc_now
from core.database import Base, commit_once, db, dialect_name, in_transaction, lock, transaction
from core.errors import SoldeError
from core.event_log import record_event
from core.files import put_path, register_file
from core.jobs import sweep
from core.long_tasks import (
    TODO,
    LongTask,
    MadeFile,
    OneTransaction,
    TaskKind,
    TaskRun,
    TaskState,
    forget_aside,
    put_aside,
    task_kind,
)
from core.mail import queue_mail
from core.models import Membership, User
from core.tenancy import current_company_id, in_company
from core.todo import open_todos, strike_todo

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=3)
"""How long a worker is believed to be alive after its last sign, however long one step of its task takes."""
HEARTBEAT_SECONDS = 45
MOST_ATTEMPTS = 3
SPEAK_SECONDS = 0.7
"""A bar that moves once in this time is alive; more often would only write."""
STILL_LOOKING = timedelta(minutes=2)
"""Who asked for something that a page shows is not mailed about it within this time."""
UNFORESEEN = _l("Something unforeseen happened; the details are in the log. Please ask for it again.")
INTERRUPTED = _l("It was interrupted several times. Please ask for it again.")


class TaskLost(Exception):
    """Another worker has the task: this one was taken for dead."""


@sweep("work_long_tasks")
def work_long_tasks() -> None:
    """Do every task that waits, of all companies; one that fails does not stop the others."""
    for company_id, task_id in open_todos(TODO):
        with in_company(company_id):
            try:
                _work(task_id)
            except Exception:
                db.session.rollback()
                log.exception("long_task_stopped", task_id=task_id)


def _work(task_id: int) -> None:
    claimed = _claim(task_id)
    if claimed is None:
        return
    kind, attempt, language = claimed
    with tempfile.TemporaryDirectory(prefix="solde-task-") as folder, force_locale(language):
        try:
            _do(task_id, kind, attempt, Path(folder))
        except TaskLost:
            log.warning("long_task_lost", task_id=task_id)
        except SoldeError as error:
            db.session.rollback()
            _fail(task_id, attempt, str(error))
        except OperationalError:
            # The database was away: no fault of the task. Its lease ends and it is begun again.
            raise
        except Exception:
            db.session.rollback()
            log.exception("long_task_failed", task_id=task_id)
            _fail(task_id, attempt, str(UNFORESEEN))


def _claim(task_id: int) -> tuple[TaskKind, int, str] | None:
    """Take the task for a while; its kind, the number of this attempt, the language of the person. None: not ours."""
    with transaction():
        task = lock(select(LongTask).where(LongTask.id == task_id))
        if task is None or not task.is_open:
            strike_todo(TODO, task_id)
            return None
        if task.lease_until is not None and task.lease_until > utc_now():
            return None
        language = "fr" if task.created_by is None else task.created_by.language
        if task.attempts >= MOST_ATTEMPTS:
            with force_locale(language):
                _mark_failed(task, str(INTERRUPTED))
            return None
        task.state, task.attempts, task.lease_until = TaskState.RUNNING, task.attempts + 1, utc_now() + LEASE
        return task_kind(task.kind), task.attempts, language


def _do(task_id: int, kind: TaskKind, attempt: int, folder: Path) -> None:
    task = db.session.get_one(LongTask, task_id)
    speaker = _Speaker(task_id, attempt)
    run = TaskRun(task_id, task.asked, task.created_by_id, folder, speaker)
    db.session.rollback()
    with _beating(speaker):
        made = kind.work(run)
        db.session.rollback()  # no read transaction stays open while the file is stored
        if isinstance(made, OneTransaction):
            try:
                commit_once(lambda: _do_at_once(task_id, attempt, kind, made, speaker))
            finally:
                forget_aside(task_id)
            return
    digest, size_bytes = put_path(made.path)
    commit_once(lambda: _finish(_locked(task_id, attempt), kind, made, digest, size_bytes))


def _do_at_once(task_id: int, attempt: int, kind: TaskKind, work: OneTransaction, speaker: _Speaker) -> None:
    """The work, then the end of its task, in one transaction: a worker that has lost the task meanwhile undoes it all.

    The task is locked last: on PostgreSQL the speaker writes to its row until then.
    """
    work.do(speaker)
    task = _locked(task_id, attempt)
    _mark_done(task)
    db.session.flush()
    record_event("task.done", subject=("long_task", task.id))
    _tell(task, kind)


def _finish(task: LongTask, kind: TaskKind, made: MadeFile, digest: str, size_bytes: int) -> None:
    task.file_id = register_file(digest, size_bytes, made.media_type).id
    task.file_name = made.name
    _mark_done(task)
    db.session.flush()
    if made.keep is not None:
        made.keep(task)
    record_event("task.done", subject=("long_task", task.id), file=made.name, sha256=digest)
    _tell(task, kind)


def _mark_done(task: LongTask) -> None:
    task.state, task.finished_at, task.lease_until = TaskState.DONE, utc_now(), None
    task.done = task.total = max(task.total, 1)
    strike_todo(TODO, task.id)


def _tell(task: LongTask, kind: TaskKind) -> None:
    if _is_still_looked_at(task, kind):
        return
    for user in _told(task):
        with force_locale(user.language):
            _mail(user, task, kind)


def _is_still_looked_at(task: LongTask, kind: TaskKind) -> bool:
    return kind.shown_on is not None and utc_now() - task.created_at < STILL_LOOKING


def _fail(task_id: int, attempt: int, problem: str) -> None:
    try:
        with transaction():
            _mark_failed(_locked(task_id, attempt), problem)
    except TaskLost:
        log.warning("long_task_lost", task_id=task_id)


def _mark_failed(task: LongTask, problem: str) -> None:
    task.state, task.problem, task.finished_at, task.lease_until = (
        TaskState.FAILED, problem, utc_now(), None,
    )  # fmt: skip
    db.session.flush()
    strike_todo(TODO, task.id)
    record_event("task.failed", subject=("long_task", task.id), problem=problem)
    if _is_still_looked_at(task, task_kind(task.kind)):
        return
    for user in _told(task):
        # Only who asked can ask again; the others wait for the file.
        if user.id == task.created_by_id:
            with force_locale(user.language):
                _mail_failure(user, task)


def _locked(task_id: int, attempt: int) -> LongTask:
    task = lock(select(LongTask).where(LongTask.id == task_id))
    if task is None or task.attempts != attempt or task.state is not TaskState.RUNNING:
        raise TaskLost
    return task


_TASKS = Base.metadata.tables["long_task"]


class _Speaker:
    """Writes how far a task has come, on a connection of its own: the work may be in the middle of a long read."""

    def __init__(self, task_id: int, attempt: int) -> None:
        self._mine = (
            _TASKS.c.id == task_id,
            _TASKS.c.company_id == current_company_id(),
            _TASKS.c.attempts == attempt,
            _TASKS.c.state == TaskState.RUNNING,
        )
        self._next = 0.0
        self._engine = db.engine
        self._task_id = task_id
        self._is_sqlite = dialect_name() == "sqlite"
        self._is_inside = False

    def live(self) -> None:
        """Say that the worker is alive.

        Raises:
            TaskLost: another one has the task.
        """
        # Nobody else can take the task while its own transaction holds all of an SQLite database.
        if not self._is_inside:
            self._say(lease_until=utc_now() + LEASE)

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next and done < total:
            return
        self._next = now + SPEAK_SECONDS
        self._is_inside = self._is_sqlite and in_transaction()
        if self._is_inside:
            put_aside(self._task_id, done, total)
            return
        self._say(done=done, total=total, lease_until=utc_now() + LEASE)

    def _say(self, **values: Any) -> None:
        said = update(_TASKS).where(*self._mine).values(values)
        with self._engine.connect().execution_options(solde_write=True) as connection, connection.begin():
            if not connection.execute(said).rowcount:
                raise TaskLost


@contextmanager
def _beating(speaker: _Speaker) -> Iterator[None]:
    """Keep the lease while the work is at a long step, such as the check of a whole chain of seals."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            try:
                speaker.live()
            except TaskLost:
                return  # the work finds out at its next word
            except Exception:
                log.exception("long_task_heartbeat_failed")

    thread = threading.Thread(target=beat, name="long-task-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _told(task: LongTask) -> list[User]:
    """Who is told and is still a member."""
    members = select(Membership.user_id).where(Membership.company_id == current_company_id())
    wanted = User.id.in_(json.loads(task.recipients))
    return list(db.session.scalars(select(User).where(wanted, User.id.in_(members)).order_by(User.id)))


def _mail(user: User, task: LongTask, kind: TaskKind) -> None:
    title = kind.title(task.asked)
    if kind.shown_on is not None:
        lines = [_("%(title)s: it is done.", title=title), task_address(task.id)]
        queue_mail(to=[user.email], subject=_("Done: %(title)s", title=title), text="\n\n".join(lines))
        return
    lines = [
        _("%(title)s: the file is ready.", title=title),
        task_address(task.id),
        _("It is given out to members who are signed in."),
    ]
    queue_mail(to=[user.email], subject=_("Ready: %(title)s", title=title), text="\n\n".join(lines))


def _mail_failure(user: User, task: LongTask) -> None:
    kind = task_kind(task.kind)
    title = kind.title(task.asked)
    if kind.shown_on is None:
        what, subject = (
            _("%(title)s: the file could not be made.", title=title),
            _("Not made: %(title)s", title=title),
        )
    else:
        what, subject = (
            _("%(title)s: it could not be done.", title=title),
            _("Not done: %(title)s", title=title),
        )
    queue_mail(
        to=[user.email], subject=subject, text="\n\n".join([what, task.problem, task_address(task.id)])
    )


def task_address(task_id: int) -> str:
    """The page of a task; written here because a job has no request whose address it could take."""
    return f"{current_app.config['SOLDE'].public_url}/tasks/{task_id}"
