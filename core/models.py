"""Companies, the people who work in them, and what they may do there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, enum_type, version_column

LARGEST_CAPITAL_CENTS = 10**14


class Role(StrEnum):
    """What a member may do in one company (the table of `docs/ARCHITECTURE.md`)."""

    OWNER = "owner"
    STAFF = "staff"
    ACCOUNTANT = "accountant"
    VIEWER = "viewer"


class Company(Base):
    """The tenant: one business, the seller of every document it issues.

    `is_demo` is set when it is made and never changes: only a demo company may use a PayPlug address that is not
    PayPlug's own, so that false money never reaches real books.
    """

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    name: Mapped[str] = mapped_column(String(255))
    legal_form: Mapped[str] = mapped_column(String(60), default="")
    share_capital_cents: Mapped[int | None] = mapped_column(BigId)
    siren: Mapped[str] = mapped_column(String(9), unique=True)
    siret: Mapped[str] = mapped_column(String(14), default="")
    vat_number: Mapped[str] = mapped_column(String(20), default="")
    registration: Mapped[str] = mapped_column(String(120), default="")
    address1: Mapped[str] = mapped_column(String(255))
    address2: Mapped[str] = mapped_column(String(255), default="")
    postcode: Mapped[str] = mapped_column(String(16))
    city: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2), default="FR")
    email: Mapped[str] = mapped_column(String(255), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    website: Mapped[str] = mapped_column(String(255), default="")
    iban: Mapped[str] = mapped_column(String(34), default="")
    bic: Mapped[str] = mapped_column(String(11), default="")
    colour: Mapped[str] = mapped_column(String(7), default="#1f5f5b")
    legal_notice: Mapped[str] = mapped_column(Text, default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    memberships: Mapped[list[Membership]] = relationship(back_populates="company")


class User(UserMixin, Base):
    """A person who signs in. What she may do is in her memberships, one per company."""

    __tablename__ = "app_user"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(2), default="fr")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    memberships: Mapped[list[Membership]] = relationship(back_populates="user")

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]  # a column elsewhere, a constant here
        """Flask-Security's own roles: none, ours are per company."""
        return []


class Membership(Base):
    """One person's role in one company.

    `uses_cards` is false for who may not use the card processor, whatever the role says.
    """

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("company_id", "user_id"), Index("ix_membership_user_id", "user_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    role: Mapped[Role] = mapped_column(enum_type(Role))
    uses_cards: Mapped[bool] = mapped_column(default=True, server_default=true())

    company: Mapped[Company] = relationship(back_populates="memberships")
    user: Mapped[User] = relationship(back_populates="memberships")
