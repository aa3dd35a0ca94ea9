"""That batches partition the pieces, whatever wrote them: run by `solde verify`, by tests after random histories."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, func, select

from accounting.exports.models import ExportBatch, ExportBatchCancellation, ExportBatchItem
from accounting.models import EntryLine, Journal, JournalEntry
from core.database import db


def check_batches() -> Iterator[str]:
    """What is wrong with the export batches of the company entered, one English sentence each.

    Each entry is in at most one batch that stands; a batch holds what it says it does, and only what was asked for.
    """
    yield from _held_twice()
    yield from _wrong_turns()
    yield from _wrong_totals()
    yield from _not_asked_for()


def _held_twice() -> Iterator[str]:
    cancelled = exists().where(ExportBatchCancellation.batch_id == ExportBatchItem.batch_id)
    rows = db.session.execute(
        select(JournalEntry.number, func.count())
        .join(ExportBatchItem, ExportBatchItem.entry_id == JournalEntry.id)
        .where(~cancelled)
        .group_by(JournalEntry.id, JournalEntry.number)
        .having(func.count() > 1)
    )
    for number, count in rows:
        yield f"entry {number} is in {count} export batches that stand"


def _wrong_turns() -> Iterator[str]:
    rows = db.session.execute(
        select(ExportBatchItem.entry_id, func.count(), func.max(ExportBatchItem.turn))
        .group_by(ExportBatchItem.entry_id)
        .having(func.count() != func.max(ExportBatchItem.turn) + 1)
    )
    for entry_id, count, turn in rows:
        yield f"entry {entry_id} was exported {count} times, the last time as number {turn + 1}"


def _wrong_totals() -> Iterator[str]:
    held = (
        select(
            ExportBatchItem.batch_id,
            func.count(func.distinct(ExportBatchItem.entry_id)).label("entries"),
            func.count(EntryLine.id).label("lines"),
            func.sum(EntryLine.debit_cents).label("debit"),
        )
        .join(EntryLine, EntryLine.entry_id == ExportBatchItem.entry_id)
        .group_by(ExportBatchItem.batch_id)
        .subquery()
    )
    rows = db.session.execute(
        select(ExportBatch, held.c.entries, held.c.lines, held.c.debit).outerjoin(
            held, held.c.batch_id == ExportBatch.id
        )
    )
    for batch, *found in rows:
        said = [batch.entry_count, batch.line_count, batch.debit_cents]
        if said != [int(value or 0) for value in found]:
            yield f"export batch {batch.sequence} says {said} entries, lines and cents, and holds {found}"


def _not_asked_for() -> Iterator[str]:
    rows = db.session.execute(
        select(ExportBatch.sequence, ExportBatch.journals, JournalEntry.number, Journal.code)
        .join(ExportBatchItem, ExportBatchItem.batch_id == ExportBatch.id)
        .join(JournalEntry, JournalEntry.id == ExportBatchItem.entry_id)
        .join(Journal, Journal.id == JournalEntry.journal_id)
        .where(
            ~JournalEntry.entry_date.between(ExportBatch.starts_on, ExportBatch.ends_on)
            | ~(" " + ExportBatch.journals + " ").contains(" " + Journal.code + " ")
        )
    )
    for sequence, _journals, number, _code in rows:
        yield f"export batch {sequence} holds entry {number}, which was not asked for"
