"""The documents of an action on many, under the lock of their run: which is next, refusing one, ending the run."""

from __future__ import annotations

from sqlalchemy import select

from core.clock import utc_now
from core.database import db, lock
from core.todo import strike_todo
from invoicing.lifecycle import TodoKind
from invoicing.models import BulkItem, BulkItemState, BulkRun


def refuse_bulk_item(run_id: int, item_id: int, problem: str) -> None:
    """Note why a document could not be done; the others go on."""
    item = locked_item(run_id, item_id)
    if item is not None:
        item.state, item.problem = BulkItemState.REFUSED, problem
        db.session.flush()


def finish_bulk_run(run_id: int) -> None:
    """Note that nothing waits any more."""
    run = _locked_run(run_id)
    if next_item(run_id) is None and run.finished_at is None:
        run.finished_at = utc_now()
        strike_todo(TodoKind.BULK, run_id)
        db.session.flush()


def next_item(run_id: int) -> int | None:
    """The id of the document's item that is next."""
    waiting = select(BulkItem.id).where(BulkItem.run_id == run_id, BulkItem.state == BulkItemState.WAITING)
    return db.session.scalars(waiting.order_by(BulkItem.id).limit(1)).one_or_none()


def locked_item(run_id: int, item_id: int) -> BulkItem | None:
    """The item under the lock of its run; None when it waits no longer."""
    _locked_run(run_id)
    item = lock(select(BulkItem).where(BulkItem.id == item_id))
    return item if item is not None and item.state is BulkItemState.WAITING else None


def _locked_run(run_id: int) -> BulkRun:
    run = lock(select(BulkRun).where(BulkRun.id == run_id))
    assert run is not None, "runs are never deleted"
    return run
