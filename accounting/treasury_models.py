"""The rows of the treasury: every account that money comes in on, with the journal it is kept in.

Written by `ensure_books`, `save_treasury_account` and `assign_account`; read through `treasury_accounts`.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounting.facts import Treasury
from accounting.models import Account, Journal
from core.database import Base, BigId, company_key, enum_type, version_column
from core.tenancy import CompanyScoped


class TreasuryKind(StrEnum):
    """What stands behind a treasury account; decides how its number begins (plan comptable général, class 5)."""

    BANK = "bank"
    CASH = "cash"
    IN_TRANSIT = "in_transit"
    WALLET = "wallet"


class TreasuryAccount(CompanyScoped, Base):
    """A bank, a cash desk, the processor's wallet, or what is on its way to a bank (cheques, cards of a terminal).

    `role` is set on the first of each kind: what is booked there by default, on the account that plays the role of that
    name. `is_open` False: not offered any more; what stands on it stays. An account in transit shares a bank's journal.
    """

    __tablename__ = "treasury_account"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("company_id", "account_id"),
        UniqueConstraint("company_id", "role"),
        company_key("account", "account_id"),
        company_key("journal", "journal_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    kind: Mapped[TreasuryKind] = mapped_column(enum_type(TreasuryKind))
    role: Mapped[Treasury | None] = mapped_column(enum_type(Treasury))
    account_id: Mapped[int] = mapped_column(BigInteger)
    journal_id: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(60))
    iban: Mapped[str] = mapped_column(String(34), default="", server_default="")
    is_open: Mapped[bool] = mapped_column(default=True, server_default="1")

    account: Mapped[Account] = relationship(
        primaryjoin="foreign(TreasuryAccount.account_id) == Account.id", viewonly=True
    )
    journal: Mapped[Journal] = relationship(
        primaryjoin="foreign(TreasuryAccount.journal_id) == Journal.id", viewonly=True
    )
