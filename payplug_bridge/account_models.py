"""What is known of a company's PayPlug account, how links may be paid, and tests of the notification address."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped
from payplug_bridge.models import PayplugMode


class SelfTestState(StrEnum):
    """How far a test of the notification address has come by itself; what arrived is read from the inbox."""

    STARTED = "started"
    CREATED = "created"
    ABORTED = "aborted"
    FAILED = "failed"


class PayplugFacts(CompanyScoped, Base):
    """What the account behind the key of one mode answered last (`GET /v1/account`).

    Read when a key is saved, once a day, and by a button. Amounts are cents of EUR; `currencies` is a list with
    spaces; `permissions` (name: true or false) and `methods` (see `ways.stored_methods`) are JSON. `failure` is why
    the last reading failed (`http_401`, `timeout`), empty when it succeeded; what was known before stays.
    """

    __tablename__ = "payplug_facts"
    __table_args__ = (UniqueConstraint("company_id", "mode"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mode: Mapped[PayplugMode] = mapped_column(enum_type(PayplugMode))
    account_reference: Mapped[str] = mapped_column(String(80), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    currencies: Mapped[str] = mapped_column(String(200), default="")
    least_cents: Mapped[int] = mapped_column(BigInteger)
    most_cents: Mapped[int] = mapped_column(BigInteger)
    permissions: Mapped[str] = mapped_column(Text, default="{}")
    methods: Mapped[str] = mapped_column(Text, default="[]")
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str] = mapped_column(String(80), default="")


class PayplugLinkTerms(CompanyScoped, Base):
    """How the link of one invoice may be paid, chosen at a sending; the newest row of an invoice counts.

    `ways` is a list with spaces (`ways.Way`); `parts` is `all`, `free` or the number of equal parts.
    """

    __tablename__ = "payplug_link_terms"
    __table_args__ = (
        company_key("document", "document_id"),
        Index("ix_payplug_link_terms_document_id", "document_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    ways: Mapped[str] = mapped_column(String(300))
    parts: Mapped[str] = mapped_column(String(10))
    chosen_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class PayplugSelfTest(CompanyScoped, Base):
    """One test of the notification address: a payment that nobody is shown, made and aborted at once.

    Whether PayPlug told us of it is read from the notifications received, so the row can be left and come back to.
    `answer_code` is the HTTP status that PayPlug says our address answered, as far as it told.
    """

    __tablename__ = "payplug_self_test"
    __table_args__ = (
        UniqueConstraint("company_id", "request_key"),
        UniqueConstraint("reference"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    request_key: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(64))
    mode: Mapped[PayplugMode] = mapped_column(enum_type(PayplugMode))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    notification_url: Mapped[str] = mapped_column(String(500))
    state: Mapped[SelfTestState] = mapped_column(enum_type(SelfTestState), default=SelfTestState.STARTED)
    payplug_id: Mapped[str | None] = mapped_column(String(80))
    failure: Mapped[str] = mapped_column(String(80), default="")
    answer_code: Mapped[int | None] = mapped_column()
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    aborted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
