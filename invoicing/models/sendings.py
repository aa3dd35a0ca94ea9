"""Sendings of documents by mail and by SMS."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key
from core.tenancy import CompanyScoped


class Sending(CompanyScoped, Base):
    """The decision to send a document: to whom and with which words. A worker turns it into one mail.

    `attachments` is a JSON list of stored files (name, SHA-256, media type) that go along beside the PDF.
    """

    __tablename__ = "sending"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "request_key"),
        company_key("document", "document_id"),
        Index("ix_sending_document_id", "document_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    request_key: Mapped[str] = mapped_column(String(64))
    recipients: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    attachments: Mapped[str] = mapped_column(Text, default="[]")
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class SendingMail(CompanyScoped, Base):
    """The mail of a sending, once it is composed (its PDF exists)."""

    __tablename__ = "sending_mail"
    __table_args__ = (
        UniqueConstraint("sending_id"),
        company_key("sending", "sending_id"),
        Index("ix_sending_mail_mail_id", "mail_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sending_id: Mapped[int] = mapped_column(BigInteger)
    mail_id: Mapped[int] = mapped_column(ForeignKey("outbox_mail.id"))


class SmsSending(CompanyScoped, Base):
    """A document's link sent as an SMS: to which number, in which words, and its row of the outbox.

    Written together with that row: an SMS waits for no PDF.
    """

    __tablename__ = "sms_sending"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "request_key", "recipient"),
        company_key("document", "document_id"),
        Index("ix_sms_sending_document_id", "document_id"),
        Index("ix_sms_sending_sms_id", "sms_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    request_key: Mapped[str] = mapped_column(String(64))
    recipient: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    sms_id: Mapped[int] = mapped_column(ForeignKey("outbox_sms.id"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
