"""Books taken over from other software: when, from which file, and the invoices that were still open in it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key
from core.models import User
from core.tenancy import CompanyScoped


class Takeover(CompanyScoped, Base):
    """One take-over: `attempt` is 1 for the first of a financial year and one more after each that was undone.

    Unique, so that two at once cannot both open a year. `report` is canonical JSON of what was taken and what not;
    `until` the last day taken, the opening entry is of `opens_on`.
    """

    __tablename__ = "takeover"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "year_starts_on", "attempt"),
        company_key("stored_file", "file_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    year_starts_on: Mapped[date] = mapped_column(Date)
    attempt: Mapped[int]
    file_id: Mapped[int] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(String(255))
    until: Mapped[date] = mapped_column(Date)
    opens_on: Mapped[date] = mapped_column(Date)
    report: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    taken_by: Mapped[User | None] = relationship(viewonly=True)
    undo: Mapped[TakeoverUndo | None] = relationship(
        primaryjoin="Takeover.id == foreign(TakeoverUndo.takeover_id)", viewonly=True, uselist=False
    )


class TakeoverUndo(CompanyScoped, Base):
    """The row that takes a take-over back; its opening entry has a mirror, its invoices a counter-document each."""

    __tablename__ = "takeover_undo"
    __table_args__ = (UniqueConstraint("takeover_id"), company_key("takeover", "takeover_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    takeover_id: Mapped[int] = mapped_column(BigInteger)
    undone_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class OpeningItem(CompanyScoped, Base):
    """An open invoice of other software: the document that can be paid here, and where it stood in the books there."""

    __tablename__ = "opening_item"
    __table_args__ = (
        UniqueConstraint("document_id"),
        company_key("takeover", "takeover_id"),
        company_key("document", "document_id"),
        Index("ix_opening_item_takeover_id", "takeover_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    takeover_id: Mapped[int] = mapped_column(BigInteger)
    document_id: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    auxiliary: Mapped[str] = mapped_column(Text)
    original_cents: Mapped[int] = mapped_column(BigInteger)
