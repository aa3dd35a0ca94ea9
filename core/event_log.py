"""The event log: what people and the program did, append-only and sealed (sign-in, settings, keys, exports...)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from core import triggers
from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, db
from core.seal import Payload, Serializer, canonical, register_serializer, seal
from core.tenancy import entered_company_id


class Event(Base):
    """One thing that happened. `company_id` is empty for events of the installation; `details` is canonical JSON."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_company_subject", "company_id", "subject_kind", "subject_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    kind: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40), default="")
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    details: Mapped[str] = mapped_column(Text, default="{}")


triggers.freeze("event")

_INSERT = insert(Event.metadata.tables["event"])


def record_event(
    kind: str, *, actor_id: int | None = None, subject: tuple[str, int] | None = None, **details: Any
) -> None:
    """Write and seal one event in the open transaction, for the company entered (or the installation).

    Args:
        kind: a dotted name, such as `settings.changed`.
        actor_id: the person; None when the program did it by itself.
        subject: kind and id of what it is about.
        details: plain values without secrets.
    """
    subject_kind, subject_id = subject or ("", None)
    said = {
        "at": utc_now(),
        "kind": kind,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "details": canonical(details),
    }
    # Rows that it names go first. Then the table and not the model: nobody goes on with it, every verb passes here.
    db.session.flush()
    row = {"company_id": entered_company_id(), "actor_id": actor_id, **said}
    written = db.session.connection().execute(_INSERT, row).inserted_primary_key
    assert written is not None
    seal("event", written[0], {"actor": actor_id, **said})


def events_about(subject_kind: str, subject_id: int) -> list[Event]:
    """The history of one thing in the company entered, oldest first."""
    return list(
        db.session.scalars(
            select(Event)
            .where(
                Event.company_id == entered_company_id(),
                Event.subject_kind == subject_kind,
                Event.subject_id == subject_id,
            )
            .order_by(Event.id)
        )
    )


def _payload_v1(event_id: int) -> Payload | None:
    event = db.session.get(Event, event_id)
    if event is None:
        return None
    return {
        "at": event.at,
        "actor": event.actor_id,
        "kind": event.kind,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "details": event.details,
    }


def _all_ids(company_id: int | None) -> Iterable[int]:
    return db.session.scalars(select(Event.id).where(Event.company_id.is_not_distinct_from(company_id)))


register_serializer(Serializer("event", 1, _payload_v1, _all_ids))
