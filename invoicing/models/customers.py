"""Customers and the people there."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, company_key, enum_type, version_column
from core.tenancy import CompanyScoped
from invoicing.vat_categories import VatCase


class CustomerKind(StrEnum):
    """A business or a public body (SIREN, clauses between professionals) or an individual (none of them).

    Whether it is in France, in the EU or beyond follows from its country.
    """

    BUSINESS = "business"
    INDIVIDUAL = "individual"
    PUBLIC = "public"


class CustomerCounter(CompanyScoped, Base):
    """The last customer number given (C00001…), locked while the next is given."""

    __tablename__ = "customer_counter"
    __table_args__ = (UniqueConstraint("company_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger, default=0)


class Customer(CompanyScoped, Base):
    """Who is invoiced. Documents copy what they need at issue, so this row may change freely.

    `delivery_*` is where goods go when that is not the address of billing (empty: it is). `vat_case` and `vat_ground`
    are proposed on its documents; none: the company's. `ledger_account` is its own account 41… instead of the
    collective one. `einvoice_address` is its address on a platform (BT-49, scheme 0225); empty: its SIREN.
    `search_text` is what the search reads: names and numbers without accents, in small letters. `request_key` makes a
    form sent twice one customer; `merged_into_id` names the customer that took its place.
    """

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "external_reference"),
        Index("ix_customer_name", "company_id", "name"),
        # An index, not a constraint: SQLite can add it without rebuilding a table that others point to.
        Index("ix_customer_request_key", "company_id", "request_key", unique=True),
        company_key("customer", "merged_into_id"),
        Index("ix_customer_merged_into", "company_id", "merged_into_id"),
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
    siret: Mapped[str] = mapped_column(String(14), default="")
    vat_number: Mapped[str] = mapped_column(String(20), default="")
    einvoice_address: Mapped[str] = mapped_column(String(125), default="")
    address1: Mapped[str] = mapped_column(String(255), default="")
    address2: Mapped[str] = mapped_column(String(255), default="")
    postcode: Mapped[str] = mapped_column(String(16), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")
    delivery_name: Mapped[str] = mapped_column(String(255), default="")
    delivery_address1: Mapped[str] = mapped_column(String(255), default="")
    delivery_address2: Mapped[str] = mapped_column(String(255), default="")
    delivery_postcode: Mapped[str] = mapped_column(String(16), default="")
    delivery_city: Mapped[str] = mapped_column(String(100), default="")
    delivery_country: Mapped[str] = mapped_column(String(2), default="")
    language: Mapped[str] = mapped_column(String(2), default="fr")
    payment_terms_days: Mapped[int | None]
    vat_case: Mapped[VatCase | None] = mapped_column(enum_type(VatCase))
    vat_ground: Mapped[str] = mapped_column(String(40), default="")
    ledger_account: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    search_text: Mapped[str] = mapped_column(Text, default="")
    merged_into_id: Mapped[int | None] = mapped_column(BigInteger)
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
    mobile: Mapped[str] = mapped_column(String(40), default="")
    receives_invoices: Mapped[bool] = mapped_column(default=True)

    customer: Mapped[Customer] = relationship(
        primaryjoin="foreign(Contact.customer_id) == Customer.id", back_populates="contacts"
    )


class CustomerMerge(CompanyScoped, Base):
    """One customer taken into another: what is invoiced later goes to `target_id`; entries posted keep their code."""

    __tablename__ = "customer_merge"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("source_id"),
        company_key("customer", "source_id"),
        company_key("customer", "target_id"),
        CheckConstraint("source_id <> target_id", name="two_customers"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int] = mapped_column(BigInteger)
    target_id: Mapped[int] = mapped_column(BigInteger)
    merged_on: Mapped[date] = mapped_column(Date)
    merged_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    merged_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
