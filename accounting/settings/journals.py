"""The journals as the settings show them: code, name, what each is for, and whether anything was posted in it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from accounting.models import Journal, JournalEntry, JournalKind
from accounting.treasury_models import TreasuryAccount
from core.database import db


@dataclass(frozen=True)
class JournalView:
    """One journal. `role`: the `JournalCode` it is used for; empty for one of a further bank or one that was replaced.

    `is_used`: it has entries, so its code stays. `in_use`: entries to come go there.
    """

    id: int
    code: str
    label: str
    kind: JournalKind
    role: str
    is_used: bool
    in_use: bool


def journal_views() -> list[JournalView]:
    """Every journal that is in use or has entries, in order of codes."""
    used = select(JournalEntry.id).where(JournalEntry.journal_id == Journal.id).exists()
    kept = select(TreasuryAccount.id).where(TreasuryAccount.journal_id == Journal.id).exists()
    rows = db.session.execute(
        select(Journal, used.label("is_used"), kept.label("is_kept")).order_by(Journal.code)
    )
    views = [
        JournalView(
            row.Journal.id, row.Journal.code, row.Journal.label, row.Journal.kind, row.Journal.role or "",
            is_used=row.is_used, in_use=row.Journal.role is not None or row.is_kept,
        )
        for row in rows
    ]  # fmt: skip
    return [view for view in views if view.in_use or view.is_used]
