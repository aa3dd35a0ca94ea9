"""Rows about money that went back: refunds, disputes and what became of them. All append-only.

A refund is a debit document: settlements match it with what it gave back. What it opened again on an invoice is a row
of its own, so that nothing is asked of the customer until the owner decides (`claim_again`).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped
from invoicing.payments import Payment


class RefundKind(StrEnum):
    """Who took the money back: the company gave it, or the customer's bank took it (a dispute, a chargeback)."""

    REFUND = "refund"
    DISPUTE = "dispute"


class Refund(CompanyScoped, Base):
    """Money of one payment, whole or part, that went back to the customer; a debit document of that amount.

    `external_id` is the processor's id, unique in the company: the same news is recorded once. `request_key` makes a
    form sent twice one refund. `credit_note_id` is the note it was made against, where one was named.
    `treasury_account_id` is where the money went out, when that is not where the payment came in (a cheque given back
    by transfer).
    """

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "external_id"),
        UniqueConstraint("company_id", "request_key"),
        company_key("payment", "payment_id"),
        company_key("document", "credit_note_id"),
        company_key("treasury_account", "treasury_account_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        Index("ix_refund_payment_id", "company_id", "payment_id"),
        Index("ix_refund_list", "company_id", "refunded_on", "amount_cents"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[RefundKind] = mapped_column(enum_type(RefundKind))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    refunded_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(255), default="")
    reference: Mapped[str] = mapped_column(String(100), default="")
    treasury_account_id: Mapped[int | None] = mapped_column(BigInteger)
    external_id: Mapped[str | None] = mapped_column(String(80))
    request_key: Mapped[str | None] = mapped_column(String(64))
    credit_note_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    payment: Mapped[Payment] = relationship(
        primaryjoin="foreign(Refund.payment_id) == Payment.id", viewonly=True
    )
    reopened: Mapped[list[ReopenedInvoice]] = relationship(
        primaryjoin="Refund.id == foreign(ReopenedInvoice.refund_id)",
        order_by="ReopenedInvoice.id",
        viewonly=True,
    )
    win: Mapped[DisputeWin | None] = relationship(
        primaryjoin="Refund.id == foreign(DisputeWin.refund_id)", viewonly=True, uselist=False
    )


class ReopenedInvoice(CompanyScoped, Base):
    """A refund that no credit covers opened so much of an invoice again. Sealed with its refund.

    While it stands, the invoice takes no card payment and is not asked for; it ends by a claim, by a dispute won, or
    when nothing is open on the invoice any more.
    """

    __tablename__ = "reopened_invoice"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("refund_id", "invoice_id"),
        company_key("refund", "refund_id"),
        company_key("document", "invoice_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        Index("ix_reopened_invoice_invoice", "company_id", "invoice_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    refund_id: Mapped[int] = mapped_column(BigInteger)
    invoice_id: Mapped[int] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger)


class DisputeWin(CompanyScoped, Base):
    """A dispute was won: its money came back, whole, and the payment stands again."""

    __tablename__ = "dispute_win"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("refund_id"),
        UniqueConstraint("company_id", "external_id"),
        company_key("refund", "refund_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        Index("ix_dispute_win_list", "company_id", "won_on", "amount_cents"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    refund_id: Mapped[int] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    won_on: Mapped[date] = mapped_column(Date)
    reference: Mapped[str] = mapped_column(String(100), default="")
    external_id: Mapped[str | None] = mapped_column(String(80))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class InvoiceClaim(CompanyScoped, Base):
    """The owner claims again what a refund or dispute had opened on an invoice: it may be asked for and paid."""

    __tablename__ = "invoice_claim"
    __table_args__ = (
        UniqueConstraint("reopened_id"),
        company_key("reopened_invoice", "reopened_id"),
        company_key("document", "invoice_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reopened_id: Mapped[int] = mapped_column(BigInteger)
    invoice_id: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(255), default="")
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
