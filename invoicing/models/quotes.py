"""What is particular to quotes: their public address, and the answer a customer gave there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped
from invoicing.lifecycle import AnswerKind


class QuoteLink(CompanyScoped, Base):
    """The one address of an issued quote: `/q/<token>`."""

    __tablename__ = "quote_link"
    __table_args__ = (
        UniqueConstraint("token"),
        UniqueConstraint("company_id", "id"),
        company_key("document", "document_id"),
        Index("ix_quote_link_document_id", "document_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class QuoteAnswer(CompanyScoped, Base):
    """Accepted or declined, once and for good: by whom, when, in which words. Evidence, so it is frozen.

    `options` is a JSON list of the positions of the optional lines that were chosen. `recorded_by_id` is the member
    who noted an answer given on paper or by telephone; none when the customer answered on the page.
    """

    __tablename__ = "quote_answer"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("document_id"),
        company_key("document", "document_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[AnswerKind] = mapped_column(enum_type(AnswerKind))
    name: Mapped[str] = mapped_column(String(255))
    consent: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    options: Mapped[str] = mapped_column(Text, default="[]")
    address: Mapped[str] = mapped_column(String(64), default="")
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
