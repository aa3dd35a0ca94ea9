"""The FEC of a large year, made by a long task: kept with the report of its check, given out as it was made.

A year with few entries is written and checked while its page waits (`produce`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select

from accounting.errors import YearNotFound
from accounting.fec import rules
from accounting.fec.findings import FecReport, Finding, JournalTotals
from accounting.fec.format import FecSummary
from accounting.fec.produce import ProducedFec, produce_fec
from accounting.fiscal_years import count_entries_of
from accounting.models import FiscalYear
from core.clock import utc_now
from core.database import db
from core.files import StoredFile, put_path, register_file
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

TASK: Final = "fec_file"
MOST_AT_ONCE: Final = 5_000
"""Entries of a year whose file is written and checked while the page waits: some two seconds."""
MEDIA_TYPE: Final = "text/plain; charset=utf-8"
_RULES: Final = {rule.code: rule for rule in vars(rules).values() if isinstance(rule, rules.Rule)}


@dataclass(frozen=True)
class KeptFec:
    """A file that was made, and what its check said.

    Attributes:
        made_at: when its making began, UTC.
        entries: how many entries the year had then.
        stored: the file; None where it is faulty, and is not given out.
    """

    produced: ProducedFec
    made_at: datetime
    entries: int
    stored: StoredFile | None


def order_fec(year: FiscalYear, *, request_key: str, actor_id: int | None) -> LongTask:
    """Ask for the file of a year, in the open transaction; one that is being made is joined."""
    return join_or_ask(TASK, _asked(year), request_key=request_key, actor_id=actor_id)


def fec_task(year: FiscalYear) -> LongTask | None:
    """The last task that makes or made the file of the year."""
    return latest_task(TASK, _asked(year))


def kept_fec(year: FiscalYear) -> KeptFec | None:
    """The last file that was made of the year, or None."""
    task = latest_task(TASK, _asked(year), of_state=TaskState.DONE)
    if task is None:
        return None
    said = result_of(task)
    produced = ProducedFec(
        year.id,
        Path(said["file"]),
        said["file"],
        FecSummary(*said["summary"]),
        _report(said["report"]),
        said["sha256"],
    )
    same = select(StoredFile).where(StoredFile.sha256 == produced.sha256)
    stored = db.session.scalars(same).one_or_none() if produced.is_right else None
    return KeptFec(produced, datetime.fromisoformat(said["made_at"]), said["entries"], stored)


def _asked(year: FiscalYear) -> dict[str, Any]:
    return {"year_id": year.id, "year": year.ends_on.year}


def _work(run: TaskRun) -> MadeFile:
    year = db.session.get(FiscalYear, run.asked["year_id"])
    if year is None:
        raise YearNotFound
    made_at, entries = utc_now(), count_entries_of(year.id)
    produced = produce_fec(year, run.folder / "fec", run.progress)
    db.session.rollback()
    size = put_path(produced.path)[1] if produced.is_right else 0

    def keep(_task: LongTask) -> None:
        if produced.is_right:
            register_file(produced.sha256, size, MEDIA_TYPE)

    return made_json(
        run,
        {
            "made_at": made_at.isoformat(),
            "entries": entries,
            "file": produced.file_name,
            "sha256": produced.sha256,
            "summary": list(produced.summary),
            "report": _report_data(produced.report),
        },
        keep,
    )


def _report_data(report: FecReport) -> dict[str, Any]:
    plain = {name: getattr(report, name) for name in _PLAIN}
    return {
        **plain,
        "closing_date": report.closing_date,
        "counts": {rule.code: count for rule, count in report.counts.items()},
        "findings": [[f.rule.code, f.line, f.column, dict(f.parameters)] for f in report.findings],
        "journals": [asdict(journal) for journal in report.journals],
    }


_PLAIN: Final = (
    "file_name", "encoding", "separator", "numbering", "line_count", "entry_count", "debit_cents", "credit_cents",
    "opening_cents",
)  # fmt: skip


def _report(said: Mapping[str, Any]) -> FecReport:
    closing_date = said["closing_date"]
    return FecReport(
        findings=tuple(Finding(_RULES[code], *rest) for code, *rest in said["findings"]),
        counts={_RULES[code]: count for code, count in said["counts"].items()},
        closing_date=date.fromisoformat(closing_date) if closing_date else None,
        journals=tuple(JournalTotals(**journal) for journal in said["journals"]),
        **{name: said[name] for name in _PLAIN},
    )


def _title(asked: Mapping[str, Any]) -> str:
    return str(gettext("FEC of the year %(year)s", year=asked["year"]))


def _page(task: LongTask) -> str:
    return url_for("fec_pages.check", year_id=task.asked["year_id"])


KIND: Final = TaskKind(
    TASK, _title, _work, Right.BOOKS, ("fec_pages.index", "FEC"), shown_on=_page, back=_page
)
