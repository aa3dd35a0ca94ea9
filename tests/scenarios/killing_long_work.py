"""Workers that are killed (SIGKILL) inside a long task: closing, archive, export, package, take-over and its undoing.

Started once by `test_long_work_killed.py` (`python -m tests.scenarios.killing_long_work`); each child that it forks
(`tests/forks.py`) does what waits, with SIGKILL put at one point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

import core.work_long_tasks as working
from accounting.closing import archive, close_year
from accounting.exports import export_task
from accounting.packages.write_package import PackageWriter
from core.database import db
from invoicing.takeover import take_over, undo_takeover
from tests.forks import served
from tests.payplug_bridge.crashing import after, die


def after_it_is_claimed() -> None:
    working._do = die


def half_way() -> None:
    """It has told how far it is, and has written some of it if it writes."""
    speak, calls = working._Speaker.__call__, []

    def told(self: Any, done: int, total: int) -> None:
        speak(self, done, total)
        calls.append(done)
        if len(calls) == 2:
            die()

    working._Speaker.__call__ = told  # type: ignore[method-assign]


def while_the_opening_entry_is_posted() -> None:
    close_year.post_entry = after(close_year.post_entry)  # type: ignore[attr-defined]


def while_the_closing_is_told() -> None:
    close_year.record_event = after(close_year.record_event)  # type: ignore[attr-defined]


def while_a_file_is_packed() -> None:
    PackageWriter.add = after(PackageWriter.add)  # type: ignore[method-assign]


def while_the_archive_is_noted() -> None:
    archive._note = after(archive._note)


def while_the_batch_is_made() -> None:
    export_task.make_batch = after(export_task.make_batch)  # type: ignore[attr-defined]


def while_an_invoice_is_taken() -> None:
    take_over.seal = after(take_over.seal)  # type: ignore[attr-defined]


def while_the_opening_is_recorded() -> None:
    take_over.record_takeover = after(take_over.record_takeover)  # type: ignore[attr-defined]


def while_an_invoice_is_taken_back() -> None:
    undo_takeover.settle = after(undo_takeover.settle)  # type: ignore[attr-defined]


def after_the_file_is_stored() -> None:
    working.put_path = after(working.put_path)  # type: ignore[attr-defined]


def while_all_is_written() -> None:
    """The last word before the commit."""
    working._tell = after(working._tell)


def after_it_is_done() -> None:
    working.commit_once = after(working.commit_once)  # type: ignore[attr-defined]


_ALWAYS = (after_it_is_claimed, half_way, while_all_is_written, after_it_is_done)
_FILES = (*_ALWAYS, after_the_file_is_stored)
# What is done, and where who does it is killed.
POINTS_OF: dict[str, tuple[Callable[[], None], ...]] = {
    "closing": (*_ALWAYS, while_the_opening_entry_is_posted, while_the_closing_is_told),
    "archive": (*_FILES, while_a_file_is_packed, while_the_archive_is_noted),
    "export": (*_FILES, while_the_batch_is_made),
    "package": (*_FILES, while_a_file_is_packed),
    "reading": _FILES,
    "takeover": (*_ALWAYS, while_an_invoice_is_taken, while_the_opening_is_recorded),
    "undo": (*_ALWAYS, while_an_invoice_is_taken_back),
}
POINTS = {point.__name__: point for points in POINTS_OF.values() for point in points}


def run(order: dict[str, Any], make_app: Callable[..., Flask]) -> None:
    """The work that waits, with its death: `database_url`, `folder`, `point`."""
    app = make_app(order["database_url"], order["folder"])
    POINTS[order["point"]]()
    with app.app_context():
        try:
            working.work_long_tasks()
        finally:
            db.session.remove()


if __name__ == "__main__":
    served(run)
