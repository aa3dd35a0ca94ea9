"""Rows about the bank: slips of cheques; statements, their lines as they came, and what was decided on each line.

Nothing of it is edited: a slip, a cheque on it and a decision end by a date that is set once.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped


class ChequeDeposit(CompanyScoped, Base):
    """A slip (bordereau de remise): cheques handed in at the bank together, one entry for all.

    `bank_account_id` is the account of the chart; `undone_on` the day it was taken back as a mistake.
    """

    __tablename__ = "cheque_deposit"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "request_key"),
        company_key("account", "bank_account_id"),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("cheque_count > 0", name="count_positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(BigInteger)
    deposited_on: Mapped[date] = mapped_column(Date)
    cheque_count: Mapped[int]
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    request_key: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    undone_on: Mapped[date | None] = mapped_column(Date)
    undone_reason: Mapped[str] = mapped_column(String(255), default="")

    @property
    def reference(self) -> str:
        """What the slip is called in the books and on paper."""
        return f"REM{self.id:06d}"


class ChequeDepositItem(CompanyScoped, Base):
    """A cheque on a slip. `returned_on`: the day it came off it, unpaid or because the slip was taken back."""

    __tablename__ = "cheque_deposit_item"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        company_key("cheque_deposit", "deposit_id"),
        company_key("payment", "payment_id"),
        # A cheque lies on one slip at a time.
        Index(
            "uq_cheque_deposit_item_payment",
            "company_id",
            "payment_id",
            unique=True,
            sqlite_where=text("returned_on IS NULL"),
            postgresql_where=text("returned_on IS NULL"),
        ),
        Index("ix_cheque_deposit_item_deposit", "company_id", "deposit_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    deposit_id: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    returned_on: Mapped[date | None] = mapped_column(Date)


class StatementFormat(StrEnum):
    """How a statement is written."""

    CAMT = "camt"
    CSV = "csv"


class BankStatement(CompanyScoped, Base):
    """A file of the bank that was taken in; the file itself is kept under its SHA-256.

    Attributes:
        bank_account_id: the account of the chart that it is about.
        opening_cents, closing_cents: the balances it states; None where it states none.
        starts_on, ends_on: the days of its first and last line, or of its balances.
        new_lines, known_lines: what reading it brought.
    """

    __tablename__ = "bank_statement"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        # The same file twice is the same statement.
        UniqueConstraint("company_id", "bank_account_id", "file_id"),
        company_key("account", "bank_account_id"),
        company_key("stored_file", "file_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(BigInteger)
    file_id: Mapped[int] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(String(255), default="")
    format: Mapped[StatementFormat] = mapped_column(enum_type(StatementFormat))
    opening_cents: Mapped[int | None] = mapped_column(BigInteger)
    closing_cents: Mapped[int | None] = mapped_column(BigInteger)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    new_lines: Mapped[int]
    known_lines: Mapped[int]
    read_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    read_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class BankLine(CompanyScoped, Base):
    """A line of a statement as it came; never changed. The first statement that tells it is kept.

    Attributes:
        key: what makes it one line in every statement that tells it: day, amount, wording, and which of equal ones.
        amount_cents: signed: above zero when the account grows.
        wording: what the bank says of it; `party`: who paid or was paid; `iban`: their account, if the bank tells it.
        raw: the line as it stood in the file, a JSON object.
    """

    __tablename__ = "bank_line"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "bank_account_id", "key"),
        company_key("bank_statement", "statement_id"),
        company_key("account", "bank_account_id"),
        CheckConstraint("amount_cents <> 0", name="amount_moves"),
        Index("ix_bank_line_list", "company_id", "bank_account_id", "booked_on", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    statement_id: Mapped[int] = mapped_column(BigInteger)
    bank_account_id: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(100))
    booked_on: Mapped[date] = mapped_column(Date)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    wording: Mapped[str] = mapped_column(String(500), default="")
    party: Mapped[str] = mapped_column(String(140), default="")
    iban: Mapped[str] = mapped_column(String(34), default="")
    reference: Mapped[str] = mapped_column(String(140), default="")
    raw: Mapped[str] = mapped_column(Text)


class MatchKind(StrEnum):
    """What a person decided on a line of the bank.

    `entry`: the books had it already. `payment`: it was recorded as a payment of invoices. `payout`: it empties an
    internal transfer. `account`: it was booked on an account. `ignored`: nothing is to be booked.
    """

    ENTRY = "entry"
    PAYMENT = "payment"
    PAYOUT = "payout"
    ACCOUNT = "account"
    IGNORED = "ignored"


class BankMatch(CompanyScoped, Base):
    """A decision on a line, or a part of one. While it holds no other one does, and no other line has its entry.

    A line that is several movements of the books has a row for each, decided and taken back together; they make its
    amount. Two people who decide at once both write part 0, which the database takes from one.

    Attributes:
        part: which of the line's movements, counted from 0.
        entry_id: the entry whose line on the bank account is this line of the statement; None for an ignored one.
        payout_entry_id: of a payout, the entry that took the money off the other account.
        payment_id: of a payment, what was recorded.
        undone_at: set once, when the decision is taken back.
    """

    __tablename__ = "bank_match"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        company_key("bank_line", "line_id"),
        company_key("journal_entry", "entry_id"),
        company_key("journal_entry", "payout_entry_id"),
        company_key("payment", "payment_id"),
        CheckConstraint("(kind = 'ignored') = (entry_id IS NULL)", name="entry_unless_ignored"),
        CheckConstraint("part >= 0 AND (part = 0 OR kind IN ('entry', 'account'))", name="part_books"),
        *(
            Index(
                f"uq_bank_match_{columns[0]}",
                "company_id",
                *columns,
                unique=True,
                sqlite_where=text("undone_at IS NULL"),
                postgresql_where=text("undone_at IS NULL"),
            )
            for columns in (("line_id", "part"), ("entry_id",), ("payout_entry_id",))
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    line_id: Mapped[int] = mapped_column(BigInteger)
    part: Mapped[int] = mapped_column(default=0, server_default="0")
    kind: Mapped[MatchKind] = mapped_column(enum_type(MatchKind))
    entry_id: Mapped[int | None] = mapped_column(BigInteger)
    payout_entry_id: Mapped[int | None] = mapped_column(BigInteger)
    payment_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(255), default="")
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BankLayout(CompanyScoped, Base):
    """Which column of a bank's CSV file means what, as a person said last: a JSON object, one per bank account."""

    __tablename__ = "bank_layout"
    __table_args__ = (
        UniqueConstraint("company_id", "bank_account_id"),
        company_key("account", "bank_account_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(BigInteger)
    columns: Mapped[str] = mapped_column(Text)
