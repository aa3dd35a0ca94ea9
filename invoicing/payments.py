"""Money rows: payments, their reversals, and the settlements that match them with documents. All append-only.

What is open on any of them is computed by `invoicing.balances`, in one place.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.models import User
from core.tenancy import CompanyScoped
from invoicing.models import Customer

if TYPE_CHECKING:
    from invoicing.refunds import Refund


class PaymentMethod(StrEnum):
    """How the customer paid. CARD payments come from the payment processor only."""

    TRANSFER = "transfer"
    CHEQUE = "cheque"
    CASH = "cash"
    CARD = "card"
    CARD_TERMINAL = "card_terminal"
    DIRECT_DEBIT = "direct_debit"
    OTHER = "other"


class ReversalKind(StrEnum):
    """Why a payment was taken back: it was recorded by mistake, or the bank sent it back unpaid."""

    CANCELLATION = "cancellation"
    REJECTION = "rejection"


class Payment(CompanyScoped, Base):
    """Money received from a customer; a credit document of that amount.

    `request_key` makes a form sent twice one payment; `external_id` is the processor's id, unique in the company.
    `treasury_account_id` is where the money came in; None: on the usual account of its method.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "external_id"),
        UniqueConstraint("company_id", "request_key"),
        company_key("customer", "customer_id"),
        company_key("treasury_account", "treasury_account_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        Index("ix_payment_customer_id", "company_id", "customer_id"),
        Index("ix_payment_list", "company_id", "paid_on", "id", "amount_cents"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    method: Mapped[PaymentMethod] = mapped_column(enum_type(PaymentMethod))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date] = mapped_column(Date)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reference: Mapped[str] = mapped_column(String(100), default="")
    details: Mapped[str] = mapped_column(String(255), default="")
    external_id: Mapped[str | None] = mapped_column(String(80))
    request_key: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    treasury_account_id: Mapped[int | None] = mapped_column(BigInteger)

    customer: Mapped[Customer] = relationship(
        primaryjoin="foreign(Payment.customer_id) == Customer.id", viewonly=True
    )
    recorded_by: Mapped[User | None] = relationship(viewonly=True)
    reversal: Mapped[PaymentReversal | None] = relationship(
        primaryjoin="Payment.id == foreign(PaymentReversal.payment_id)", viewonly=True, uselist=False
    )

    refunds: Mapped[list[Refund]] = relationship(
        "Refund", primaryjoin="Payment.id == foreign(Refund.payment_id)", viewonly=True, order_by="Refund.id"
    )

    @property
    def back_state(self) -> str:
        """What became of it: `refunded`, `partly_refunded`, `disputed` (the bank has some of it), or empty."""
        gone = [refund for refund in self.refunds if refund.win is None]
        if any(refund.kind == "dispute" for refund in gone):
            return "disputed"
        cents = sum(refund.amount_cents for refund in gone)
        return "" if not cents else "refunded" if cents >= self.amount_cents else "partly_refunded"


class PaymentReversal(CompanyScoped, Base):
    """The mirrored record that takes a payment back, whole; a debit document of the same amount.

    `fee_cents` is what the bank charged for sending it back.
    """

    __tablename__ = "payment_reversal"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("payment_id"),
        company_key("payment", "payment_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("fee_cents >= 0", name="fee_not_negative"),
        Index("ix_payment_reversal_list", "company_id", "reversed_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[ReversalKind] = mapped_column(enum_type(ReversalKind))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    reversed_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(255))
    fee_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class Settlement(CompanyScoped, Base):
    """Matches one debit document (invoice, reversal, refund, kept surplus) with one credit document (payment, credit
    note, write-off).

    Undoing one is a row with the same sides and amount that names it in `undoes_id`.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        company_key("document", "invoice_id"),
        company_key("payment_reversal", "reversal_id"),
        company_key("refund", "refund_id"),
        company_key("kept_surplus", "kept_id"),
        company_key("payment", "payment_id"),
        company_key("document", "credit_note_id"),
        company_key("write_off", "write_off_id"),
        company_key("settlement", "undoes_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint(
            "CASE WHEN invoice_id IS NULL THEN 0 ELSE 1 END + CASE WHEN reversal_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN refund_id IS NULL THEN 0 ELSE 1 END + CASE WHEN kept_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_debit",
        ),
        CheckConstraint(
            "CASE WHEN payment_id IS NULL THEN 0 ELSE 1 END + CASE WHEN credit_note_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN write_off_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_credit",
        ),
        # Partial: SQLite takes a whole unique index for the way to "undoes nothing", which is nearly every row.
        Index(
            "uq_settlement_undoes_id",
            "undoes_id",
            unique=True,
            sqlite_where=text("undoes_id IS NOT NULL"),
            postgresql_where=text("undoes_id IS NOT NULL"),
        ),
        Index("ix_settlement_invoice", "company_id", "invoice_id", "amount_cents", "undoes_id"),
        Index("ix_settlement_payment", "company_id", "payment_id"),
        Index("ix_settlement_credit_note", "company_id", "credit_note_id"),
        Index("ix_settlement_reversal", "company_id", "reversal_id"),
        Index("ix_settlement_refund", "company_id", "refund_id"),
        Index("ix_settlement_kept", "company_id", "kept_id"),
        Index("ix_settlement_write_off", "company_id", "write_off_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int | None] = mapped_column(BigInteger)
    reversal_id: Mapped[int | None] = mapped_column(BigInteger)
    refund_id: Mapped[int | None] = mapped_column(BigInteger)
    kept_id: Mapped[int | None] = mapped_column(BigInteger)
    payment_id: Mapped[int | None] = mapped_column(BigInteger)
    credit_note_id: Mapped[int | None] = mapped_column(BigInteger)
    write_off_id: Mapped[int | None] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    settled_on: Mapped[date] = mapped_column(Date)
    undoes_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
