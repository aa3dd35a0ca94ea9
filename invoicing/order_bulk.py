"""Orders an action on many documents: writes down what is to be done, for the worker. Called by the page that asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db
from core.errors import OutdatedError
from core.event_log import record_event
from core.jobs import wake
from core.todo import leave_todo
from invoicing.bulk_plan import MOST_DOCUMENTS, plan_bulk
from invoicing.errors import InvalidInputError
from invoicing.lifecycle import TodoKind
from invoicing.models import BulkAction, BulkItem, BulkRun, Document

LONGEST_ITEM_LABEL = 255
_OUTDATED = _l(
    "Meanwhile one of these documents was changed, so nothing was done. This is the present state: look at it, then"
    " confirm."
)


@dataclass(frozen=True)
class BulkInput:
    """What the page gives.

    Attributes:
        document_ids: at most `MOST_DOCUMENTS`, in any order.
        request_key: made with the form; the same one twice (a double click) is one run.
        seen: `BulkPlan.seen` of what the person saw.
    """

    action: BulkAction
    document_ids: Sequence[int]
    request_key: str
    seen: str
    actor_id: int | None = None


def order_bulk(given: BulkInput) -> BulkRun:
    """Write a run with its documents in the order in which they will be done, and wake the worker.

    Raises:
        InvalidInputError: none of the documents is left to be done, or there are too many.
        OutdatedError: the person saw something else.
    """
    earlier = select(BulkRun).where(BulkRun.request_key == given.request_key)
    run = db.session.scalars(earlier).one_or_none()
    if run is not None:
        return run
    if len(given.document_ids) > MOST_DOCUMENTS:
        message = _l("At most %(count)d documents at once.", count=MOST_DOCUMENTS)
        raise InvalidInputError({"documents": message})
    plan = plan_bulk(given.action, given.document_ids)
    if plan.seen != given.seen:
        raise OutdatedError(0, _OUTDATED)
    if not plan.documents:
        raise InvalidInputError({"documents": _l("None of these documents is left to be done.")})
    run = BulkRun(
        action=given.action,
        request_key=given.request_key,
        total=len(plan.documents),
        created_by_id=given.actor_id,
    )
    db.session.add(run)
    db.session.flush()
    for document in plan.documents:
        # One flush each: the ids of the items are their order.
        db.session.add(BulkItem(run_id=run.id, document_id=document.id, label=_label(document)))
        db.session.flush()
    leave_todo(TodoKind.BULK, run.id)
    record_event(
        "bulk.ordered", actor_id=given.actor_id, subject=("bulk_run", run.id), action=given.action.value,
        total=run.total, total_cents=plan.total_cents,
    )  # fmt: skip
    wake("work_bulk_runs")
    return run


def _label(document: Document) -> str:
    """How the run's page calls it, also when the draft has been deleted since."""
    return document.customer.full_name[:LONGEST_ITEM_LABEL]
