"""The log of closings and archives: who did what, when, and where it stands in the chain of seals. For its page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from core.database import db
from core.event_log import Event
from core.models import User
from core.seal import SealChain, SealLink
from core.tenancy import current_company_id

ARCHIVE_MADE, ARCHIVE_FETCHED = "archive.made", "archive.fetched"
KINDS = ("year.closed", "months.closed", "months.reopened", ARCHIVE_MADE, ARCHIVE_FETCHED)


@dataclass(frozen=True)
class LogEntry:
    """One event. `sequence` and `hash` are those of its link in the chain: with them the chain up to it is known."""

    at: datetime
    actor: str
    kind: str
    subject_id: int | None
    details: dict[str, Any]
    sequence: int
    hash: str

    @property
    def through(self) -> date | None:
        """Of months closed or opened again: the last day that is closed afterwards; None where none is."""
        said = self.details.get("through")
        return None if said is None else date.fromisoformat(said)


@dataclass(frozen=True)
class ChainHead:
    """Where the chain of the company stands now."""

    sequence: int
    hash: str


def closing_log(*, limit: int, offset: int = 0) -> list[LogEntry]:
    """The latest first."""
    rows = db.session.execute(
        select(Event, User.name, User.email, SealLink.sequence, SealLink.hash)
        .join(SealChain, SealChain.company_id == Event.company_id)
        .join(
            SealLink,
            (SealLink.chain_id == SealChain.id)
            & (SealLink.kind == "event")
            & (SealLink.subject_id == Event.id),
        )
        .outerjoin(User, User.id == Event.actor_id)
        .where(Event.company_id == current_company_id(), Event.kind.in_(KINDS))
        .order_by(Event.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [
        LogEntry(
            event.at, name or email or "", event.kind, event.subject_id, json.loads(event.details), sequence, hash_
        )
        for event, name, email, sequence, hash_ in rows
    ]  # fmt: skip


def count_log() -> int:
    """How many there are."""
    counted = select(func.count()).select_from(Event)
    counted = counted.where(Event.company_id == current_company_id(), Event.kind.in_(KINDS))
    return db.session.scalar(counted) or 0


def chain_head() -> ChainHead | None:
    """The last link of the company's chain; None while it has none."""
    row = db.session.execute(
        select(SealChain.last_sequence, SealChain.last_hash).where(
            SealChain.company_id == current_company_id()
        )
    ).one_or_none()
    return None if row is None or not row[0] else ChainHead(*row)
