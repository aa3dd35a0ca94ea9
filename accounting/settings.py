"""What the company chose for its books, as the rest of the product asks it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from accounting.facts import VatRegime
from accounting.models import AccountingSettings
from core.database import db


def accounting_settings() -> AccountingSettings:
    """The accounting settings of the company entered."""
    return db.session.scalars(select(AccountingSettings)).one()


def vat_regime_on(day: date) -> VatRegime:
    """When VAT on services of an invoice of that date is due; issuing freezes the answer on the document.

    The rule is collection; the option for debits holds from the date the company named (CGI art. 269, 2 c).
    """
    from_day = accounting_settings().vat_on_debits_from
    return VatRegime.DEBITS if from_day is not None and day >= from_day else VatRegime.COLLECTION
