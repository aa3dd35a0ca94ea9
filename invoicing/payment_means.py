"""The means of payment of a company: which ones are offered by hand, their names, and the account each comes in on.

A row is there for what the company changed; the rest stands in `DEFAULTS`. Card payments of PayPlug are none of them:
they are recorded by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from sqlalchemy import BigInteger, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from accounting.facts import Treasury
from accounting.treasury_accounts import TreasuryView, treasury_accounts
from accounting.treasury_models import TreasuryKind
from core.database import Base, BigId, company_key, db, enum_type, version_column
from core.tenancy import CompanyScoped
from invoicing.history_words import METHODS
from invoicing.ledger_facts import TREASURY_OF
from invoicing.payments import PaymentMethod

DEFAULTS: dict[PaymentMethod, bool] = {
    PaymentMethod.TRANSFER: True,
    PaymentMethod.CHEQUE: True,
    PaymentMethod.CASH: True,
    PaymentMethod.CARD_TERMINAL: False,
    PaymentMethod.DIRECT_DEBIT: False,
    PaymentMethod.OTHER: False,
}
"""The means a person may record, and whether they are offered while the company has not said so."""


KINDS: dict[PaymentMethod, tuple[TreasuryKind, ...]] = {
    PaymentMethod.TRANSFER: (TreasuryKind.BANK,),
    PaymentMethod.CHEQUE: (),
    PaymentMethod.CASH: (TreasuryKind.CASH,),
    PaymentMethod.CARD_TERMINAL: (TreasuryKind.BANK, TreasuryKind.IN_TRANSIT),
    PaymentMethod.DIRECT_DEBIT: (TreasuryKind.BANK,),
    PaymentMethod.OTHER: (TreasuryKind.BANK, TreasuryKind.CASH, TreasuryKind.IN_TRANSIT),
}
"""The kinds of treasury account each means may come in on. Cheques always wait on 5112: slips hand in what is there."""


class PaymentMeans(CompanyScoped, Base):
    """What the company chose for one means: its name (empty: the usual one), its account, whether it is offered.

    `treasury_account_id` None: the usual account of the method.
    """

    __tablename__ = "payment_means"
    __table_args__ = (
        UniqueConstraint("company_id", "method"),
        company_key("treasury_account", "treasury_account_id", name="fk_payment_means_treasury_account"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = version_column()
    method: Mapped[PaymentMethod] = mapped_column(enum_type(PaymentMethod))
    label: Mapped[str] = mapped_column(String(60), default="", server_default="")
    treasury_account_id: Mapped[int | None] = mapped_column(BigInteger)
    is_offered: Mapped[bool] = mapped_column(default=True, server_default="1")


@dataclass(frozen=True)
class Means:
    """One means of payment as the company has it. `treasury` is where its money comes in; `chosen_id`: its id, where
    the company named it."""

    method: PaymentMethod
    own_label: str
    is_offered: bool
    treasury: TreasuryView
    version: int
    chosen_id: int | None

    @property
    def label(self) -> LazyString | str:
        """The name people see: the company's, else the usual one."""
        return self.own_label or METHODS[self.method]


def payment_means() -> list[Means]:
    """Every means of the company, in their usual order, those that are not offered as well."""
    rows = {row.method: row for row in db.session.scalars(select(PaymentMeans))}
    by_id = {account.id: account for account in treasury_accounts(closed=True)}
    by_role = {account.role: account for account in by_id.values() if account.role is not None}
    means = []
    for method, is_offered in DEFAULTS.items():
        row = rows.get(method)
        chosen = by_id.get(row.treasury_account_id) if row and row.treasury_account_id else None
        usual = by_role[TREASURY_OF[method]]
        means.append(
            Means(
                method,
                row.label if row else "",
                row.is_offered if row else is_offered,
                chosen or usual,
                row.version if row else 1,
                chosen.id if chosen else None,
            )
        )
    return means


def method_names() -> dict[PaymentMethod, LazyString | str]:
    """What pages call each method: the company's name for it, else the usual one."""
    named = db.session.execute(
        select(PaymentMeans.method, PaymentMeans.label).where(PaymentMeans.label != "")
    )
    return {**METHODS, **{row.method: row.label for row in named}}


def possible_accounts(method: PaymentMethod) -> list[TreasuryView]:
    """The open treasury accounts that money of this means may come in on."""
    kinds = KINDS.get(method, ())
    return (
        [account for account in treasury_accounts(*kinds) if account.role is not Treasury.CHEQUES]
        if kinds
        else []
    )


def chosen_treasury_id(method: PaymentMethod) -> int | None:
    """The treasury account the company chose for a means; None for its usual one."""
    return db.session.scalars(
        select(PaymentMeans.treasury_account_id).where(PaymentMeans.method == method)
    ).one_or_none()


def offered_means() -> list[Means]:
    """The means among which a person chooses when she records a payment."""
    return [means for means in payment_means() if means.is_offered]
