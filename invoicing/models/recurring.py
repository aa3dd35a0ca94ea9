"""Recurring invoices: when to copy a pattern, and which copies were made."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped


class RecurringAction(StrEnum):
    """What happens to each copy."""

    DRAFT = "draft"
    ISSUE = "issue"
    SEND = "send"


class Recurrence(CompanyScoped, Base):
    """A pattern (a document of kind `recurring`) and its calendar.

    `months` is 1, 3 or 12. `first_date` keeps the day of the month; `next_date` is the day of the next copy, none when
    it has ended. `problem` says in words why the last copy could not be made or issued.
    """

    __tablename__ = "recurrence"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("document_id"),
        company_key("document", "document_id"),
        CheckConstraint("months IN (1, 3, 12)", name="months"),
        Index("ix_recurrence_next_date", "next_date"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(120), default="")
    months: Mapped[int]
    first_date: Mapped[date] = mapped_column(Date)
    next_date: Mapped[date | None] = mapped_column(Date)
    last_date: Mapped[date | None] = mapped_column(Date)
    action: Mapped[RecurringAction] = mapped_column(enum_type(RecurringAction))
    paused: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class RecurrenceRun(CompanyScoped, Base):
    """The copy made for one date of a calendar; unique, so that two workers make one."""

    __tablename__ = "recurrence_run"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("recurrence_id", "run_date"),
        company_key("recurrence", "recurrence_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recurrence_id: Mapped[int] = mapped_column(BigInteger)
    run_date: Mapped[date] = mapped_column(Date)
    document_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
