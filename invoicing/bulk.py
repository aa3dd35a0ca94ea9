"""Actions on many documents: which to choose, the runs there are, how far one has come. Read-only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select

from core.database import db
from invoicing.documents import DocumentFilter, ListState, matching_ids
from invoicing.errors import NotFoundError
from invoicing.models import BulkAction, BulkItem, BulkItemState, BulkRun, Document, Sending


@dataclass(frozen=True)
class Progress:
    """How far a run has come: numbers of documents."""

    total: int
    done: int
    refused: int

    @property
    def waiting(self) -> int:
        """Not done yet."""
        return self.total - self.done - self.refused

    @property
    def handled(self) -> int:
        """Done or refused."""
        return self.done + self.refused


def offered_actions(state: ListState) -> tuple[BulkAction, ...]:
    """What can be done to documents that a list shows: drafts are issued, the others are sent."""
    if state is ListState.DRAFT:
        return (BulkAction.ISSUE, BulkAction.ISSUE_AND_SEND)
    return tuple(BulkAction) if state is ListState.ALL else (BulkAction.SEND,)


def chosen_by(wanted: DocumentFilter, action: BulkAction, most: int) -> list[int]:
    """Ids of what an action could be done to among all that a list's filter finds, the earliest first."""
    if action not in offered_actions(wanted.state):
        return []
    if action is not BulkAction.SEND:
        return matching_ids(wanted, ListState.DRAFT, limit=most)
    unsent = Document.id.not_in(select(Sending.document_id))
    return matching_ids(wanted, wanted.state, unsent, limit=most)


def find_run(run_id: int) -> BulkRun:
    """The run of that id.

    Raises:
        NotFoundError: this company has none.
    """
    run = db.session.get(BulkRun, run_id)
    if run is None:
        raise NotFoundError
    return run


def list_runs(*, limit: int, offset: int = 0) -> list[tuple[BulkRun, Progress]]:
    """The runs with how far they have come, the latest first."""
    runs = db.session.scalars(select(BulkRun).order_by(BulkRun.id.desc()).limit(limit).offset(offset)).all()
    return [(run, progress_of(run)) for run in runs]


def count_runs() -> int:
    """How many there are."""
    return db.session.scalar(select(func.count()).select_from(BulkRun)) or 0


def open_runs() -> list[tuple[BulkRun, Progress]]:
    """Those that are being worked on, for the notice on the list."""
    runs = db.session.scalars(select(BulkRun).where(BulkRun.finished_at.is_(None)).order_by(BulkRun.id)).all()
    return [(run, progress_of(run)) for run in runs]


def progress_of(run: BulkRun) -> Progress:
    """How far a run has come."""
    rows = db.session.execute(
        select(BulkItem.state, func.count()).where(BulkItem.run_id == run.id).group_by(BulkItem.state)
    )
    counts = {row[0]: int(row[1]) for row in rows}
    return Progress(run.total, counts.get(BulkItemState.DONE, 0), counts.get(BulkItemState.REFUSED, 0))


def list_items(
    run_id: int, state: BulkItemState | None, *, limit: int, offset: int = 0
) -> list[tuple[BulkItem, Document | None]]:
    """The documents of a run in their order; None for a draft that was deleted since."""
    rows = _items(run_id, state).order_by(BulkItem.id).limit(limit).offset(offset)
    return [(row[0], row[1]) for row in db.session.execute(rows)]


def _items(run_id: int, state: BulkItemState | None) -> Select[BulkItem, Document | None]:
    statement = (
        select(BulkItem, Document)
        .outerjoin(Document, Document.id == BulkItem.document_id)
        .where(BulkItem.run_id == run_id)
    )
    return statement if state is None else statement.where(BulkItem.state == state)
