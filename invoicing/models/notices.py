"""What is told about payments: the card as far as it may be shown, receipts, notices to members, who wants them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped


class PaymentCard(CompanyScoped, Base):
    """What the processor said of the card that paid, frozen: brand, last four digits, whether 3-D Secure was done.

    `is_3ds` is None when the processor did not say. Never the number, never the holder.
    """

    __tablename__ = "payment_card"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("payment_id"),
        company_key("payment", "payment_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    brand: Mapped[str] = mapped_column(String(40), default="")
    last4: Mapped[str] = mapped_column(String(4), default="")
    is_3ds: Mapped[bool | None]


class NoticeKind(StrEnum):
    """To whom a payment is told."""

    RECEIPT = "receipt"
    MEMBERS = "members"


class PaymentNotice(CompanyScoped, Base):
    """A payment is told: by a receipt to the customer, or to the members. By itself each once (`request_key` empty);
    a receipt that somebody asks for has the key of the form. Frozen.

    `recipients` is a JSON list of e-mail addresses; `document_id` the invoice that was paid.
    """

    __tablename__ = "payment_notice"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("payment_id", "kind", "request_key"),
        company_key("payment", "payment_id"),
        company_key("document", "document_id"),
        Index("ix_payment_notice_document_id", "document_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    document_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[NoticeKind] = mapped_column(enum_type(NoticeKind))
    request_key: Mapped[str] = mapped_column(String(64), default="")
    recipients: Mapped[str] = mapped_column(Text, default="[]")
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class PaymentNoticeMail(CompanyScoped, Base):
    """The mail of a receipt, once its PDF is drawn."""

    __tablename__ = "payment_notice_mail"
    __table_args__ = (
        UniqueConstraint("notice_id"),
        company_key("payment_notice", "notice_id"),
        Index("ix_payment_notice_mail_mail_id", "mail_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notice_id: Mapped[int] = mapped_column(BigInteger)
    mail_id: Mapped[int] = mapped_column(ForeignKey("outbox_mail.id"))


class NoticeSettings(CompanyScoped, Base):
    """What the company tells about card payments. `chat_url` is an Apprise address, encrypted: it holds secrets."""

    __tablename__ = "notice_settings"
    __table_args__ = (UniqueConstraint("company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    sends_receipts: Mapped[bool] = mapped_column(default=True)
    chat_url: Mapped[str] = mapped_column(Text, default="")


class NoticePreference(CompanyScoped, Base):
    """Whether a member is mailed when a customer has paid by card; without a row an owner is, nobody else."""

    __tablename__ = "notice_preference"
    __table_args__ = (UniqueConstraint("company_id", "user_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    by_mail: Mapped[bool]
