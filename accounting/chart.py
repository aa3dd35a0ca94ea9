"""The chart of accounts of the company entered: which account plays which role, and the journals.

Posting reads it through `read_chart`, once per transaction. `ensure_books` gives a new company its books.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import String, cast, null, select, union_all

from accounting.drafts import TREASURY
from accounting.facts import Treasury
from accounting.models import (
    Account,
    AccountingSettings,
    CustomerAccounts,
    Journal,
    JournalKind,
    SalesExtension,
)
from accounting.roles import PLAIN_ACCOUNTS, RATE_DEFAULTS, ROLES, AccountRole, JournalCode, role_key
from accounting.treasury_models import TreasuryAccount, TreasuryKind
from core.database import Base, db
from core.tenancy import COMPANY, execute_scoped

_CACHE = "accounting_chart"

# Labels are French: the books of a French company are (Code de commerce, art. L123-22).
JOURNALS: tuple[tuple[JournalCode, str, JournalKind], ...] = (
    (JournalCode.SALES, "Ventes", JournalKind.SALES),
    (JournalCode.WALLET, "PayPlug", JournalKind.TREASURY),
    (JournalCode.BANK, "Banque", JournalKind.TREASURY),
    (JournalCode.CASH, "Caisse", JournalKind.TREASURY),
    (JournalCode.GENERAL, "Opérations diverses", JournalKind.GENERAL),
    (JournalCode.OPENING, "À-nouveaux", JournalKind.OPENING),
    (JournalCode.PURCHASES, "Achats", JournalKind.PURCHASES),
)


class MissingRoleError(LookupError):
    """No account plays this role: the company's books were never set up."""


@dataclass(frozen=True)
class Chart:
    """What posting needs to know: account ids by role, their numbers by id, journal ids by role, their codes by id.

    An account that plays no role any more is in none of them: what is open on it stays there.
    """

    accounts: dict[str, int]
    numbers: dict[int, str]
    journals: dict[str, int]
    codes: dict[int, str]
    sales_extension: SalesExtension
    customer_accounts: CustomerAccounts

    def account_id(self, role: AccountRole, vat_rate: int | None = None) -> int:
        """The account of a role; the one of that VAT rate (1/100 %) when the company chose one, else the general one.

        While no account plays it, the role that stands for it is asked (`RoleDefault.instead`).

        Raises:
            MissingRoleError: no account plays the role.
        """
        by_rate = self.accounts.get(role_key(role, vat_rate)) if vat_rate is not None else None
        found = by_rate or self.accounts.get(role.value)
        if found is None:
            instead = ROLES[role].instead
            if instead is not None:
                return self.account_id(instead, vat_rate)
            raise MissingRoleError(f"no account plays the role {role}; were the books set up?")
        return found

    def journal_code(self, journal_id: int) -> str:
        """The code of a journal of the company."""
        return self.codes[journal_id]


# Every posting reads them, so they go past the ORM and name the company themselves.
_ACCOUNTS, _JOURNALS, _SETTINGS = (
    Base.metadata.tables[name].c for name in ("account", "journal", "accounting_settings")
)
_BEFORE_SETTINGS = (SalesExtension.NONE, CustomerAccounts.COLLECTIVE)
"""While a company is just being given its books."""
_CHART = union_all(
    select(_ACCOUNTS.id, _ACCOUNTS.role, _ACCOUNTS.number, null()).where(
        _ACCOUNTS.company_id == COMPANY, _ACCOUNTS.role.is_not(None)
    ),
    select(_JOURNALS.id, _JOURNALS.role, null(), _JOURNALS.code).where(_JOURNALS.company_id == COMPANY),
    select(
        null(), cast(_SETTINGS.sales_extension, String), cast(_SETTINGS.customer_accounts, String), null()
    ).where(_SETTINGS.company_id == COMPANY),
)


def read_chart() -> Chart:
    """The chart of the company entered, read once per transaction (a change by another one is seen by the next)."""
    session = db.session()
    transaction = session.get_transaction()
    cached: tuple[Any, Chart] | None = session.info.get(_CACHE)
    if cached is not None and transaction is not None and cached[0] is transaction:
        return cached[1]
    rows = execute_scoped(_CHART).all()
    extension, customers = next(
        ((first, second) for id_, first, second, _ in rows if id_ is None), _BEFORE_SETTINGS
    )
    chart = Chart(
        accounts={role: id_ for id_, role, number, code in rows if id_ and code is None},
        numbers={id_: number for id_, _, number, code in rows if id_ and code is None},
        journals={role: id_ for id_, role, _, code in rows if code is not None and role is not None},
        codes={id_: code for id_, _, _, code in rows if code is not None},
        sales_extension=SalesExtension(extension),
        customer_accounts=CustomerAccounts(customers),
    )
    session.info[_CACHE] = (session.get_transaction(), chart)
    return chart


def forget_chart() -> None:
    """Read the chart again the next time: called by whoever changed it in this transaction."""
    db.session().info.pop(_CACHE, None)


def account_for(role: AccountRole, vat_rate: int | None = None) -> Account:
    """The account of a role, or of a role at one VAT rate (1/100 %).

    Raises:
        MissingRoleError: no account plays the role.
    """
    return db.session.get_one(Account, read_chart().account_id(role, vat_rate))


def ensure_books(
    *, fiscal_year_end_month: int = 12, vat_on_debits_from: date | None = None
) -> AccountingSettings:
    """Give the company entered its accounts, journals and accounting settings; what is there already stays.

    Args:
        fiscal_year_end_month: month (1-12) on whose last day the financial year ends.
        vat_on_debits_from: first invoice date under the option for VAT on debits; None: VAT on collection.
    """
    _ensure_accounts()
    _ensure_journals()
    forget_chart()
    _ensure_treasury()
    settings = db.session.scalars(select(AccountingSettings)).one_or_none()
    if settings is None:
        settings = AccountingSettings(
            fiscal_year_end_month=fiscal_year_end_month, vat_on_debits_from=vat_on_debits_from
        )
        db.session.add(settings)
    db.session.flush()
    return settings


def _ensure_accounts() -> None:
    accounts = list(db.session.scalars(select(Account)))
    roles = {account.role for account in accounts}
    numbers = {account.number for account in accounts}
    # A default that the company gave to another role, or a rate account it gave up, is not brought back.
    general_only = bool(accounts)
    for key, number, label in _default_accounts():
        is_for_rate = ":" in key
        if key in roles or number in numbers or (is_for_rate and general_only):
            continue
        db.session.add(Account(number=number, label=label, role=key))
    for number, label in PLAIN_ACCOUNTS:
        if number not in numbers:
            db.session.add(Account(number=number, label=label))
    db.session.flush()


def _default_accounts() -> Iterator[tuple[str, str, str]]:
    for default in ROLES.values():
        yield role_key(default.role), default.number, default.label
    for (role, vat_rate), (number, label) in RATE_DEFAULTS.items():
        yield role_key(role, vat_rate), number, label


def _ensure_journals() -> None:
    present = set(db.session.scalars(select(Journal.role)))
    for code, label, kind in JOURNALS:
        if code not in present:
            db.session.add(Journal(code=code.value, label=label, kind=kind, role=code.value))
    db.session.flush()


_TREASURY_KINDS = {
    Treasury.BANK: TreasuryKind.BANK,
    Treasury.CASH: TreasuryKind.CASH,
    Treasury.CHEQUES: TreasuryKind.IN_TRANSIT,
    Treasury.PAYPLUG: TreasuryKind.WALLET,
}


def _ensure_treasury() -> None:
    present = set(db.session.scalars(select(TreasuryAccount.role)))
    chart = read_chart()
    for treasury, (journal, role) in TREASURY.items():
        if treasury not in present:
            db.session.add(
                TreasuryAccount(
                    kind=_TREASURY_KINDS[treasury], role=treasury, label=ROLES[role].label,
                    account_id=chart.account_id(role), journal_id=chart.journals[journal],
                )
            )  # fmt: skip
    db.session.flush()
