"""Work that takes longer than a page may: an archive, a package of a month. Asked for once, done by the worker
(`core/work_long_tasks`), followed on its page by a bar (`core/web/tasks`), told by a mail when it is ready.

A package registers what kinds it has (`add_task_kind` in its `wiring.py`); `ask_for` writes one down. What it makes is
a file, stored under its SHA-256, so that it can be fetched again, byte for byte; or plain data that a page shows
(`made_json`, `result_of`); or nothing but rows, written in one transaction (`OneTransaction`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from flask_babel import LazyString
from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, db, enum_type
from core.errors import NotFoundError
from core.event_log import record_event
from core.files import StoredFile, read_bytes
from core.jobs import wake
from core.models import User
from core.progress import Progress
from core.seal import canonical
from core.tenancy import CompanyScoped
from core.todo import leave_todo

TODO = "long_task"
LONGEST_REQUEST_KEY = 64
RESULT_NAME, RESULT_MEDIA_TYPE = "result.json", "application/json"


class TaskState(StrEnum):
    """Where a task is. `failed` is for good: `problem` says why; it is asked for anew."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class LongTask(CompanyScoped, Base):
    """One task. What was asked for never changes; how far it has come does.

    Attributes:
        kind: the name of its `TaskKind`.
        arguments: canonical JSON of what was asked for.
        request_key: made with the form; the same one twice (a double click) is one task.
        recipients: JSON list of the people (ids) who are told when it is ready.
        done, total: how far it has come, in steps; total 0 while it is not known.
        attempts: how often a worker began; a worker whose number is not this one has lost the task to another.
        lease_until: until when the worker that runs it is believed to be alive.
        problem: why it failed, in the language of the person who asked.
    """

    __tablename__ = "long_task"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "request_key"),
        company_key("stored_file", "file_id"),
        Index("ix_long_task_kind", "company_id", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    arguments: Mapped[str] = mapped_column(Text, default="{}")
    request_key: Mapped[str] = mapped_column(String(LONGEST_REQUEST_KEY))
    recipients: Mapped[str] = mapped_column(Text, default="[]")
    state: Mapped[TaskState] = mapped_column(enum_type(TaskState), default=TaskState.WAITING)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(Text, default="")
    file_id: Mapped[int | None] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    stored_file: Mapped[StoredFile | None] = relationship(
        primaryjoin="foreign(LongTask.file_id) == StoredFile.id", viewonly=True
    )
    created_by: Mapped[User | None] = relationship(viewonly=True)

    @property
    def is_open(self) -> bool:
        """True while it waits or is worked on."""
        return self.state in (TaskState.WAITING, TaskState.RUNNING)

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked for."""
        found: dict[str, Any] = json.loads(self.arguments)
        return found


@dataclass(frozen=True)
class TaskRun:
    """What the work of a task gets.

    Attributes:
        task_id, asked, actor_id: the task, what was asked for, who asked.
        folder: an empty folder for its files, deleted afterwards.
        progress: tell how far it has come.
    """

    task_id: int
    asked: Mapping[str, Any]
    actor_id: int | None
    folder: Path
    progress: Progress


@dataclass(frozen=True)
class MadeFile:
    """What the work made, in the folder of its run.

    Attributes:
        name: what the reader's machine calls it.
        keep: writes what belongs to it, in the transaction that finishes the task, after the file is registered. It
            is tried once more where a unique key refused it; a `SoldeError` fails the task. None for nothing more.
    """

    path: Path
    name: str
    media_type: str
    keep: Callable[[LongTask], None] | None = None


@dataclass(frozen=True)
class OneTransaction:
    """Work that makes rows and no file: all of it in the transaction that finishes the task, so that whoever is killed
    has done nothing, and what is done is never done again.

    Attributes:
        do: writes, and tells how far it has come. It is tried once more where a unique key refused it; a `SoldeError`
            undoes all of it and fails the task.
    """

    do: Callable[[Progress], None]


@dataclass(frozen=True)
class TaskKind:
    """One kind of long task.

    Attributes:
        name: as it stands in the table.
        title: what a person calls this task, in the language of the moment.
        work: makes the file. It runs with the company entered and the language of the person who asked, outside any
            transaction; it may be run again after a crash. A `SoldeError` is told to the person.
        right: what a member needs to see the task and fetch its file.
        home: endpoint of the page where such tasks are listed, and what that page is called.
        fetched: written before the file is given out to a person (her id), in a transaction of its own.
        shown_on: address of the page that shows what came of it; the page of the task leads there. Such a task gives
            out no file, and tells by mail only when it took so long that nobody looks on any more.
        back: address to go to when it has failed; the home by default.
    """

    name: str
    title: Callable[[Mapping[str, Any]], str]
    work: Callable[[TaskRun], MadeFile | OneTransaction]
    right: str
    home: tuple[str, LazyString | str]
    fetched: Callable[[LongTask, int], None] | None = None
    shown_on: Callable[[LongTask], str] | None = None
    back: Callable[[LongTask], str] | None = None


def add_task_kind(app: Flask, kind: TaskKind) -> None:
    """Add a kind of long task; called by the `wiring.py` of a package."""
    app.extensions.setdefault("solde_task_kinds", {})[kind.name] = kind


def task_kind(name: str) -> TaskKind:
    """The kind of that name."""
    kind: TaskKind = current_app.extensions["solde_task_kinds"][name]
    return kind


def ask_for(
    kind: str,
    asked: Mapping[str, Any],
    *,
    request_key: str,
    actor_id: int | None = None,
    recipients: Sequence[int] = (),
) -> LongTask:
    """Write a task down in the open transaction and wake the worker. The same request key twice is one task.

    Args:
        kind: the name of a kind that was added.
        asked: plain values; dates as ISO texts.
        request_key: made with the form.
        actor_id: who asks; she is told when it is ready or has failed.
        recipients: ids of members who are told besides when it is ready.
    """
    assert 0 < len(request_key) <= LONGEST_REQUEST_KEY, "the form makes the key"
    task_kind(kind)
    earlier = select(LongTask).where(LongTask.request_key == request_key)
    task = db.session.scalars(earlier).one_or_none()
    if task is not None:
        return task
    told = [] if actor_id is None else [actor_id]
    task = LongTask(
        kind=kind,
        arguments=canonical(asked),
        request_key=request_key,
        recipients=json.dumps(list(dict.fromkeys([*told, *recipients]))),
        created_by_id=actor_id,
    )
    db.session.add(task)
    db.session.flush()
    leave_todo(TODO, task.id)
    record_event("task.asked", actor_id=actor_id, subject=("long_task", task.id), task=kind, asked=asked)
    wake("work_long_tasks")
    return task


def find_task(task_id: int) -> LongTask:
    """The task of that id.

    Raises:
        NotFoundError: this company has none.
    """
    task = db.session.get(LongTask, task_id)
    if task is None:
        raise NotFoundError
    return task


def latest_task(kind: str, asked: Mapping[str, Any], *, of_state: TaskState | None = None) -> LongTask | None:
    """The last task of a kind that was asked for exactly this, or None."""
    statement = select(LongTask).where(LongTask.kind == kind, LongTask.arguments == canonical(asked))
    if of_state is not None:
        statement = statement.where(LongTask.state == of_state)
    return db.session.scalars(statement.order_by(LongTask.id.desc()).limit(1)).first()


def join_or_ask(kind: str, asked: Mapping[str, Any], *, request_key: str, actor_id: int | None) -> LongTask:
    """The task of a kind that is under way for exactly this; else a new one, in the open transaction."""
    task = latest_task(kind, asked)
    if task is not None and task.is_open:
        return task
    return ask_for(kind, asked, request_key=request_key, actor_id=actor_id)


def made_json(run: TaskRun, result: object, keep: Callable[[LongTask], None] | None = None) -> MadeFile:
    """A result that a page shows: plain values, days as ISO texts."""
    path = run.folder / RESULT_NAME
    path.write_text(canonical({"result": result}), "utf-8")
    return MadeFile(path, RESULT_NAME, RESULT_MEDIA_TYPE, keep)


def result_of(task: LongTask) -> Any:
    """What `made_json` has kept of a task that is done.

    Raises:
        DamagedFileError: the storage no longer has it as it was.
    """
    assert task.stored_file is not None, "the task is done"
    return json.loads(read_bytes(task.stored_file.sha256))["result"]


def put_aside(task_id: int, done: int, total: int) -> None:
    """Keep how far a task has come beside the database, where its own transaction locks everybody out (SQLite)."""
    storage = current_app.extensions["solde_huey"].storage
    storage.put_data(f"task-{task_id}", json.dumps([done, total]).encode())


def forget_aside(task_id: int) -> None:
    """The task has ended: its row says all."""
    current_app.extensions["solde_huey"].storage.pop_data(f"task-{task_id}")


def read_aside(task: LongTask) -> None:
    """Show how far a running task has come inside its transaction, if it was put aside; nothing is written."""
    if task.state is not TaskState.RUNNING:
        return
    kept = current_app.extensions["solde_huey"].storage.peek_data(f"task-{task.id}")
    if isinstance(kept, bytes):
        for name, value in zip(("done", "total"), json.loads(kept), strict=True):
            set_committed_value(task, name, value)


def tasks_of(kind: str, *, limit: int, offset: int = 0) -> list[LongTask]:
    """The tasks of a kind, the latest first."""
    statement = select(LongTask).where(LongTask.kind == kind).order_by(LongTask.id.desc())
    return list(db.session.scalars(statement.limit(limit).offset(offset)))


def count_tasks(kind: str) -> int:
    """How many tasks of a kind there are."""
    return db.session.scalar(select(func.count()).select_from(LongTask).where(LongTask.kind == kind)) or 0
