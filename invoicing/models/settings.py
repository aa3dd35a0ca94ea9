"""How a company invoices: its settings, its own VAT rates, its number series."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, BigId, company_key, enum_type, version_column
from core.tenancy import CompanyScoped
from invoicing.vat_categories import VatCase


class InvoicingSettings(CompanyScoped, Base):
    """How the company invoices. Changes are logged and hold for documents issued later.

    `late_penalty` is the rate as printed; `discount_terms` the early-payment terms (C. com. L441-9). `vat_case` is
    what a new document begins with (a company under the franchise chooses it once). `mediator` is printed for
    consumers (C. conso. L616-1), `insurance` by trades that must name theirs. `einvoice_address` is the seller's own
    (BT-34); empty: the SIREN.

    `difference_limit_cents`: how much a payment may be short or too much for a person to let it be. `discount_rate`
    (1/100 %) and `discount_days` after the invoice date: the early-payment discount that is proposed when a payment
    comes in short; 0 for none. `early_payment_months`: a payment dated more months before the first entry and the
    first document is asked about.
    """

    __tablename__ = "invoicing_settings"
    __table_args__ = (UniqueConstraint("company_id"), company_key("stored_file", "logo_file_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    invoice_prefix: Mapped[str] = mapped_column(String(10), default="F")
    credit_note_prefix: Mapped[str] = mapped_column(String(10), default="A")
    payment_terms_days: Mapped[int] = mapped_column(default=30)
    backdating_days: Mapped[int] = mapped_column(default=20)
    late_penalty: Mapped[str] = mapped_column(String(200), default="")
    discount_terms: Mapped[str] = mapped_column(String(200), default="")
    discount_rate: Mapped[int] = mapped_column(default=0)
    discount_days: Mapped[int] = mapped_column(default=0)
    difference_limit_cents: Mapped[int] = mapped_column(BigInteger, default=100)
    early_payment_months: Mapped[int] = mapped_column(default=12, server_default="12")
    quote_prefix: Mapped[str] = mapped_column(String(10), default="D")
    quote_validity_days: Mapped[int] = mapped_column(default=30)
    vat_case: Mapped[VatCase] = mapped_column(enum_type(VatCase), default=VatCase.STANDARD)
    vat_ground: Mapped[str] = mapped_column(String(40), default="")
    mediator: Mapped[str] = mapped_column(Text, default="")
    insurance: Mapped[str] = mapped_column(Text, default="")
    einvoice_address: Mapped[str] = mapped_column(String(125), default="")
    logo_file_id: Mapped[int | None] = mapped_column(BigInteger)


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


class NumberSeries(CompanyScoped, Base):
    """One gapless series: prefix and calendar year; locked while a number is given."""

    __tablename__ = "number_series"
    __table_args__ = (UniqueConstraint("company_id", "prefix", "year"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    prefix: Mapped[str] = mapped_column(String(10))
    year: Mapped[int]
    last_number: Mapped[int] = mapped_column(BigInteger, default=0)
    last_date: Mapped[date | None] = mapped_column(Date)
