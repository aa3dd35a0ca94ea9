"""Work on many documents at once: what was asked, and how each of them went. The page can be left meanwhile."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped


class BulkAction(StrEnum):
    """What is done to each document."""

    ISSUE = "issue"
    ISSUE_AND_SEND = "issue_and_send"
    SEND = "send"


class BulkItemState(StrEnum):
    """How one document went."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class BulkRun(CompanyScoped, Base):
    """One such order; `finished_at` is empty while documents wait."""

    __tablename__ = "bulk_run"
    __table_args__ = (UniqueConstraint("company_id", "id"), UniqueConstraint("company_id", "request_key"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    action: Mapped[BulkAction] = mapped_column(enum_type(BulkAction))
    request_key: Mapped[str] = mapped_column(String(64))
    total: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class BulkItem(CompanyScoped, Base):
    """One document of an order and what became of it; `problem` says why it was refused."""

    __tablename__ = "bulk_item"
    __table_args__ = (
        UniqueConstraint("run_id", "document_id"),
        company_key("bulk_run", "run_id"),
        Index("ix_bulk_item_run", "run_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger)
    document_id: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(255), default="")
    state: Mapped[BulkItemState] = mapped_column(enum_type(BulkItemState), default=BulkItemState.WAITING)
    problem: Mapped[str] = mapped_column(Text, default="")
