"""Finding batches for the pages: the history, one batch, which one holds an entry. Read-only."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from accounting.exports.models import ExportBatch, ExportBatchItem
from core.database import db
from core.errors import NotFoundError


class BatchNotFound(NotFoundError):
    """No such batch in this company."""

    default = _l("This export batch does not exist.")


def find_batch(batch_id: int) -> ExportBatch:
    """The batch of that id.

    Raises:
        BatchNotFound: this company has none.
    """
    batch = db.session.get(ExportBatch, batch_id)
    if batch is None:
        raise BatchNotFound
    return batch


def list_batches(*, limit: int, offset: int = 0) -> Sequence[ExportBatch]:
    """The batches with who made and who cancelled them, the latest first."""
    statement = (
        select(ExportBatch)
        .options(joinedload(ExportBatch.made_by), joinedload(ExportBatch.cancellation))
        .order_by(ExportBatch.sequence.desc())
    )
    return db.session.scalars(statement.limit(limit).offset(offset)).all()


def count_batches() -> int:
    """How many there are."""
    return db.session.scalar(select(func.count()).select_from(ExportBatch)) or 0


def latest_batch() -> ExportBatch | None:
    """The last batch that was made and stands: the next one is proposed after it."""
    statement = (
        select(ExportBatch)
        .outerjoin(ExportBatch.cancellation)
        .where(ExportBatch.cancellation == None)  # noqa: E711
        .order_by(ExportBatch.sequence.desc())
    )
    return db.session.scalars(statement.limit(1)).first()


def entry_ids_of(batch_id: int) -> list[int]:
    """The ids of the batch's entries, rising."""
    of_batch = ExportBatchItem.batch_id == batch_id
    return list(
        db.session.scalars(
            select(ExportBatchItem.entry_id).where(of_batch).order_by(ExportBatchItem.entry_id)
        )
    )
