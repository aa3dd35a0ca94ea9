"""Closing a year by a long task: letterings that reach on are made again one by one, which takes long in large books.

All of it is one transaction: a year is closed with its opening entries, or nothing has happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from accounting.closing.checks import YearDays
from accounting.closing.close_year import close_year
from accounting.closing.look_at_year import YearLook
from core.long_tasks import LongTask, OneTransaction, TaskKind, TaskRun, ask_for
from core.progress import Progress
from core.web.rights import Right

TASK: Final = "close_year"


def order_closing(year: YearDays, look: YearLook, *, actor_id: int | None) -> LongTask:
    """Ask for the closing of a year as it was looked at, in the open transaction; once for each look."""
    asked = {"year_id": year.id, "year": year.ends_on.year, "entries": look.entries}
    return ask_for(TASK, asked, request_key=f"close-{look.task_id}", actor_id=actor_id)


def _work(run: TaskRun) -> OneTransaction:
    return OneTransaction(partial(_close, run.asked, run.actor_id))


def _close(asked: Mapping[str, Any], actor_id: int | None, progress: Progress) -> None:
    close_year(asked["year_id"], actor_id=actor_id, entries_seen=asked["entries"], progress=progress)


def _title(asked: Mapping[str, Any]) -> str:
    title: str = gettext("Closing of the year %(year)s", year=asked["year"])
    return title


def _closed(task: LongTask) -> str:
    return url_for("closing.index", closed=task.asked["year_id"])


def _wizard(task: LongTask) -> str:
    return url_for("closing.year", year_id=task.asked["year_id"])


KIND: Final = TaskKind(
    TASK, _title, _work, Right.BOOKS, ("closing.index", _l("Closings")), shown_on=_closed, back=_wizard
)
