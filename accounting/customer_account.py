"""A customer's own account 41…: its number checked, the account made when the chart has none of that number.

Called by invoicing when a customer is saved, and by `record` for the entries of that customer.
"""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.errors import AccountingError
from accounting.models import Account, CustomerAccounts
from accounting.roles import AccountRole
from core.database import db
from core.insert_missing import insert_missing
from core.tenancy import current_company_id

LONGEST_LABEL = 100
# PCG art. 944-41: customers are accounts 41; 411 is where invoices stand.
_NUMBER = re.compile(r"411[0-9A-Z]{0,14}")
_NO_CODE = re.compile(r"[^0-9A-Z]")
_LONGEST_CODE = 14
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f|]")


def checked_account_number(number: str) -> str:
    """The number of a customer's own account in capitals; empty for none.

    Raises:
        AccountingError: it is no account for a customer.
    """
    clean = number.strip().upper()
    if clean and not _NUMBER.fullmatch(clean):
        raise AccountingError(
            _l("A customer’s account begins with 411 and has at most 17 digits and capital letters."),
            field="ledger_account",
        )
    return clean


def own_account_number(chosen: CustomerAccounts, code: str) -> str:
    """The number of a customer's own account, from its code (C00012); empty where one account holds all customers.

    Unique, as codes are: 411C00012, or eight digits (41100012) for accounting software that takes no more.
    """
    match chosen:
        case CustomerAccounts.COLLECTIVE:
            return ""
        case CustomerAccounts.BY_CODE:
            return f"411{_NO_CODE.sub('', code.upper())[:_LONGEST_CODE]}"
        case CustomerAccounts.BY_DIGITS:
            return f"411{''.join(filter(str.isdecimal, code)):0>5}"


def ensure_customer_account(number: str, label: str) -> int:
    """The id of the account of that number; made with the customer's name when the chart has none.

    Raises:
        AccountingError: the account is used for something other than customers.
    """
    statement = select(Account.id, Account.role).where(Account.number == number)
    found = db.session.execute(statement).one_or_none()
    if found is None:
        name = _UNPRINTABLE.sub(" ", label)[:LONGEST_LABEL].strip() or number
        insert_missing(Account, company_id=current_company_id(), number=number, label=name)
        found = db.session.execute(statement).one()
    if found.role not in (None, AccountRole.CUSTOMERS.value):
        raise AccountingError(
            _l("Account %(number)s is used for something else already.", number=number),
            field="ledger_account",
        )
    return int(found.id)
