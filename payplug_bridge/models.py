"""What we keep about PayPlug: the account's keys, our requests for payment, and what PayPlug told us."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type, version_column
from core.tenancy import CompanyScoped


class PayplugMode(StrEnum):
    """Which of an account's two keys: test never touches the books."""

    TEST = "test"
    LIVE = "live"


class AttemptState(StrEnum):
    """Where our request for one payment is; the allowed passages are in `payplug_bridge.attempts`."""

    PREPARED = "prepared"
    CREATED = "created"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"
    PAID = "paid"
    FAILED = "failed"
    ABORTED = "aborted"


class RefundState(StrEnum):
    """Where our request for one refund is; the allowed passages are in `payplug_bridge.refund`."""

    PREPARED = "prepared"
    UNCONFIRMED = "unconfirmed"
    DONE = "done"
    REFUSED = "refused"


class NotificationState(StrEnum):
    """Where a received notification is: to do, done, not about us, or put aside after many tries."""

    RECEIVED = "received"
    DONE = "done"
    IGNORED = "ignored"
    STUCK = "stuck"


class PayplugAccount(CompanyScoped, Base):
    """The PayPlug keys of a company, encrypted, and how its customers may pay. One mode is active.

    `ways` is a list with spaces (`ways.Way`); `parts` is `all`, `free` or a number of equal parts (`parts.py`);
    `least_part_cents` is the least that may be paid of an invoice at once; `shows_transfer` offers the transfer
    beside a card payment that is possible. What the account answered is in `PayplugFacts`.
    """

    __tablename__ = "payplug_account"
    __table_args__ = (UniqueConstraint("company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    live_key: Mapped[str | None] = mapped_column(Text)
    test_key: Mapped[str | None] = mapped_column(Text)
    active_mode: Mapped[PayplugMode | None] = mapped_column(enum_type(PayplugMode))
    version: Mapped[int] = version_column()
    ways: Mapped[str] = mapped_column(String(300), default="card", server_default="card")
    parts: Mapped[str] = mapped_column(String(10), default="all", server_default="all")
    least_part_cents: Mapped[int] = mapped_column(BigInteger, default=1000, server_default="1000")
    shows_transfer: Mapped[bool] = mapped_column(default=True, server_default=true())


class PayplugEndpoint(CompanyScoped, Base):
    """An address PayPlug notifies: `/webhooks/payplug/<token>`. Those of replaced keys stay valid for ever."""

    __tablename__ = "payplug_endpoint"
    __table_args__ = (UniqueConstraint("token"), UniqueConstraint("company_id", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class PayplugWalk(CompanyScoped, Base):
    """How far the company's list of payments at PayPlug has been read: up to when all of it was, and the last try."""

    __tablename__ = "payplug_walk"
    __table_args__ = (UniqueConstraint("company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    walked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PayplugDecision(CompanyScoped, Base):
    """A person took one thing off the list *To handle*: what it was, why, who and when. Never changed.

    `subject_kind` and `subject_id` name the row it is about, `trouble` what stood against it: the same row with another
    trouble comes back to the list.
    """

    __tablename__ = "payplug_decision"
    __table_args__ = (UniqueConstraint("company_id", "subject_kind", "subject_id", "trouble"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    trouble: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class PaymentAttempt(CompanyScoped, Base):
    """One request to PayPlug for the payment of one invoice: written before the call, its id travels in metadata."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("reference"),
        UniqueConstraint("payplug_id"),
        company_key("document", "document_id"),
        company_key("payment", "payment_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        # At most one open attempt per invoice: two tabs cannot both be sent to PayPlug.
        Index(
            "uq_payment_attempt_open",
            "document_id",
            unique=True,
            sqlite_where=text("state IN ('prepared', 'created', 'unconfirmed')"),
            postgresql_where=text("state IN ('prepared', 'created', 'unconfirmed')"),
        ),
        Index("ix_payment_attempt_state", "company_id", "state", "created_at"),
        Index("ix_payment_attempt_document_id", "document_id"),
        # What a person has to look at is counted on every page.
        Index(
            "ix_payment_attempt_trouble",
            "company_id",
            "trouble",
            sqlite_where=text("trouble <> ''"),
            postgresql_where=text("trouble <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(String(64))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    mode: Mapped[PayplugMode] = mapped_column(enum_type(PayplugMode))
    way: Mapped[str] = mapped_column(String(40), default="card", server_default="card")
    state: Mapped[AttemptState] = mapped_column(enum_type(AttemptState), default=AttemptState.PREPARED)
    payplug_id: Mapped[str | None] = mapped_column(String(80))
    payment_url: Mapped[str] = mapped_column(String(500), default="")
    failure_code: Mapped[str] = mapped_column(String(80), default="")
    failure_message: Mapped[str] = mapped_column(String(500), default="")
    payment_id: Mapped[int | None] = mapped_column(BigInteger)
    trouble: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PayplugRefund(CompanyScoped, Base):
    """One request to PayPlug to give money of a paid attempt back: written before the call, its reference travels in
    metadata. `refund_id` is what the books say of it, once PayPlug has done it."""

    __tablename__ = "payplug_refund"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "request_key"),
        UniqueConstraint("reference"),
        UniqueConstraint("payplug_id"),
        company_key("payment_attempt", "attempt_id"),
        company_key("payment", "payment_id"),
        company_key("document", "credit_note_id"),
        company_key("refund", "refund_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        # At most one of which we do not know the end: what was not confirmed is never asked for a second time.
        Index(
            "uq_payplug_refund_open",
            "attempt_id",
            unique=True,
            sqlite_where=text("state IN ('prepared', 'unconfirmed')"),
            postgresql_where=text("state IN ('prepared', 'unconfirmed')"),
        ),
        Index("ix_payplug_refund_state", "company_id", "state", "created_at"),
        Index("ix_payplug_refund_payment_id", "company_id", "payment_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    credit_note_id: Mapped[int | None] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(255), default="")
    reference: Mapped[str] = mapped_column(String(64))
    request_key: Mapped[str | None] = mapped_column(String(64))
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    state: Mapped[RefundState] = mapped_column(enum_type(RefundState), default=RefundState.PREPARED)
    payplug_id: Mapped[str | None] = mapped_column(String(80))
    refund_id: Mapped[int | None] = mapped_column(BigInteger)
    failure_code: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PayplugNotification(CompanyScoped, Base):
    """What PayPlug posted, raw, stored before the answer. Never deleted; it only triggers a fresh read at PayPlug."""

    __tablename__ = "payplug_notification"
    __table_args__ = (
        company_key("payplug_endpoint", "endpoint_id"),
        Index("ix_payplug_notification_due", "state", "due_at"),
        Index("ix_payplug_notification_state", "company_id", "state", "id"),
        Index("ix_payplug_notification_resource", "company_id", "resource_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    resource_id: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[NotificationState] = mapped_column(
        enum_type(NotificationState), default=NotificationState.RECEIVED
    )
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    outcome: Mapped[str] = mapped_column(String(500), default="")
