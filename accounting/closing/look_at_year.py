"""What is missing before a year is closed, looked at by a long task: it reads the whole FEC and the whole seal.

What was found is kept with the moment and with how many entries the year had: `close_year` takes the year with these
alone, so that nothing comes in between the look and the closing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from flask import url_for
from flask_babel import force_locale, get_locale, gettext
from flask_babel import lazy_gettext as _l

from accounting.closing.checks import CheckResult, Finding, Weight, YearDays, run_closing_checks
from accounting.errors import YearNotFound
from accounting.fiscal_years import count_entries_of
from accounting.models import FiscalYear
from core.clock import utc_now
from core.database import db
from core.long_tasks import (
    LongTask,
    MadeFile,
    TaskKind,
    TaskRun,
    TaskState,
    join_or_ask,
    latest_task,
    made_json,
    result_of,
)
from core.web.rights import Right

TASK: Final = "closing_checks"
MOST_AGE: Final = timedelta(days=1)
"""How long a look is good for: what else it is about (drafts, the wallet, stored rows) changes without an entry."""


@dataclass(frozen=True)
class YearLook:
    """What was found.

    Attributes:
        task_id: the task that looked.
        looked_at: when it began, UTC.
        entries: how many entries the year had then.
        results: by check, texts in the language of the page.
    """

    task_id: int
    looked_at: datetime
    entries: int
    results: tuple[CheckResult, ...]

    @property
    def is_stopped(self) -> bool:
        """True when something keeps the year from being closed."""
        return any(result.is_stop for result in self.results)

    def is_fresh(self, year_id: int) -> bool:
        """True while the year can be closed by this look."""
        return utc_now() - self.looked_at < MOST_AGE and count_entries_of(year_id) == self.entries


def order_look(year: YearDays, *, request_key: str, actor_id: int | None) -> LongTask:
    """Ask for a look at the year in the language of the moment, in the open transaction; one that is under way is
    joined."""
    return join_or_ask(TASK, _asked(year), request_key=request_key, actor_id=actor_id)


def task_of(year: YearDays) -> LongTask | None:
    """The last task that looked, or is looking, at the year in the language of the moment."""
    return latest_task(TASK, _asked(year))


def look_at(year: YearDays) -> YearLook | None:
    """What the last look that is done has found, in the language of the moment; None where nobody has looked."""
    task = latest_task(TASK, _asked(year), of_state=TaskState.DONE)
    if task is None:
        return None
    said = result_of(task)
    results = tuple(
        CheckResult(
            result["name"],
            result["label"],
            tuple(Finding(Weight(weight), text, url) for weight, text, url in result["findings"]),
        )
        for result in said["results"]
    )
    return YearLook(task.id, datetime.fromisoformat(said["looked_at"]), said["entries"], results)


def _asked(year: YearDays) -> dict[str, Any]:
    return {"year_id": year.id, "year": year.ends_on.year, "language": str(get_locale())}


def _work(run: TaskRun) -> MadeFile:
    row = db.session.get(FiscalYear, run.asked["year_id"])
    if row is None:
        raise YearNotFound
    year = YearDays(row.id, row.starts_on, row.ends_on)
    # Counted before the first check reads: what comes while they read makes the look an old one.
    looked_at, entries = utc_now(), count_entries_of(year.id)
    db.session.rollback()
    with force_locale(run.asked["language"]):
        results = run_closing_checks(replace(year, progress=run.progress))
        return made_json(run, _said(looked_at.isoformat(), entries, results))


def _said(looked_at: str, entries: int, results: list[CheckResult]) -> dict[str, Any]:
    return {
        "looked_at": looked_at,
        "entries": entries,
        "results": [
            {
                "name": result.name,
                "label": str(result.label),
                "findings": [[found.weight.value, str(found.text), found.url] for found in result.findings],
            }
            for result in results
        ],
    }


def _title(asked: Mapping[str, Any]) -> str:
    title: str = gettext("What is missing before the year %(year)s is closed", year=asked["year"])
    return title


def _page(task: LongTask) -> str:
    return url_for("closing.year", year_id=task.asked["year_id"])


KIND: Final = TaskKind(
    TASK, _title, _work, Right.BOOKS, ("closing.index", _l("Closings")), shown_on=_page, back=_page
)
