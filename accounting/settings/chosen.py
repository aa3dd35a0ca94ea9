"""What the company chose for its books, as the rest of the product asks it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from accounting.facts import VatRegime
from accounting.models import AccountingSettings
from core.database import Base, db
from core.tenancy import COMPANY, execute_scoped

_SETTINGS = Base.metadata.tables["accounting_settings"].c
_ON_DEBITS_FROM = select(_SETTINGS.vat_on_debits_from).where(_SETTINGS.company_id == COMPANY)


def accounting_settings() -> AccountingSettings:
    """The accounting settings of the company entered."""
    return db.session.scalars(select(AccountingSettings)).one()


def vat_regime_on(day: date) -> VatRegime:
    """When VAT on services of an invoice of that date is due; issuing freezes the answer on the document.

    The rule is collection; the option for debits holds from the date the company named (CGI art. 269, 2 c).
    """
    from_day: date | None = execute_scoped(_ON_DEBITS_FROM).scalar_one()
    return VatRegime.DEBITS if from_day is not None and day >= from_day else VatRegime.COLLECTION
