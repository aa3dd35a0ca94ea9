"""How batches and their cancellations are written into the seal. A later change of a payload is a new version."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from accounting.exports.batches import entry_ids_of
from accounting.exports.make_batch import items_hash
from accounting.exports.models import ExportBatch, ExportBatchCancellation
from core.database import db
from core.files import StoredFile
from core.seal import Payload, Serializer, register_serializer


def _batch_v1(batch_id: int) -> Payload | None:
    batch = db.session.get(ExportBatch, batch_id)
    if batch is None:
        return None
    return {
        "sequence": batch.sequence,
        "format": batch.format,
        "starts_on": batch.starts_on,
        "ends_on": batch.ends_on,
        "journals": batch.journals,
        "options": batch.options,
        "entries": batch.entry_count,
        "lines": batch.line_count,
        "debit_cents": batch.debit_cents,
        "file": [batch.file_name, db.session.get_one(StoredFile, batch.file_id).sha256],
        "items_sha256": items_hash(entry_ids_of(batch_id)),
        "made_at": batch.made_at,
        "made_by": batch.made_by_id,
    }


def _cancellation_v1(cancellation_id: int) -> Payload | None:
    row = db.session.get(ExportBatchCancellation, cancellation_id)
    if row is None:
        return None
    return {"batch": row.batch_id, "reason": row.reason, "at": row.cancelled_at, "by": row.cancelled_by_id}


def _batches(company_id: int | None) -> Iterable[int]:
    return () if company_id is None else db.session.scalars(select(ExportBatch.id).order_by(ExportBatch.id))


def _cancellations(company_id: int | None) -> Iterable[int]:
    ids = select(ExportBatchCancellation.id).order_by(ExportBatchCancellation.id)
    return () if company_id is None else db.session.scalars(ids)


register_serializer(Serializer("export_batch", 1, _batch_v1, _batches))
register_serializer(Serializer("export_batch_cancellation", 1, _cancellation_v1, _cancellations))
