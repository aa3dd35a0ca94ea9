"""Keeps a batch: its row, its pieces and its file, all or nothing. The file was written before (`write_export`)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, func, insert, select

from accounting.exports.models import ExportBatch, ExportBatchCancellation, ExportBatchItem
from accounting.exports.pieces import ExportOptions
from accounting.exports.write_file import WrittenExport
from core.database import Base, db
from core.errors import ConflictError
from core.event_log import record_event
from core.files import register_file
from core.models import Company
from core.seal import canonical, seal
from core.tenancy import current_company_id

LONGEST_REQUEST_KEY = 64
_AT_ONCE = 1000
_ITEMS = Base.metadata.tables["export_batch_item"]


class PiecesHeld(ConflictError):
    """Some of the entries are in another batch by now."""

    default = _l("Meanwhile what is left to export has changed, so nothing was made. Look at what is left.")


@dataclass(frozen=True)
class StoredExport:
    """A written export whose file is in the storage."""

    written: WrittenExport
    sha256: str
    size_bytes: int


def make_batch(made: StoredExport, *, request_key: str, actor_id: int | None = None) -> ExportBatch:
    """Write a batch of exactly the entries that are in the file. The same request key twice is one batch.

    The unique key of (entry, turn) refuses what another transaction has just taken: call it by `commit_once`, whose
    second run finds the other batch and says so.

    Raises:
        PiecesHeld: an entry is in another batch that stands.
    """
    assert 0 < len(request_key) <= LONGEST_REQUEST_KEY, "the form makes the key"
    earlier = db.session.scalars(
        select(ExportBatch).where(ExportBatch.request_key == request_key)
    ).one_or_none()
    if earlier is not None:
        return earlier
    written, choice = made.written, made.written.preview.choice
    preview = written.preview
    if (len(written.entry_ids), written.debit_cents) != (preview.entry_count, preview.debit_cents):
        # Numbers are given before entries are seen by others: one may have come in behind the last one shown.
        raise PiecesHeld
    turns = _turns(written.entry_ids)
    sequence = (db.session.scalar(select(func.max(ExportBatch.sequence))) or 0) + 1
    siren = db.session.get_one(Company, current_company_id()).siren
    batch = ExportBatch(
        sequence=sequence, format=choice.format, starts_on=choice.starts_on, ends_on=choice.ends_on,
        journals=" ".join(choice.journals), options=options_text(preview.options),
        entry_count=len(written.entry_ids), line_count=written.line_count, debit_cents=written.debit_cents,
        file_id=register_file(made.sha256, made.size_bytes, choice.export_format.media_type).id,
        file_name=choice.export_format.file_name(sequence, siren), request_key=request_key, made_by_id=actor_id,
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    _write_items(batch.id, written.entry_ids, turns)
    record_event(
        "export.made", actor_id=actor_id, subject=("export_batch", batch.id), format=choice.format,
        sequence=sequence, entries=batch.entry_count, sha256=made.sha256,
    )  # fmt: skip
    seal("export_batch", batch.id)
    return batch


def options_text(options: ExportOptions) -> str:
    """The options as they are kept with the batch."""
    return canonical(vars(options))


def items_hash(entry_ids: Sequence[int]) -> str:
    """SHA-256 over the ids of a batch's entries in rising order: what its seal says of them."""
    seen = hashlib.sha256()
    for entry_id in sorted(entry_ids):
        seen.update(f"{entry_id}\n".encode())
    return seen.hexdigest()


def _turns(entry_ids: Sequence[int]) -> dict[int, int]:
    """How often each entry was exported before, where it was; all of those batches are cancelled.

    Raises:
        PiecesHeld: one of them is not.
    """
    turns: dict[int, int] = {}
    cancelled = exists().where(ExportBatchCancellation.batch_id == ExportBatchItem.batch_id)
    for first in range(0, len(entry_ids), _AT_ONCE):
        of_these = ExportBatchItem.entry_id.in_(entry_ids[first : first + _AT_ONCE])
        if db.session.scalar(select(ExportBatchItem.id).where(of_these, ~cancelled).limit(1)) is not None:
            raise PiecesHeld
        counted = select(ExportBatchItem.entry_id, func.count()).where(of_these)
        turns.update(
            (row[0], row[1]) for row in db.session.execute(counted.group_by(ExportBatchItem.entry_id))
        )
    return turns


def _write_items(batch_id: int, entry_ids: Sequence[int], turns: dict[int, int]) -> None:
    company_id, connection = current_company_id(), db.session.connection()
    for first in range(0, len(entry_ids), _AT_ONCE):
        rows = [
            {"company_id": company_id, "batch_id": batch_id, "entry_id": id_, "turn": turns.get(id_, 0)}
            for id_ in entry_ids[first : first + _AT_ONCE]
        ]
        connection.execute(insert(_ITEMS), rows)
