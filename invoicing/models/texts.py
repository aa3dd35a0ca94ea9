"""The company's own texts and its own way of sending mails."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, enum_type
from core.tenancy import CompanyScoped


class TextKind(StrEnum):
    """Where a text is proposed."""

    MAIL = "mail"
    SMS = "sms"
    NOTE = "note"
    CONDITIONS = "conditions"


class TextTemplate(CompanyScoped, Base):
    """A text of the library, found by its identifier or a few letters; `subject` is for mails only."""

    __tablename__ = "text_template"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "kind", "identifier", "language"),
        UniqueConstraint("company_id", "request_key"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_key: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[TextKind] = mapped_column(enum_type(TextKind))
    identifier: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2), default="fr")
    subject: Mapped[str] = mapped_column(String(255), default="")
    text: Mapped[str] = mapped_column(Text)
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class MailSettings(CompanyScoped, Base):
    """From which address, and through which server, the company's mails go; empty fields: the installation's own.

    `smtp_url` is encrypted (`core.secrets`): it holds a password. `tested_at` is when a mail last went out by it.
    """

    __tablename__ = "mail_settings"
    __table_args__ = (UniqueConstraint("company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    from_address: Mapped[str] = mapped_column(String(255), default="")
    from_name: Mapped[str] = mapped_column(String(120), default="")
    smtp_url: Mapped[str] = mapped_column(Text, default="")
    tested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
