"""Taking over books by long tasks: reading the file, the act, and undoing it. Asked for by the pages.

The act and its undoing are one transaction each: whoever is killed has done nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any, Final

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db
from core.errors import ConflictError
from core.files import StoredFile, open_stored
from core.long_tasks import (
    LongTask,
    MadeFile,
    OneTransaction,
    TaskKind,
    TaskRun,
    ask_for,
    latest_task,
    made_json,
    result_of,
)
from core.progress import Progress
from core.seal import canonical
from core.web.rights import Right
from invoicing.models import Takeover
from invoicing.takeover.plan import STANDARD_RATE, WAITING, Plan, TakeoverWish, plan_takeover
from invoicing.takeover.read_file import READER, FileReading, as_data, from_data, last_day, read_file
from invoicing.takeover.take_over import WaitingVat, take_over
from invoicing.takeover.undo_takeover import undo_takeover

READ: Final = "takeover_reading"
ACT: Final = "takeover"
UNDO: Final = "takeover_undo"
CHANGED: Final = _l("Meanwhile something changed: look at the plan as it is now, then confirm it.")


def order_reading(digest: str, wish: TakeoverWish, *, actor_id: int | None) -> LongTask:
    """Ask for the reading of a stored file, in the open transaction; what was read, or is being read, is not again.

    Raises:
        SoldeError: nothing says up to which day.
    """
    earlier = reading_task(digest, wish)
    if earlier is not None and not earlier.problem:
        return earlier
    key = f"{_key(digest, wish)}{earlier.id if earlier else 0}"
    return ask_for(READ, {"digest": digest, **_plain(wish)}, request_key=key, actor_id=actor_id)


def reading_task(digest: str, wish: TakeoverWish) -> LongTask | None:
    """The last task that read the file in this way, or None.

    Raises:
        SoldeError: nothing says up to which day.
    """
    of_key = LongTask.request_key.startswith(_key(digest, wish), autoescape=True)
    statement = select(LongTask).where(LongTask.kind == READ, of_key).order_by(LongTask.id.desc())
    return db.session.scalars(statement.limit(1)).first()


def reading_of(task: LongTask) -> FileReading:
    """What the file says, of a reading that is done."""
    return from_data(result_of(task))


def order_takeover(
    plan: Plan, stored: StoredFile, said: Mapping[int, WaitingVat], *, request_key: str, actor_id: int | None
) -> LongTask:
    """Ask for what the plan says, in the open transaction. Of what was said of waiting VAT what differs is kept."""
    changed = {
        str(index): [waiting.cents, waiting.rate]
        for index, waiting in said.items()
        if (waiting.cents, waiting.rate) != (plan.items[index].waiting_cents, plan.items[index].rate)
    }
    asked = {
        "digest": stored.sha256, "file_id": stored.id, "seen": plan.seen, "said": changed, **_plain(plan.wish),
    }  # fmt: skip
    return ask_for(ACT, asked, request_key=request_key, actor_id=actor_id)


def order_undo(takeover_id: int, *, actor_id: int | None) -> LongTask:
    """Ask for the undoing of a take-over, in the open transaction; one that waits is joined."""
    asked = {"takeover_id": takeover_id}
    earlier = latest_task(UNDO, asked)
    if earlier is not None and earlier.is_open:
        return earlier
    key = f"takeover-undo-{takeover_id}-{earlier.id if earlier else 0}"
    return ask_for(UNDO, asked, request_key=key, actor_id=actor_id)


def plan_url(digest: str, wish: TakeoverWish) -> str:
    """The address of the page that shows what a stored file brings, read in this way."""
    return url_for(
        "takeover.plan",
        digest=digest,
        name=wish.file_name,
        until=wish.until.isoformat() if wish.until else None,
        waiting=wish.waiting_prefix if wish.waiting_prefix != WAITING else None,
        rate=wish.standard_rate if wish.standard_rate != STANDARD_RATE else None,
    )


def takeover_of_file(file_id: int, until: date) -> Takeover | None:
    """The last take-over of that file up to that day, one that was undone too."""
    same = select(Takeover).where(Takeover.file_id == file_id, Takeover.until == until)
    return db.session.scalars(same.order_by(Takeover.id.desc()).limit(1)).first()


def _key(digest: str, wish: TakeoverWish) -> str:
    # The rate is not in it: it is asked of the plan, not of the file.
    until = last_day(wish.file_name, wish.until)
    read = canonical([digest, wish.file_name, until, wish.waiting_prefix, READER])
    return f"read-{hashlib.sha256(read.encode()).hexdigest()[:40]}-"


def _plain(wish: TakeoverWish) -> dict[str, Any]:
    return {
        "name": wish.file_name, "until": wish.until, "waiting": wish.waiting_prefix, "rate": wish.standard_rate,
    }  # fmt: skip


def _wish(asked: Mapping[str, Any]) -> TakeoverWish:
    until = asked["until"] and date.fromisoformat(asked["until"])
    return TakeoverWish(asked["name"], until or None, asked["waiting"], asked["rate"])


def _read(run: TaskRun) -> MadeFile:
    digest, wish = run.asked["digest"], _wish(run.asked)
    size = db.session.scalars(select(StoredFile.size_bytes).where(StoredFile.sha256 == digest)).one()
    db.session.rollback()
    reading = read_file(
        partial(open_stored, digest), wish.file_name, last_day(wish.file_name, wish.until), wish.waiting_prefix,
        size_bytes=size, progress=run.progress,
    )  # fmt: skip
    return made_json(run, as_data(reading))


def _act(run: TaskRun) -> OneTransaction:
    task = reading_task(run.asked["digest"], _wish(run.asked))
    assert task is not None, "the page has planned from it"
    return OneTransaction(partial(_take_over, run.asked, reading_of(task), run.actor_id))


def _take_over(
    asked: Mapping[str, Any], reading: FileReading, actor_id: int | None, progress: Progress
) -> None:
    plan = plan_takeover(reading, _wish(asked))
    # A take-over that was done already says so itself: a double click is no change of the plan.
    if plan.seen != asked["seen"] and not plan.problems:
        raise ConflictError(CHANGED)
    said = {int(index): WaitingVat(*values) for index, values in asked["said"].items()}
    take_over(plan, file_id=asked["file_id"], waiting=said, actor_id=actor_id, progress=progress)


def _undo(run: TaskRun) -> OneTransaction:
    return OneTransaction(partial(_take_back, run.asked["takeover_id"], run.actor_id))


def _take_back(takeover_id: int, actor_id: int | None, progress: Progress) -> None:
    undo_takeover(takeover_id, actor_id=actor_id, progress=progress)


def _plan_page(task: LongTask) -> str:
    return plan_url(task.asked["digest"], _wish(task.asked))


def _report_page(task: LongTask) -> str:
    wish = _wish(task.asked)
    made = takeover_of_file(task.asked["file_id"], last_day(wish.file_name, wish.until))
    return url_for("takeover.index") if made is None else url_for("takeover.show", takeover_id=made.id)


def _undone_page(task: LongTask) -> str:
    return url_for("takeover.show", takeover_id=task.asked["takeover_id"])


def _read_title(asked: Mapping[str, Any]) -> str:
    return str(gettext("Reading %(file)s", file=asked["name"]))


def _act_title(asked: Mapping[str, Any]) -> str:
    return str(gettext("Taking over %(file)s", file=asked["name"]))


def _undo_title(_asked: Mapping[str, Any]) -> str:
    return str(gettext("Undoing a take-over"))


_HOME = ("takeover.index", _l("Take over books"))
KINDS: Final = (
    TaskKind(READ, _read_title, _read, Right.BOOKS, _HOME, shown_on=_plan_page, back=_plan_page),
    TaskKind(ACT, _act_title, _act, Right.BOOKS, _HOME, shown_on=_report_page, back=_plan_page),
    TaskKind(UNDO, _undo_title, _undo, Right.BOOKS, _HOME, shown_on=_undone_page, back=_undone_page),
)
