"""The catalogue: what the company sells again and again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from accounting.facts import SupplyKind
from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, enum_type
from core.tenancy import CompanyScoped


class Item(CompanyScoped, Base):
    """Goods or a service with its usual price. Lines copy it: a later change touches no document.

    `unit_price` has 6 decimals, net or VAT included as `price_includes_vat` says. `sales_account` is the ledger
    account of its sales instead of the role's. `search_text` is what the search reads: no accents, small letters.
    """

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "code"),
        UniqueConstraint("company_id", "request_key"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        Index("ix_item_label", "company_id", "label"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str | None] = mapped_column(String(40))
    request_key: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[SupplyKind] = mapped_column(enum_type(SupplyKind))
    label: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text, default="")
    unit: Mapped[str] = mapped_column(String(10), default="C62")
    unit_price: Mapped[int] = mapped_column(BigInteger)
    price_includes_vat: Mapped[bool] = mapped_column(default=False)
    vat_rate: Mapped[int]
    vat_ground: Mapped[str] = mapped_column(String(40), default="")
    sales_account: Mapped[str] = mapped_column(String(20), default="")
    search_text: Mapped[str] = mapped_column(Text, default="")
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
