"""Which facts of a kind the ledger has posted already; asked by verbs that must know how a surplus stands."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from accounting.models import JournalEntry
from core.database import db


def count_posted(source_kind: str, source_ids: Collection[int], purpose: str) -> int:
    """How many entries of that purpose were posted for these sources."""
    if not source_ids:
        return 0
    statement = select(func.count()).where(
        JournalEntry.source_kind == source_kind,
        JournalEntry.source_id.in_(source_ids),
        JournalEntry.purpose == purpose,
    )
    return db.session.scalar(statement.select_from(JournalEntry)) or 0
