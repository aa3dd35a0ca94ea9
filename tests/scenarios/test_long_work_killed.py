"""Power cuts in long work. Wherever the worker dies, the work is not done or done once; the next worker does it, once,
and everything holds."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from accounting.closing import archive, closing_task
from accounting.closing.close_year import close_year
from accounting.exports import export_task
from accounting.exports.models import ExportBatch, ExportBatchItem
from accounting.exports.selection import ExportChoice, preview_export
from accounting.fiscal_years import year_ending_in
from accounting.models import FiscalYear, JournalEntry
from accounting.packages import month_package
from core.clock import utc_now
from core.database import db, transaction
from core.event_log import Event
from core.files import StoredFile, put_bytes, register_file
from core.long_tasks import TODO, LongTask, TaskState, ask_for
from core.tenancy import in_company
from core.todo import open_todos
from core.work_long_tasks import work_long_tasks
from invoicing.models import Document, Takeover, TakeoverUndo
from invoicing.takeover.plan import TakeoverWish, plan_takeover
from invoicing.takeover.take_over import take_over
from invoicing.takeover.tasks import order_reading, order_takeover, order_undo, reading_of, reading_task
from tests.conftest import make_company
from tests.factories.invoicing import issue, make_line, pay
from tests.forks import Forks, running_forks
from tests.invoicing.takeover.old_books import NAME, content, opener, planned_from
from tests.scenarios.killing_long_work import POINTS_OF
from tests.scenarios.money import all_is_well

WISH = TakeoverWish(NAME)


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """The process that forks the ones to be killed."""
    with running_forks("tests.scenarios.killing_long_work") as running:
        yield running


def year_2025() -> int:
    """Two invoices of December, one of them paid in January: a lettering reaches over the end of the year."""
    issue(make_line("1", "100"), today=date(2025, 12, 5))
    paid = issue(make_line("1", "100"), today=date(2025, 12, 5))
    pay(paid, "120", paid_on=date(2026, 1, 9))
    found = year_ending_in(2025)
    assert found is not None
    return found.id


def ask_closing() -> None:
    year_id = year_2025()
    ask_for(closing_task.TASK, {"year_id": year_id, "year": 2025, "entries": 2}, request_key="closing")


def ask_archive() -> None:
    year_id = year_2025()
    close_year(year_id)
    ask_for(archive.KIND, {"year_id": year_id, "year": 2025}, request_key="archive")


def ask_export() -> None:
    year_2025()
    choice = ExportChoice("csv", date(2025, 12, 1), date(2026, 1, 31), ("VE", "BQ"))
    seen = preview_export(choice).seen
    asked = {**vars(choice), "seen": seen, "request_key": "export"}
    ask_for(export_task.TASK, asked, request_key="export")


def ask_package() -> None:
    year_2025()
    month_package.order_package("2025-12", request_key="package")


def stored_books() -> StoredFile:
    return register_file(put_bytes(content()), len(content()), "text/plain")


def ask_reading() -> None:
    order_reading(stored_books().sha256, WISH, actor_id=None)


def ask_takeover() -> None:
    stored = stored_books()
    task = reading_task(stored.sha256, WISH)
    assert task is not None
    plan = plan_takeover(reading_of(task), WISH)
    order_takeover(plan, stored, {}, request_key="takeover", actor_id=None)


def ask_undo() -> None:
    made = take_over(planned_from(opener(), WISH), file_id=stored_books().id)
    order_undo(made.id, actor_id=None)


def count(model: Any, *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def files_made() -> dict[str, int]:
    done = (LongTask.state == TaskState.DONE, LongTask.file_id.is_not(None))
    return {"files": count(LongTask, *done), "noted": count(Event, Event.kind == "archive.made")}


def closings() -> dict[str, int]:
    return {
        "closed": count(FiscalYear, FiscalYear.closed_at.is_not(None)),
        "told": count(Event, Event.kind == "year.closed"),
        "opening": count(JournalEntry, JournalEntry.number == "AN000001"),
    }


def batches() -> dict[str, int]:
    return {"batches": count(ExportBatch), "items": count(ExportBatchItem)}


def taken() -> dict[str, int]:
    return {
        "takeovers": count(Takeover),
        "undone": count(TakeoverUndo),
        "documents": count(Document),
        "entries": count(JournalEntry),
    }


# What is asked for, what is counted, and what there is when it was not done, and when it was done once.
STORIES: dict[
    str, tuple[Callable[[], None], Callable[[], dict[str, int]], tuple[int, ...], tuple[int, ...]]
] = {
    "closing": (ask_closing, closings, (0, 0, 0), (1, 1, 1)),
    "archive": (ask_archive, files_made, (0, 0), (1, 1)),
    "export": (ask_export, batches, (0, 0), (1, 3)),
    "package": (ask_package, files_made, (0, 0), (1, 0)),
    "reading": (ask_reading, files_made, (0, 0), (1, 0)),
    "takeover": (ask_takeover, taken, (0, 0, 0, 0), (1, 0, 3, 1)),
    "undo": (ask_undo, taken, (1, 0, 3, 1), (1, 1, 6, 2)),
}


@dataclass
class Stage:
    """A company whose work waits, and the process that forks those who do it."""

    app: Flask
    company_id: int
    forks: Forks
    folder: Path

    def dies(self, point: str) -> None:
        order = {
            "database_url": self.app.config["SQLALCHEMY_DATABASE_URI"],
            "folder": str(self.folder),
            "point": point,
        }
        assert self.forks.ended(order) == -signal.SIGKILL, point


def open_stage(app: Flask, forks: Forks, folder: Path, act: str) -> Stage:
    """The books as they are before, and the work asked for."""
    company_id = make_company(app)
    with app.app_context(), in_company(company_id):
        if act == "takeover":
            with transaction():
                ask_reading()
            work_long_tasks()
        with transaction():
            STORIES[act][0]()
    return Stage(app, company_id, forks, folder)


def killed_once(stage: Stage, act: str, point: str) -> None:
    """Die at the point; all holds at once, and when the lease has ended the next worker does it."""
    _ask, counted, before, done = STORIES[act]
    stage.dies(point)
    with stage.app.app_context(), in_company(stage.company_id):
        states = (before, done) if point == "after_it_is_done" else (before,)
        assert tuple(counted().values()) in states
        all_is_well()
        db.session.rollback()
        with time_machine.travel(utc_now() + timedelta(minutes=10), tick=True):
            work_long_tasks()
            work_long_tasks()
        db.session.rollback()
        assert tuple(counted().values()) == done
        task = db.session.scalars(select(LongTask).order_by(LongTask.id.desc())).first()
        assert task is not None
        attempts = 1 if point == "after_it_is_done" else 2
        assert (task.state, task.problem, task.attempts) == (TaskState.DONE, "", attempts)
        assert open_todos(TODO) == []
        all_is_well()


FEW = {
    "closing": ("while_the_closing_is_told", "after_it_is_done"),
    "archive": ("half_way", "while_the_archive_is_noted"),
    "export": ("after_the_file_is_stored", "while_all_is_written"),
    "package": ("while_a_file_is_packed", "after_it_is_done"),
    "reading": ("half_way",),
    "takeover": ("half_way", "while_the_opening_is_recorded", "while_all_is_written"),
    "undo": ("while_an_invoice_is_taken_back", "after_it_is_done"),
}
"""Where each is killed in every run; `POINTS_OF` has all places."""


@pytest.mark.parametrize(
    ("act", "point"), [(act, point) for act, points in FEW.items() for point in points], ids=str
)
def test_long_work_is_done_once_whoever_is_killed(
    app: Flask, forks: Forks, tmp_path: Path, act: str, point: str
) -> None:
    killed_once(open_stage(app, forks, tmp_path, act), act, point)


@pytest.mark.long
@pytest.mark.parametrize(
    ("act", "point"),
    [(act, point.__name__) for act, points in POINTS_OF.items() for point in points],
    ids=str,
)
def test_long_work_is_done_once_wherever_it_is_killed_on_each_engine(
    each_app: Flask, forks: Forks, tmp_path: Path, act: str, point: str
) -> None:
    killed_once(open_stage(each_app, forks, tmp_path, act), act, point)
