"""What PayPlug's accounting reports said, row by row, what was booked of it, and where the wallet began."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped


class ReportOrigin(StrEnum):
    """How a report came here."""

    API = "api"
    UPLOAD = "upload"


class ReportState(StrEnum):
    """How far a report has come.

    `wanted`: to be asked for. `making`: PayPlug makes the file. `stored`: the file is here and waits for somebody to
    look at it (an upload). `read`: its rows are in. `refused`: PayPlug or we refused it; `discarded`: a person did.
    """

    WANTED = "wanted"
    MAKING = "making"
    STORED = "stored"
    READ = "read"
    REFUSED = "refused"
    DISCARDED = "discarded"


class OperationKind(StrEnum):
    """What a row of a report is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE_INVOICE = "fee_invoice"
    PAYOUT = "payout"
    DISPUTE = "dispute"
    DISPUTE_FEE = "dispute_fee"
    UNKNOWN = "unknown"


class BookingPurpose(StrEnum):
    """Which entry was posted for an operation."""

    FEE_INVOICE = "fee_invoice"
    FEE_TAKEN = "fee_taken"
    PAYOUT = "payout"
    OTHER = "other_activity"
    OTHER_BACK = "other_activity_back"
    DISPUTE = "dispute"


class PayplugReport(CompanyScoped, Base):
    """One accounting report: asked for by the API, or a file somebody uploaded.

    Attributes:
        starts_on, ends_on: the period asked for, in UTC days; None for an upload, whose rows say it.
        payplug_id: PayPlug's id (`ar_…`) of the request that is being answered; a new one when a file ran out.
        file_id: the file, stored under its SHA-256.
        tries: how often PayPlug was asked since the last progress; `due_at`: when to ask next.
        reason: why nothing is to be had, as a word (`words`).
        new_rows, known_rows: what reading it brought; `problems` is a JSON list of [line, word].
    """

    __tablename__ = "payplug_report"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        # The months asked for by themselves, once each; what a person asks for again is a row of its own.
        UniqueConstraint("company_id", "request_key"),
        company_key("stored_file", "file_id"),
        Index("ix_payplug_report_due", "state", "due_at"),
        Index("ix_payplug_report_payplug_id", "company_id", "payplug_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    origin: Mapped[ReportOrigin] = mapped_column(enum_type(ReportOrigin))
    request_key: Mapped[str] = mapped_column(String(80))
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[ReportState] = mapped_column(enum_type(ReportState))
    payplug_id: Mapped[str | None] = mapped_column(String(80))
    file_id: Mapped[int | None] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(String(255), default="")
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    reason: Mapped[str] = mapped_column(String(120), default="")
    new_rows: Mapped[int] = mapped_column(default=0)
    known_rows: Mapped[int] = mapped_column(default=0)
    problems: Mapped[str] = mapped_column(Text, default="[]")
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PayplugOperation(CompanyScoped, Base):
    """One movement of the wallet as a report told it; never changed. The first report that tells it is kept.

    Attributes:
        key: what makes it one operation in every report that tells it (`operation_keys`).
        amount_cents: signed: above zero when the wallet grows.
        payplug_id: PayPlug's id in the row (`pay_…`, `re_…`), empty when there was none.
        related_id: a payment's id that stands anywhere else in the row, empty when there is none.
        reference: what our metadata said, empty when the row had none.
        fee_cents: PayPlug's fee of the row, without VAT; it is only held back, the monthly invoice takes it.
        balance_cents: the wallet after it, where the report says so.
        raw: the row as it stood in the file, a JSON object of column → cell.
    """

    __tablename__ = "payplug_operation"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "key"),
        company_key("payplug_report", "report_id"),
        Index("ix_payplug_operation_time", "company_id", "happened_at"),
        Index("ix_payplug_operation_payplug_id", "company_id", "payplug_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[int]
    key: Mapped[str] = mapped_column(String(255))
    kind: Mapped[OperationKind] = mapped_column(enum_type(OperationKind))
    type_text: Mapped[str] = mapped_column(String(120), default="")
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    payplug_id: Mapped[str] = mapped_column(String(80), default="")
    related_id: Mapped[str] = mapped_column(String(80), default="")
    reference: Mapped[str] = mapped_column(String(80), default="")
    description: Mapped[str] = mapped_column(String(255), default="")
    fee_cents: Mapped[int | None] = mapped_column(BigInteger)
    balance_cents: Mapped[int | None] = mapped_column(BigInteger)
    raw: Mapped[str] = mapped_column(Text)


class PayplugBooking(CompanyScoped, Base):
    """An entry of the ledger that was posted for an operation; never changed. What was never booked has none.

    Payments and refunds of ours have none either: they were booked when they happened, by their own document.
    """

    __tablename__ = "payplug_booking"
    __table_args__ = (
        UniqueConstraint("company_id", "operation_id", "purpose"),
        company_key("payplug_operation", "operation_id"),
        company_key("journal_entry", "entry_id"),
        Index("ix_payplug_booking_entry_id", "entry_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    operation_id: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[BookingPurpose] = mapped_column(enum_type(BookingPurpose))
    entry_id: Mapped[int] = mapped_column(BigInteger)
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class WalletOpening(CompanyScoped, Base):
    """What the wallet held on the evening before `opens_on`, said once; its entry is sealed like every other."""

    __tablename__ = "payplug_wallet_opening"
    __table_args__ = (
        UniqueConstraint("company_id"),
        company_key("journal_entry", "entry_id"),
        CheckConstraint("(amount_cents = 0) = (entry_id IS NULL)", name="entry_of_amount"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    opens_on: Mapped[date] = mapped_column(Date)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    account_number: Mapped[str] = mapped_column(String(20))
    entry_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
