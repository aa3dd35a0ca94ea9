"""Cancels a batch: a row with the reason. Its pieces may be exported again; the batch and its file stay to be seen."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.errors import AccountingError
from accounting.exports.batches import find_batch
from accounting.exports.models import ExportBatch, ExportBatchCancellation
from core.database import db, lock
from core.event_log import record_event
from core.seal import seal

LONGEST_REASON = 255


def cancel_batch(batch_id: int, reason: str, *, actor_id: int | None = None) -> ExportBatchCancellation:
    """Cancel the batch; one that is cancelled already stays as it is.

    Raises:
        BatchNotFound: this company has no such batch.
        AccountingError: no reason was given, or a longer one than is kept.
    """
    find_batch(batch_id)
    clean = " ".join(reason.split())
    if not clean:
        raise AccountingError(
            _l("Say why: it stays in the history, where the tax office may read it."), field="reason"
        )
    if len(clean) > LONGEST_REASON:
        raise AccountingError(_l("At most %(most)d characters.", most=LONGEST_REASON), field="reason")
    # The lock makes a second click wait and find the row of the first.
    lock(select(ExportBatch).where(ExportBatch.id == batch_id))
    found = db.session.scalars(
        select(ExportBatchCancellation).where(ExportBatchCancellation.batch_id == batch_id)
    ).one_or_none()
    if found is not None:
        return found
    found = ExportBatchCancellation(batch_id=batch_id, reason=clean, cancelled_by_id=actor_id)
    db.session.add(found)
    db.session.flush()
    record_event("export.cancelled", actor_id=actor_id, subject=("export_batch", batch_id), reason=clean)
    seal("export_batch_cancellation", found.id)
    return found
