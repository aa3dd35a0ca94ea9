"""What the company chose for its books, as the rest of the product asks it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from accounting.facts import VatRegime
from accounting.models import AccountingSettings, DepositsScheme
from core.database import Base, db
from core.tenancy import COMPANY, execute_scoped

_SETTINGS = Base.metadata.tables["accounting_settings"].c
_ON_DEBITS_FROM = select(_SETTINGS.vat_on_debits_from).where(_SETTINGS.company_id == COMPANY)
# Shared: many may issue at once, but nobody changes the option under them.
_HELD_ON_DEBITS_FROM = _ON_DEBITS_FROM.with_for_update(read=True)

_DEPOSITS = select(_SETTINGS.deposits_scheme).where(_SETTINGS.company_id == COMPANY)


def accounting_settings() -> AccountingSettings:
    """The accounting settings of the company entered."""
    return db.session.scalars(select(AccountingSettings)).one()


def hold_settings() -> AccountingSettings:
    """The same, held as they are until the transaction ends: who changes them waits, and then sees what was posted."""
    held = select(AccountingSettings).with_for_update(read=True).execution_options(populate_existing=True)
    return db.session.scalars(held).one()


def vat_regime_on(day: date, *, is_issuing: bool = False) -> VatRegime:
    """When VAT on services of an invoice of that date is due; issuing freezes the answer on the document.

    The rule is collection; the option for debits holds from the date the company named (CGI art. 269, 2 c).

    Args:
        day: the invoice date.
        is_issuing: hold the answer until the transaction ends, so that the option never begins before an invoice that
            is just being issued without it.
    """
    statement = _HELD_ON_DEBITS_FROM if is_issuing else _ON_DEBITS_FROM
    from_day: date | None = execute_scoped(statement).scalar_one()
    return VatRegime.DEBITS if from_day is not None and day >= from_day else VatRegime.COLLECTION


def books_deposits_when_paid() -> bool:
    """Whether a deposit invoice issued now is booked when it is paid, and not before (docs/decisions/0028)."""
    scheme: DepositsScheme = execute_scoped(_DEPOSITS).scalar_one()
    return scheme is DepositsScheme.WHEN_PAID
