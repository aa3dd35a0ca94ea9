"""Sales accounts beside those of the roles: for items and lines that are to be seen apart in the books."""

from __future__ import annotations

import re

from sqlalchemy import select

from accounting.chart import forget_chart
from accounting.models import Account
from core.database import db
from core.insert_missing import insert_missing
from core.tenancy import current_company_id

LONGEST_NUMBER = 17
LONGEST_LABEL = 100
_NUMBER = re.compile(r"70[0-9][0-9A-Z]{0,14}")


def is_sales_account(number: str) -> bool:
    """Whether a number can be that of a sales account: 70… of the French chart of accounts, capitals and digits."""
    return _NUMBER.fullmatch(number) is not None


def checked_number(text: str) -> str | None:
    """A number as typed, in capitals without blanks; empty for nothing, None for what can be no sales account."""
    number = "".join(text.upper().split())
    return number if not number or is_sales_account(number) else None


def sales_account_numbers() -> list[str]:
    """The numbers of the company's sales accounts, in their order."""
    return list(
        db.session.scalars(
            select(Account.number).where(Account.number.startswith("70")).order_by(Account.number)
        )
    )


def ensure_sales_account(number: str, *, of: str = "", vat_rate: int = 0) -> None:
    """Make the sales account of that number, when the company has none yet; its name can be changed in the settings.

    Args:
        number: the account.
        of: the account whose name it takes, told apart by `vat_rate` (1/100 %); empty: it is named by its number.

    Raises:
        AssertionError: it can be no sales account; the caller has checked it.
    """
    assert is_sales_account(number), number
    if db.session.scalars(select(Account.id).where(Account.number == number)).first() is None:
        # French, as all names in the books (Code de commerce, art. L123-22).
        label = _label_at_rate(of, vat_rate) or f"Ventes {number}"
        insert_missing(Account, company_id=current_company_id(), number=number, label=label)
        forget_chart()


def _label_at_rate(of: str, vat_rate: int) -> str:
    label = of and db.session.scalars(select(Account.label).where(Account.number == of)).first()
    if not label:
        return ""
    whole, hundredths = divmod(vat_rate, 100)
    per_cent = f"{whole},{hundredths:02d}".rstrip("0").rstrip(",")
    return f"{label[: LONGEST_LABEL - 9]} {per_cent}\u00a0%"


def sales_account_id(number: str) -> int:
    """The id of the sales account of that number; made when the company has none yet."""
    ensure_sales_account(number)
    return db.session.scalars(select(Account.id).where(Account.number == number)).one()
