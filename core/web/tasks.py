"""The page of a long task: how far it has come, then its file, or the way to the page that shows what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_security import current_user

from core.database import db, transaction
from core.errors import NotAllowedError, NotFoundError
from core.files import PIECE_BYTES, StoredFile, open_stored
from core.long_tasks import LongTask, TaskKind, TaskState, find_task, read_aside, task_kind
from core.web.rights import Right, may, requires

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")


class FileNotReady(NotFoundError):
    """The task has made no file (yet)."""

    default = _l("This file is not ready yet.")


@blueprint.get("/<int:task_id>")
@requires(Right.READ)
def show(task_id: int) -> ResponseReturnValue:
    """How far it has come; whoever may see tasks of its kind may look."""
    task, kind = _visible(task_id)
    result = _result_page(task, kind)
    if result:
        return redirect(result, code=303)
    return render_template(
        "long_task.html",
        task=task,
        kind=kind,
        title=kind.title(task.asked),
        mark=_mark(task),
        back=url_for(kind.home[0]) if kind.back is None else kind.back(task),
    )


@blueprint.get("/<int:task_id>/state.json")
@requires(Right.READ)
def state(task_id: int) -> Response:
    """How far it has come; asked by the page while somebody looks at it."""
    task, kind = _visible(task_id)
    answer = jsonify(state=_mark(task), final=not task.is_open, url=_result_page(task, kind))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/<int:task_id>/file")
@requires(Right.READ)
def file(task_id: int) -> Response:
    """The file, streamed from the storage."""
    task, kind = _visible(task_id)
    if task.stored_file is None or task.state is not TaskState.DONE or kind.shown_on is not None:
        raise FileNotReady
    if kind.fetched is not None:
        actor = current_user.id
        with transaction():
            kind.fetched(find_task(task_id), actor)
        task = find_task(task_id)
    assert task.stored_file is not None
    return stored_file_answer(task.stored_file, task.file_name)


def stored_file_answer(stored: StoredFile, name: str) -> Response:
    """A stored file to save under that name, a piece at a time; refused as a whole when it is damaged."""
    digest, size, media_type = stored.sha256, stored.size_bytes, stored.media_type
    db.session.rollback()  # no read transaction stays open while a slow line takes the file
    stream = _pieces(digest)
    first = next(stream, b"")
    answer = Response(_rest(first, stream), content_type=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.content_length = size
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _pieces(digest: str) -> Iterator[bytes]:
    with open_stored(digest) as content:
        while piece := content.read(PIECE_BYTES):
            yield piece


def _rest(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _visible(task_id: int) -> tuple[LongTask, TaskKind]:
    task = find_task(task_id)
    kind = task_kind(task.kind)
    if not may(kind.right):
        raise NotAllowedError
    read_aside(task)
    return task, kind


def _result_page(task: LongTask, kind: TaskKind) -> str:
    return kind.shown_on(task) if kind.shown_on is not None and task.state is TaskState.DONE else ""


def _mark(task: LongTask) -> str:
    """Changes when the page of a task would."""
    return f"{task.state.value}-{task.done}-{task.total}"
