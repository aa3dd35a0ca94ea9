"""Export batches for the pages: one that stands, one that was cancelled; tasks that run, are ready and have failed."""

from __future__ import annotations

from sqlalchemy import func, select

from accounting.exports.cancel_batch import cancel_batch
from accounting.exports.export_task import TASK, order_export
from accounting.exports.selection import ExportChoice, preview_export
from accounting.models import JournalEntry
from accounting.packages.month_package import TASK as PACKAGE
from core.clock import utc_now
from core.database import db, transaction
from core.files import put_bytes, register_file
from core.long_tasks import LongTask, TaskState
from core.models import Membership
from core.seal import canonical
from core.tenancy import current_company_id


def make_exports() -> dict[str, int]:
    """Ids by name; the company is entered, no transaction is open."""
    owner = db.session.scalars(
        select(Membership.user_id).where(Membership.company_id == current_company_id())
    ).first()
    first, last = db.session.execute(
        select(func.min(JournalEntry.entry_date), func.max(JournalEntry.entry_date))
    ).one()
    made = {}
    sales, bank = (
        ExportChoice(key, first, last, (code,)) for key, code in (("ximport", "VE"), ("coala", "BQ"))
    )
    for name, choice in (("cancelled", sales), ("standing", bank)):
        seen = preview_export(choice).seen
        made[name] = order_export(choice, seen=seen, request_key=name, actor_id=owner)[1]
    with transaction():
        cancel_batch(
            made["cancelled"], "Refusé par le logiciel : compte 411LEMOINE-ET-FILS inconnu", actor_id=owner
        )
        asked = canonical({**vars(bank), "seen": "", "request_key": "x"})
        content = b"VE;411000"
        file = register_file(put_bytes(content), len(content), "text/plain")
        tasks = {
            "task_running": LongTask(state=TaskState.RUNNING, done=620, total=2400),
            "task_ready": LongTask(
                state=TaskState.DONE, done=1, total=1, file_id=file.id, finished_at=utc_now(),
                file_name="732829320-2026-03-avec-un-nom-de-fichier-vraiment-tres-long.zip",
            ),
            "task_failed": LongTask(
                state=TaskState.FAILED, problem="Un imprévu est survenu.", finished_at=utc_now()
            ),
        }  # fmt: skip
        month = canonical({"month": f"{last:%Y-%m}"})
        for name, task in tasks.items():
            task.kind, task.arguments = (TASK, asked) if name == "task_failed" else (PACKAGE, month)
            task.request_key = name
            db.session.add(task)
        db.session.flush()
        made.update({name: task.id for name, task in tasks.items()})
    return made
