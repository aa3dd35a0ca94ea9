"""Batches of entries given to an accounting software: append-only and frozen, as what was handed over is.

A piece is an entry. It is in at most one batch that stands: `turn` counts how often it was exported before (each time
cancelled since), and is unique with it, so that two windows at once cannot give it twice.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, version_column
from core.files import StoredFile
from core.models import User
from core.tenancy import CompanyScoped


class ExportBatch(CompanyScoped, Base):
    """One batch (lot d'export).

    Attributes:
        sequence: its number, counted from 1 in each company.
        format: key of its format (`formats.FORMATS`).
        starts_on, ends_on: the days of the entries asked for.
        journals: their journals' codes, in order, separated by blanks.
        options: canonical JSON of `ExportOptions` as they were: the file depends on them.
        entry_count, line_count, debit_cents: what is in it.
        file_id, file_name: the file as it was made; it is given out again byte for byte.
    """

    __tablename__ = "export_batch"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "sequence"),
        UniqueConstraint("company_id", "request_key"),
        company_key("stored_file", "file_id"),
        CheckConstraint("ends_on >= starts_on", name="in_order"),
        CheckConstraint("entry_count > 0", name="not_empty"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(String(20))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    journals: Mapped[str] = mapped_column(Text)
    options: Mapped[str] = mapped_column(Text)
    entry_count: Mapped[int] = mapped_column(BigInteger)
    line_count: Mapped[int] = mapped_column(BigInteger)
    debit_cents: Mapped[int] = mapped_column(BigInteger)
    file_id: Mapped[int] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(String(255))
    request_key: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    stored_file: Mapped[StoredFile] = relationship(
        primaryjoin="foreign(ExportBatch.file_id) == StoredFile.id", viewonly=True
    )
    made_by: Mapped[User | None] = relationship(viewonly=True)
    cancellation: Mapped[ExportBatchCancellation | None] = relationship(
        primaryjoin="ExportBatch.id == foreign(ExportBatchCancellation.batch_id)", viewonly=True
    )


class ExportBatchItem(CompanyScoped, Base):
    """One entry in one batch."""

    __tablename__ = "export_batch_item"
    __table_args__ = (
        UniqueConstraint("entry_id", "turn"),
        company_key("export_batch", "batch_id"),
        company_key("journal_entry", "entry_id"),
        Index("ix_export_batch_item_batch_id", "batch_id"),
        CheckConstraint("turn >= 0", name="turn_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    entry_id: Mapped[int] = mapped_column(BigInteger)
    turn: Mapped[int]


class ExportBatchCancellation(CompanyScoped, Base):
    """The row that cancels a batch: its pieces may be exported again. The batch and its file stay."""

    __tablename__ = "export_batch_cancellation"
    __table_args__ = (UniqueConstraint("batch_id"), company_key("export_batch", "batch_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(255))
    cancelled_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    cancelled_by: Mapped[User | None] = relationship(viewonly=True)


class ExportSettings(CompanyScoped, Base):
    """What the accountant's software wants; no row: the defaults of `ExportOptions`."""

    __tablename__ = "export_settings"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("account_length BETWEEN 0 AND 17", name="account_length_range"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    account_length: Mapped[int] = mapped_column(default=0)
    ximport_dot: Mapped[bool] = mapped_column(default=False)
