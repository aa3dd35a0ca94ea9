"""Customers and documents. Rows of an issued document never change: triggers hold that (`invoicing/triggers.py`).

An invoice and a credit note are one table: they have the same lines, numbers, seal and files; `kind` tells them
apart. What is owed and paid is in `invoicing/payments.py`.
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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounting.facts import SupplyKind, VatRegime
from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type, version_column
from core.files import StoredFile
from core.models import User
from core.tenancy import CompanyScoped
from invoicing.lifecycle import DocumentKind, DocumentState


class CustomerKind(StrEnum):
    """A business (SIREN, B2B mentions) or an individual (none of them)."""

    BUSINESS = "business"
    INDIVIDUAL = "individual"


class FileKind(StrEnum):
    """What a stored file of a document is."""

    PDF = "pdf"


class InvoicingSettings(CompanyScoped, Base):
    """How the company invoices. Changes are logged and hold for documents issued later.

    `late_penalty` is the rate as printed; `discount_terms` the early-payment terms (C. com. L441-9).
    """

    __tablename__ = "invoicing_settings"
    __table_args__ = (UniqueConstraint("company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    invoice_prefix: Mapped[str] = mapped_column(String(10), default="F")
    credit_note_prefix: Mapped[str] = mapped_column(String(10), default="A")
    payment_terms_days: Mapped[int] = mapped_column(default=30)
    backdating_days: Mapped[int] = mapped_column(default=20)
    late_penalty: Mapped[str] = mapped_column(String(200), default="")
    discount_terms: Mapped[str] = mapped_column(String(200), default="")


class VatRate(CompanyScoped, Base):
    """A rate the company may use besides the French ones (1/100 %): rates are data, dated."""

    __tablename__ = "vat_rate"
    __table_args__ = (
        UniqueConstraint("company_id", "rate"),
        CheckConstraint("rate BETWEEN 0 AND 10000", name="range"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rate: Mapped[int]
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


class CustomerCounter(CompanyScoped, Base):
    """The last customer number given (C00001…), locked while the next is given."""

    __tablename__ = "customer_counter"
    __table_args__ = (UniqueConstraint("company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger, default=0)


class Customer(CompanyScoped, Base):
    """Who is invoiced. Documents copy what they need at issue, so this row may change freely.

    `request_key` makes a form sent twice one customer.
    """

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "external_reference"),
        Index("ix_customer_name", "company_id", "name"),
        # An index, not a constraint: SQLite can add it without rebuilding a table that others point to.
        Index("ix_customer_request_key", "company_id", "request_key", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    number: Mapped[str] = mapped_column(String(20))
    external_reference: Mapped[str | None] = mapped_column(String(100))
    request_key: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[CustomerKind] = mapped_column(enum_type(CustomerKind))
    name: Mapped[str] = mapped_column(String(255))
    first_name: Mapped[str] = mapped_column(String(100), default="")
    siren: Mapped[str] = mapped_column(String(9), default="")
    vat_number: Mapped[str] = mapped_column(String(20), default="")
    address1: Mapped[str] = mapped_column(String(255), default="")
    address2: Mapped[str] = mapped_column(String(255), default="")
    postcode: Mapped[str] = mapped_column(String(16), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")
    language: Mapped[str] = mapped_column(String(2), default="fr")
    payment_terms_days: Mapped[int | None]
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    contacts: Mapped[list[Contact]] = relationship(
        primaryjoin="Customer.id == foreign(Contact.customer_id)",
        order_by="Contact.id",
        cascade="all, delete-orphan",
        back_populates="customer",
    )

    @property
    def full_name(self) -> str:
        """The name as printed: company name, or first and last name."""
        return f"{self.first_name} {self.name}".strip()


class Contact(CompanyScoped, Base):
    """A person or mailbox at a customer. The ones that receive invoices are proposed when sending."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("company_id", "id"), company_key("customer", "customer_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(255), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    receives_invoices: Mapped[bool] = mapped_column(default=True)

    customer: Mapped[Customer] = relationship(
        primaryjoin="foreign(Contact.customer_id) == Customer.id", back_populates="contacts"
    )


class NumberSeries(CompanyScoped, Base):
    """One gapless series: prefix and calendar year; locked while a number is given."""

    __tablename__ = "number_series"
    __table_args__ = (UniqueConstraint("company_id", "prefix", "year"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    prefix: Mapped[str] = mapped_column(String(10))
    year: Mapped[int]
    last_number: Mapped[int] = mapped_column(BigInteger, default=0)
    last_date: Mapped[date | None] = mapped_column(Date)


class Document(CompanyScoped, Base):
    """An invoice or a credit note, first a draft, then issued and frozen.

    Issuing fills `number`, `sequence`, `issued_at`, the totals, `regime`, and `seller`, `buyer`, `mentions`: canonical
    JSON copies of the parties and the legal wording as printed. `credits_id` names the invoice a credit note corrects.
    `request_key` makes an editor's page sent twice one draft.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "external_reference"),
        UniqueConstraint("company_id", "request_key"),
        company_key("customer", "customer_id"),
        company_key("document", "credits_id"),
        CheckConstraint("(state = 'issued') = (number IS NOT NULL)", name="numbered_when_issued"),
        CheckConstraint(
            "(kind = 'credit_note') = (credits_id IS NOT NULL)", name="credit_note_names_invoice"
        ),
        CheckConstraint("state = 'draft' OR total_cents >= 0", name="total_not_negative"),
        # No amounts: SQLite would read the company's whole part of it for the balances of five documents.
        Index("ix_document_list", "company_id", "kind", "state", "issue_date", "id"),
        # The months' sums read this one alone.
        Index("ix_document_months", "company_id", "kind", "issue_date", "total_cents", "sequence"),
        Index("ix_document_customer", "company_id", "customer_id"),
        # With the company first: SQLite takes the index that fits all equalities of the tenant’s reads.
        Index("ix_document_credits", "company_id", "credits_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    kind: Mapped[DocumentKind] = mapped_column(enum_type(DocumentKind))
    state: Mapped[DocumentState] = mapped_column(enum_type(DocumentState), default=DocumentState.DRAFT)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    external_reference: Mapped[str | None] = mapped_column(String(100))
    request_key: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2), default="fr")
    prices_include_vat: Mapped[bool] = mapped_column(default=False)
    issue_date: Mapped[date | None] = mapped_column(Date)
    supply_date: Mapped[date | None] = mapped_column(Date)
    due_date: Mapped[date | None] = mapped_column(Date)
    payment_terms_days: Mapped[int | None]
    purchase_order: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    credits_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    number: Mapped[str | None] = mapped_column(String(35))
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    regime: Mapped[VatRegime | None] = mapped_column(enum_type(VatRegime))
    seller: Mapped[str] = mapped_column(Text, default="")
    buyer: Mapped[str] = mapped_column(Text, default="")
    mentions: Mapped[str] = mapped_column(Text, default="")
    net_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    vat_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    rounding_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    total_cents: Mapped[int] = mapped_column(BigInteger, default=0)

    customer: Mapped[Customer] = relationship(
        primaryjoin="foreign(Document.customer_id) == Customer.id", viewonly=True
    )
    credits: Mapped[Document | None] = relationship(
        primaryjoin="foreign(Document.credits_id) == remote(Document.id)", viewonly=True
    )
    created_by: Mapped[User | None] = relationship(viewonly=True)
    lines: Mapped[list[DocumentLine]] = relationship(
        primaryjoin="Document.id == foreign(DocumentLine.document_id)",
        order_by="DocumentLine.position",
        cascade="all, delete-orphan",
    )
    vat_lines: Mapped[list[DocumentVat]] = relationship(
        primaryjoin="Document.id == foreign(DocumentVat.document_id)",
        order_by="(DocumentVat.rate.desc(), DocumentVat.kind)",
        cascade="all, delete-orphan",
    )
    files: Mapped[list[DocumentFile]] = relationship(
        primaryjoin="Document.id == foreign(DocumentFile.document_id)",
        viewonly=True,
        order_by="DocumentFile.id",
    )


class DocumentLine(CompanyScoped, Base):
    """One line. Scaled integers: quantity 4 decimals, unit price 6, discount and VAT rate 1/100 %.

    `amount_cents` is what the line shows (net, or VAT included when the document's prices are); `net_cents` its net.
    """

    __tablename__ = "document_line"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("document_id", "position"),
        company_key("document", "document_id", ondelete="CASCADE"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("discount BETWEEN 0 AND 10000", name="discount_range"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int]
    kind: Mapped[SupplyKind] = mapped_column(enum_type(SupplyKind))
    label: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text, default="")
    quantity: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(String(10), default="C62")
    unit_price: Mapped[int] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(default=0)
    vat_rate: Mapped[int]
    amount_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    net_cents: Mapped[int] = mapped_column(BigInteger, default=0)


class DocumentVat(CompanyScoped, Base):
    """Net and VAT of an issued document at one rate (1/100 %), goods and services apart; VAT is computed per rate."""

    __tablename__ = "document_vat"
    __table_args__ = (
        UniqueConstraint("document_id", "rate", "kind"),
        company_key("document", "document_id", ondelete="CASCADE"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    rate: Mapped[int]
    kind: Mapped[SupplyKind] = mapped_column(enum_type(SupplyKind))
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)


class DocumentFile(CompanyScoped, Base):
    """A file made from an issued document, once; its hash has its own link in the seal."""

    __tablename__ = "document_file"
    __table_args__ = (
        UniqueConstraint("document_id", "kind"),
        company_key("document", "document_id"),
        company_key("stored_file", "stored_file_id"),
        UniqueConstraint("company_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[FileKind] = mapped_column(enum_type(FileKind))
    stored_file_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    stored_file: Mapped[StoredFile] = relationship(
        primaryjoin="foreign(DocumentFile.stored_file_id) == StoredFile.id", viewonly=True
    )


class PaymentLink(CompanyScoped, Base):
    """The one address of an issued invoice, for ever: `/p/<token>`. Replacing a leaked token is a new row."""

    __tablename__ = "payment_link"
    __table_args__ = (
        UniqueConstraint("token"),
        UniqueConstraint("company_id", "id"),
        company_key("document", "document_id"),
        Index("ix_payment_link_document_id", "document_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Sending(CompanyScoped, Base):
    """The decision to send a document: to whom and with which words. A worker turns it into one mail."""

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
