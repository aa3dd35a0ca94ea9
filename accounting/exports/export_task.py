"""Making a batch: at once when it is small, by a long task when it takes longer than a page may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.errors import AccountingError
from accounting.exports.formats import FORMATS
from accounting.exports.make_batch import PiecesHeld, StoredExport, make_batch
from accounting.exports.models import ExportBatch
from accounting.exports.selection import ExportChoice, ExportPreview, preview_export
from accounting.exports.write_file import write_export
from core.database import commit_once, db
from core.files import StoredFile, put_path
from core.long_tasks import LongTask, MadeFile, TaskKind, TaskRun, ask_for
from core.progress import Progress
from core.web.rights import Right

TASK: Final = "export_batch"
MOST_AT_ONCE: Final = 2_000
"""Entries that are exported while the page waits; more take seconds, and go by a task."""


def order_export(
    choice: ExportChoice, *, seen: str, request_key: str, actor_id: int | None
) -> tuple[str, int]:
    """Make the batch that the page showed, or ask for it; opens its own transactions.

    Returns:
        (`batch`, its id) when it is made, (`task`, its id) when it is being made.

    Raises:
        PiecesHeld: what would be exported is not what was seen any more.
        AccountingError: there is nothing to export, or it does not fit into the format.
    """
    earlier = db.session.scalars(
        select(ExportBatch.id).where(ExportBatch.request_key == request_key)
    ).one_or_none()
    if earlier is not None:
        return "batch", earlier
    preview = _checked(choice, seen)
    if preview.entry_count > MOST_AT_ONCE:
        asked = {**vars(choice), "seen": seen, "request_key": request_key}
        # Two clicks at once ask for one batch.
        return "task", commit_once(
            lambda: ask_for(TASK, asked, request_key=request_key, actor_id=actor_id).id
        )
    return "batch", export_now(preview, request_key=request_key, actor_id=actor_id)


def export_now(
    preview: ExportPreview,
    *,
    request_key: str,
    actor_id: int | None = None,
    progress: Progress = lambda _done, _total: None,
) -> int:
    """Write the file of what was previewed, store it and make the batch; its id. Opens its own transaction.

    Raises:
        PiecesHeld: some of it is in another batch by now.
        AccountingError: a value does not fit into the format.
    """
    with TemporaryDirectory(prefix="solde-export-") as folder:
        path = Path(folder, "export")
        written = write_export(preview, path, progress)
        db.session.rollback()
        stored = StoredExport(written, *put_path(path))
    return commit_once(lambda: make_batch(stored, request_key=request_key, actor_id=actor_id).id)


def _checked(choice: ExportChoice, seen: str) -> ExportPreview:
    preview = preview_export(choice)
    if preview.seen != seen:
        raise PiecesHeld
    if not preview.can_be_made:
        raise AccountingError(_l("There is nothing to export here."))
    return preview


def _work(run: TaskRun) -> MadeFile:
    asked = run.asked
    choice = _choice_of(asked)
    preview = _checked(choice, asked["seen"])
    path = run.folder / "export"
    written = write_export(preview, path, run.progress)

    def keep(task: LongTask) -> None:
        file = db.session.get_one(StoredFile, task.file_id)
        stored = StoredExport(written, file.sha256, file.size_bytes)
        batch = make_batch(stored, request_key=asked["request_key"], actor_id=run.actor_id)
        task.file_name = batch.file_name
        db.session.flush()

    return MadeFile(path, f"export.{choice.export_format.extension}", choice.export_format.media_type, keep)


def _choice_of(asked: Mapping[str, Any]) -> ExportChoice:
    first, last = (date.fromisoformat(asked[name]) for name in ("starts_on", "ends_on"))
    return ExportChoice(asked["format"], first, last, tuple(asked["journals"]))


def _title(asked: Mapping[str, Any]) -> str:
    choice = _choice_of(asked)
    title: str = gettext(
        "Export %(format)s from %(first)s to %(last)s",
        format=FORMATS[choice.format].name,
        first=format_date(choice.starts_on, "short"),
        last=format_date(choice.ends_on, "short"),
    )
    return title


KIND: Final = TaskKind(TASK, _title, _work, Right.BOOKS, ("exports.index", _l("Export batches")))
