"""Rows about receivables that are given up, doubted, or paid beyond what was owed. All append-only.

A write-off is a credit document: a settlement matches it with its invoice. A kept surplus is a debit document: a
settlement matches it with its payment. Each is undone by a mirrored row that names it.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounting.receivable_facts import KeptKind, WriteOffKind
from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped

__all__ = [
    "DoubtfulDebt",
    "KeptKind",
    "KeptSurplus",
    "KeptSurplusVat",
    "WriteOff",
    "WriteOffKind",
    "WriteOffVat",
]


class WriteOff(CompanyScoped, Base):
    """A part of an invoice that is not asked for any more: an early-payment discount, a small difference, a loss.

    `reduces_price`: for VAT the invoice was for so much less; otherwise what was given up counts as collected.
    `undoes_id` names the write-off that this row takes back, with the same amounts.
    """

    __tablename__ = "write_off"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "request_key"),
        UniqueConstraint("company_id", "undoes_id"),
        company_key("document", "invoice_id"),
        company_key("write_off", "undoes_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        Index("ix_write_off_invoice_id", "company_id", "invoice_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[WriteOffKind] = mapped_column(enum_type(WriteOffKind))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    reduces_price: Mapped[bool]
    written_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(255), default="")
    undoes_id: Mapped[int | None] = mapped_column(BigInteger)
    request_key: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    vat: Mapped[list[WriteOffVat]] = relationship(
        primaryjoin="WriteOff.id == foreign(WriteOffVat.write_off_id)",
        viewonly=True,
        order_by="WriteOffVat.id",
    )
    undo: Mapped[WriteOff | None] = relationship(
        primaryjoin="WriteOff.id == foreign(remote(WriteOff.undoes_id))", viewonly=True, uselist=False
    )


class WriteOffVat(CompanyScoped, Base):
    """VAT inside a write-off at one rate (1/100 %) that the State does not get. `is_waiting`: it never fell due."""

    __tablename__ = "write_off_vat"
    __table_args__ = (
        UniqueConstraint("write_off_id", "vat_rate", "is_waiting"),
        company_key("write_off", "write_off_id"),
        CheckConstraint("vat_cents > 0", name="vat_positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    write_off_id: Mapped[int] = mapped_column(BigInteger)
    vat_rate: Mapped[int]
    is_waiting: Mapped[bool]
    vat_cents: Mapped[int] = mapped_column(BigInteger)


class DoubtfulDebt(CompanyScoped, Base):
    """What was open on an invoice on that day is doubtful; a row with `ends_id` ends the doubt of the row it names.

    `provision_cents` is what was provided for it (at `provision_rate`, 1/100 % of the net), or taken back at its end.
    """

    __tablename__ = "doubtful_debt"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "request_key"),
        UniqueConstraint("company_id", "ends_id"),
        company_key("document", "invoice_id"),
        company_key("doubtful_debt", "ends_id"),
        CheckConstraint("provision_rate BETWEEN 0 AND 10000", name="provision_rate_range"),
        CheckConstraint("provision_cents >= 0", name="provision_not_negative"),
        Index("ix_doubtful_debt_invoice_id", "company_id", "invoice_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(BigInteger)
    decided_on: Mapped[date] = mapped_column(Date)
    open_cents: Mapped[int] = mapped_column(BigInteger)
    provision_rate: Mapped[int] = mapped_column(default=0)
    provision_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    reason: Mapped[str] = mapped_column(String(255), default="")
    ends_id: Mapped[int | None] = mapped_column(BigInteger)
    request_key: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class KeptSurplus(CompanyScoped, Base):
    """Money of a payment beyond what was owed that is kept: a difference, penalties, an indemnity, a recovery.

    `surplus_key` is the match key of the ledger on which it stood. `invoice_id` is the lost invoice of a recovery.
    """

    __tablename__ = "kept_surplus"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "request_key"),
        UniqueConstraint("company_id", "undoes_id"),
        company_key("payment", "payment_id"),
        company_key("document", "invoice_id"),
        company_key("kept_surplus", "undoes_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        Index("ix_kept_surplus_payment_id", "company_id", "payment_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    invoice_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[KeptKind] = mapped_column(enum_type(KeptKind))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    kept_on: Mapped[date] = mapped_column(Date)
    surplus_key: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(255), default="")
    undoes_id: Mapped[int | None] = mapped_column(BigInteger)
    request_key: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    vat: Mapped[list[KeptSurplusVat]] = relationship(
        primaryjoin="KeptSurplus.id == foreign(KeptSurplusVat.kept_id)",
        viewonly=True,
        order_by="KeptSurplusVat.id",
    )
    undo: Mapped[KeptSurplus | None] = relationship(
        primaryjoin="KeptSurplus.id == foreign(remote(KeptSurplus.undoes_id))", viewonly=True, uselist=False
    )


class KeptSurplusVat(CompanyScoped, Base):
    """VAT inside a recovery at one rate (1/100 %): due to the State again."""

    __tablename__ = "kept_surplus_vat"
    __table_args__ = (
        UniqueConstraint("kept_id", "vat_rate"),
        company_key("kept_surplus", "kept_id"),
        CheckConstraint("vat_cents > 0", name="vat_positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kept_id: Mapped[int] = mapped_column(BigInteger)
    vat_rate: Mapped[int]
    vat_cents: Mapped[int] = mapped_column(BigInteger)
