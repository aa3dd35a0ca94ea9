"""The rows of the ledger. Only `post_entry`, `reverse_entry`, `letter_lines` write entries and letterings."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type
from core.tenancy import CompanyScoped


class JournalKind(StrEnum):
    """What a journal is for; treasury journals have one account each."""

    SALES = "sales"
    PURCHASES = "purchases"
    TREASURY = "treasury"
    GENERAL = "general"
    OPENING = "opening"


class SalesExtension(StrEnum):
    """How a sales account is told apart by VAT rate; 707000 at 20 % becomes…"""

    NONE = "none"
    """707000: it is not."""
    TWO = "two"
    """70720: two digits of the rate behind the root."""
    PADDED = "padded"
    """707200: the same, filled up to the length of the account."""
    FOUR = "four"
    """7072000: four digits of the rate (2000 for 20,00 %) behind the root."""


class CustomerAccounts(StrEnum):
    """Which accounts customers have in the general ledger; C00012 has…"""

    COLLECTIVE = "collective"
    """411000, one for all; its code tells it apart."""
    BY_CODE = "by_code"
    """411C00012."""
    BY_DIGITS = "by_digits"
    """41100012: eight digits, for software that takes no more."""


class DepositsScheme(StrEnum):
    """When a deposit invoice enters the books (docs/decisions/0028)."""

    AT_ISSUE = "at_issue"
    """D 411, C 4191 when it is issued; its VAT waits until it is paid."""
    WHEN_PAID = "when_paid"
    """Nothing before the money: C 4191 when it is paid, D 4458 / C 44571 for its VAT."""


class Account(CompanyScoped, Base):
    """One account of the chart. `number` begins with three digits of the PCG; `role` says what Solde uses it for."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "role"),
        UniqueConstraint("company_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(17))
    label: Mapped[str] = mapped_column(String(100))
    role: Mapped[str | None] = mapped_column(String(40))


class Journal(CompanyScoped, Base):
    """A journal (VE, PP, BQ, CA, OD, AN, AC). Codes have at most three characters: every export format takes them.

    `role` is the `JournalCode` it is used for, whatever its own code; None for further treasury journals and for those
    that another one took over from. A code never changes: it is in the numbers of entries.
    """

    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("company_id", "code"),
        UniqueConstraint("company_id", "role"),
        UniqueConstraint("company_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(3))
    label: Mapped[str] = mapped_column(String(60))
    role: Mapped[str | None] = mapped_column(String(3))
    kind: Mapped[JournalKind] = mapped_column(enum_type(JournalKind))


class FiscalYear(CompanyScoped, Base):
    """A financial year; opened by itself when the first entry falls into it.

    `closed_at` is set once, by `close_year`. `months_closed_through` is the last day of the last month that was closed
    for the time being: it moves on and back while the year is open (`close_months`, `reopen_months`).
    """

    __tablename__ = "fiscal_year"
    __table_args__ = (
        UniqueConstraint("company_id", "starts_on"),
        UniqueConstraint("company_id", "ends_on"),
        UniqueConstraint("company_id", "id"),
        CheckConstraint("ends_on > starts_on", name="in_order"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    months_closed_through: Mapped[date | None] = mapped_column(Date)


class EntryCounter(CompanyScoped, Base):
    """The last number given in one journal and financial year; locked while the next one is given."""

    __tablename__ = "entry_counter"
    __table_args__ = (
        UniqueConstraint("company_id", "journal_id", "fiscal_year_id"),
        company_key("journal", "journal_id"),
        company_key("fiscal_year", "fiscal_year_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    journal_id: Mapped[int] = mapped_column(BigInteger)
    fiscal_year_id: Mapped[int] = mapped_column(BigInteger)
    last_number: Mapped[int] = mapped_column(BigInteger, default=0)


class JournalEntry(CompanyScoped, Base):
    """One balanced entry, posted for good. Its row is written after its lines: the database checks them then.

    (`source_kind`, `source_id`, `purpose`) is unique: the same fact is never posted twice.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "source_kind", "source_id", "purpose"),
        UniqueConstraint("company_id", "fiscal_year_id", "journal_id", "sequence"),
        company_key("journal", "journal_id"),
        company_key("fiscal_year", "fiscal_year_id"),
        company_key("journal_entry", "reverses_id"),
        Index("ix_journal_entry_date", "company_id", "entry_date"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    journal_id: Mapped[int] = mapped_column(BigInteger)
    fiscal_year_id: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str] = mapped_column(String(20))
    entry_date: Mapped[date] = mapped_column(Date)
    piece_ref: Mapped[str] = mapped_column(String(60))
    piece_date: Mapped[date] = mapped_column(Date)
    label: Mapped[str] = mapped_column(String(255))
    source_kind: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[str] = mapped_column(String(40))
    reverses_id: Mapped[int | None] = mapped_column(BigInteger)
    validated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    journal: Mapped[Journal] = relationship(
        primaryjoin="foreign(JournalEntry.journal_id) == Journal.id", viewonly=True
    )
    lines: Mapped[list[EntryLine]] = relationship(
        primaryjoin="JournalEntry.id == foreign(EntryLine.entry_id)",
        viewonly=True,
        order_by="EntryLine.position",
    )


class EntryLine(CompanyScoped, Base):
    """One line: exactly one of debit and credit is above zero.

    `match_key` names the document whose balance the line moves on a customer or waiting-VAT account (`invoice:12`):
    lettering and VAT on collection go by it. `vat_rate` (1/100 %) is set on VAT lines.
    """

    __tablename__ = "entry_line"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("entry_id", "position"),
        company_key("journal_entry", "entry_id", deferrable=True, initially="DEFERRED"),
        company_key("account", "account_id"),
        CheckConstraint(
            "debit_cents >= 0 AND credit_cents >= 0 AND (debit_cents > 0) <> (credit_cents > 0)",
            name="one_side",
        ),
        Index("ix_entry_line_account", "company_id", "account_id", "auxiliary_code"),
        Index("ix_entry_line_match_key", "company_id", "match_key"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int]
    account_id: Mapped[int] = mapped_column(BigInteger)
    auxiliary_code: Mapped[str] = mapped_column(String(40), default="")
    auxiliary_label: Mapped[str] = mapped_column(String(255), default="")
    label: Mapped[str] = mapped_column(String(255))
    debit_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    credit_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    match_key: Mapped[str] = mapped_column(String(60), default="")
    vat_rate: Mapped[int | None]

    account: Mapped[Account] = relationship(
        primaryjoin="foreign(EntryLine.account_id) == Account.id", viewonly=True
    )


SIGNED_CENTS = EntryLine.debit_cents - EntryLine.credit_cents
"""SQL: by how much a line moves its account, a debit above zero and a credit below."""


class Lettering(CompanyScoped, Base):
    """A set of lines of one account and one third party that sum to zero. Undone by a row, never deleted."""

    __tablename__ = "lettering"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "account_id", "code"),
        company_key("account", "account_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    auxiliary_code: Mapped[str] = mapped_column(String(40), default="")
    code: Mapped[str] = mapped_column(String(10))
    lettered_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LetteringLine(CompanyScoped, Base):
    """One line in one lettering."""

    __tablename__ = "lettering_line"
    __table_args__ = (
        UniqueConstraint("lettering_id", "line_id"),
        company_key("lettering", "lettering_id"),
        company_key("entry_line", "line_id"),
        Index("ix_lettering_line_line_id", "line_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lettering_id: Mapped[int] = mapped_column(BigInteger)
    line_id: Mapped[int] = mapped_column(BigInteger)


class LetteringUndo(CompanyScoped, Base):
    """The row that ends a lettering (logged: an un-lettering must leave a trace)."""

    __tablename__ = "lettering_undo"
    __table_args__ = (UniqueConstraint("lettering_id"), company_key("lettering", "lettering_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lettering_id: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(255))
    undone_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LetteringCounter(CompanyScoped, Base):
    """How many letterings an account has had: the next code (AA, AB…) comes from it, under lock."""

    __tablename__ = "lettering_counter"
    __table_args__ = (UniqueConstraint("company_id", "account_id"), company_key("account", "account_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger, default=0)


class AccountingSettings(CompanyScoped, Base):
    """What the company chose for its books; changes are logged and never retroactive.

    `vat_on_debits_from`: first invoice date on which VAT on services is due at invoicing (the option for debits);
    None while services are taxed on collection. `fiscal_year_end_month`: the month the financial year ends with.
    `first_year_starts_on` and `first_year_ends_on`: of a first year that is not the twelve months of the end month.
    `sales_extension`: how a sales account is told apart by VAT rate. `customer_accounts`: one account for all
    customers, or one each. `deposits_scheme`: when deposit invoices issued from now on are booked.
    """

    __tablename__ = "accounting_settings"
    __table_args__ = (UniqueConstraint("company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    vat_on_debits_from: Mapped[date | None] = mapped_column(Date)
    fiscal_year_end_month: Mapped[int] = mapped_column(default=12)
    first_year_starts_on: Mapped[date | None] = mapped_column(Date)
    first_year_ends_on: Mapped[date | None] = mapped_column(Date)
    sales_extension: Mapped[SalesExtension] = mapped_column(
        enum_type(SalesExtension), default=SalesExtension.NONE, server_default=SalesExtension.NONE
    )
    customer_accounts: Mapped[CustomerAccounts] = mapped_column(
        enum_type(CustomerAccounts),
        default=CustomerAccounts.COLLECTIVE,
        server_default=CustomerAccounts.COLLECTIVE,
    )
    deposits_scheme: Mapped[DepositsScheme] = mapped_column(
        enum_type(DepositsScheme), default=DepositsScheme.AT_ISSUE, server_default=DepositsScheme.AT_ISSUE
    )
