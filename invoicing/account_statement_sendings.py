"""The statements of account that were sent: to whom, of which days. Never changed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key
from core.tenancy import CompanyScoped
from core.triggers import freeze


class AccountStatementSending(CompanyScoped, Base):
    """A statement that went to a customer. `request_key`: a form sent twice is one mail; `recipients`: a JSON list."""

    __tablename__ = "account_statement_sending"
    __table_args__ = (
        UniqueConstraint("company_id", "request_key"),
        company_key("customer", "customer_id"),
        Index("ix_account_statement_sending_customer", "company_id", "customer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    recipients: Mapped[str] = mapped_column(Text)
    request_key: Mapped[str] = mapped_column(String(64))
    mail_id: Mapped[int] = mapped_column(ForeignKey("outbox_mail.id"))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


freeze("account_statement_sending")
