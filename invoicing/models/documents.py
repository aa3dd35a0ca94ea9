"""Quotes, invoices and credit notes. Rows of an issued one never change: triggers hold that (`invoicing/triggers.py`).

They are one table: they have the same lines, numbers, seal and files; `kind` tells them apart. What is owed and paid
is in `invoicing/payments.py`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounting.facts import SupplyKind, VatRegime
from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type, version_column
from core.models import User
from core.tenancy import CompanyScoped
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType, LineRole
from invoicing.models.customers import Customer
from invoicing.models.files import DocumentFile
from invoicing.vat_categories import VatCase, VatCategory


class Document(CompanyScoped, Base):
    """An invoice or a credit note, first a draft, then issued and frozen.

    Issuing fills `number`, `sequence`, `issued_at`, the totals, `regime`, and `seller`, `buyer`, `mentions`: canonical
    JSON copies of the parties and the legal wording as printed. `credits_id` names the invoice a credit note corrects.
    `request_key` makes an editor's page sent twice one draft.

    `vat_case` decides category, wording and reason of every line; `vat_ground` names the provision where the case has
    several (`invoicing/vat_cases`). `quote_id` is the quote an invoice came from. A discount on the whole is
    `discount_rate` (1/100 %) or `discount_cents`, never both. `delivery` is canonical JSON of an address, empty for
    none; `attachments` a JSON list of stored files (name, SHA-256, media type) that go along in mails. A recurring
    document is a pattern that is never issued: invoices are copied from it. `is_later_discount` is true for a credit
    note that grants a reduction after the sale, false for one that cancels what was sold.
    `booked_when_paid`: a deposit invoice of which the books have nothing until it is paid or deducted
    (docs/decisions/0028); issuing decides it.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "external_reference"),
        UniqueConstraint("company_id", "request_key"),
        company_key("customer", "customer_id"),
        company_key("document", "credits_id"),
        company_key("document", "quote_id"),
        CheckConstraint("(state = 'issued') = (number IS NOT NULL)", name="numbered_when_issued"),
        CheckConstraint(
            "(kind = 'credit_note') = (credits_id IS NOT NULL)", name="credit_note_names_invoice"
        ),
        CheckConstraint("state = 'draft' OR total_cents >= 0", name="total_not_negative"),
        CheckConstraint("kind <> 'recurring' OR state = 'draft'", name="pattern_never_issued"),
        CheckConstraint("discount_rate BETWEEN 0 AND 10000", name="discount_rate_range"),
        CheckConstraint("discount_cents >= 0", name="discount_not_negative"),
        CheckConstraint("discount_rate = 0 OR discount_cents = 0", name="one_discount"),
        # No amounts: SQLite would read the company's whole part of it for the balances of five documents.
        Index("ix_document_list", "company_id", "kind", "state", "issue_date", "id"),
        # The months' sums read this one alone.
        Index("ix_document_months", "company_id", "kind", "issue_date", "total_cents", "sequence"),
        Index("ix_document_customer", "company_id", "customer_id"),
        # With the company first: SQLite takes the index that fits all equalities of the tenant’s reads.
        Index("ix_document_credits", "company_id", "credits_id"),
        Index("ix_document_quote", "company_id", "quote_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    kind: Mapped[DocumentKind] = mapped_column(enum_type(DocumentKind))
    invoice_type: Mapped[InvoiceType] = mapped_column(enum_type(InvoiceType), default=InvoiceType.STANDARD)
    state: Mapped[DocumentState] = mapped_column(enum_type(DocumentState), default=DocumentState.DRAFT)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    external_reference: Mapped[str | None] = mapped_column(String(100))
    request_key: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2), default="fr")
    prices_include_vat: Mapped[bool] = mapped_column(default=False)
    vat_case: Mapped[VatCase] = mapped_column(enum_type(VatCase), default=VatCase.STANDARD)
    vat_ground: Mapped[str] = mapped_column(String(40), default="")
    discount_rate: Mapped[int] = mapped_column(default=0)
    discount_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    discount_label: Mapped[str] = mapped_column(String(255), default="")
    issue_date: Mapped[date | None] = mapped_column(Date)
    supply_date: Mapped[date | None] = mapped_column(Date)
    period_start: Mapped[date | None] = mapped_column(Date)
    period_end: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    due_date: Mapped[date | None] = mapped_column(Date)
    payment_terms_days: Mapped[int | None]
    purchase_order: Mapped[str] = mapped_column(String(100), default="")
    buyer_reference: Mapped[str] = mapped_column(String(100), default="")
    contract_reference: Mapped[str] = mapped_column(String(100), default="")
    delivery: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    conditions: Mapped[str] = mapped_column(Text, default="")
    attachments: Mapped[str] = mapped_column(Text, default="[]")
    quote_id: Mapped[int | None] = mapped_column(BigInteger)
    credits_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(255), default="")
    is_later_discount: Mapped[bool] = mapped_column(default=False, server_default=false())
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
    booked_when_paid: Mapped[bool] = mapped_column(default=False, server_default="0")

    @property
    def is_taken_over(self) -> bool:
        """True for what was still open in other software (`OpeningItem`), and for what takes that back: no document of
        this company's series, so it has a number and no rank in one, no VAT of its own and no e-invoice."""
        return self.state is DocumentState.ISSUED and self.sequence is None

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

    `amount_cents` is what the line shows (net, or VAT included when the document's prices are); `net_cents` its net,
    before a discount on the whole document. Headings and sub-totals have a role and a label, no amounts; an option of
    a quote counts when it is chosen. `vat_ground` exempts this line alone; `sales_account` is the ledger account it
    was given instead of its role's. `deposit_id` names the deposit invoice that a line of a final invoice deducts.
    """

    __tablename__ = "document_line"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("document_id", "position"),
        company_key("document", "document_id", ondelete="CASCADE"),
        company_key("document", "deposit_id"),
        company_key("item", "item_id"),
        CheckConstraint("(role = 'deposit') = (deposit_id IS NOT NULL)", name="deduction_names_deposit"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("discount BETWEEN 0 AND 10000", name="discount_range"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int]
    role: Mapped[LineRole] = mapped_column(enum_type(LineRole), default=LineRole.ITEM)
    kind: Mapped[SupplyKind] = mapped_column(enum_type(SupplyKind))
    label: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text, default="")
    quantity: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(String(10), default="C62")
    unit_price: Mapped[int] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(default=0)
    vat_rate: Mapped[int]
    vat_ground: Mapped[str] = mapped_column(String(40), default="")
    sales_account: Mapped[str] = mapped_column(String(20), default="")
    item_id: Mapped[int | None] = mapped_column(BigInteger)
    deposit_id: Mapped[int | None] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    net_cents: Mapped[int] = mapped_column(BigInteger, default=0)


class DocumentVat(CompanyScoped, Base):
    """Net and VAT of an issued document at one rate (1/100 %), of one category; VAT is computed per rate and category.

    Goods and services stand apart, and so do lines with a ledger account of their own and deposits deducted.
    `discount_cents` is what a discount on the whole document takes off here; `net_cents` is after it.
    """

    __tablename__ = "document_vat"
    __table_args__ = (
        UniqueConstraint(
            "document_id",
            "rate",
            "kind",
            "category",
            "ground",
            "account",
            "is_deposit",
            name="uq_document_vat_part",
        ),
        company_key("document", "document_id", ondelete="CASCADE"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    rate: Mapped[int]
    kind: Mapped[SupplyKind] = mapped_column(enum_type(SupplyKind))
    category: Mapped[VatCategory] = mapped_column(enum_type(VatCategory), default=VatCategory.STANDARD)
    ground: Mapped[str] = mapped_column(String(40), default="")
    account: Mapped[str] = mapped_column(String(20), default="")
    is_deposit: Mapped[bool] = mapped_column(default=False)
    discount_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)


class DepositUse(CompanyScoped, Base):
    """A final invoice deducts a deposit invoice. Once: a second time only after the final invoice was credited in
    full.

    `generation` is 1 for the first use and one more for each use after a credited one; unique, so that two final
    invoices issued at once cannot deduct the same deposit. `last_note_id` is the last credit note of the deposit then:
    what it and earlier ones left is what is deducted.
    """

    __tablename__ = "deposit_use"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("deposit_id", "generation"),
        company_key("document", "deposit_id"),
        company_key("document", "final_id"),
        Index("ix_deposit_use_final_id", "final_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    deposit_id: Mapped[int] = mapped_column(BigInteger)
    final_id: Mapped[int] = mapped_column(BigInteger)
    generation: Mapped[int]
    last_note_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
