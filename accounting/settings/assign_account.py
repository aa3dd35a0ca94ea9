"""Choose another account for a role. Called by the accounting settings; logged, never retroactive.

What was posted stays where it is: a number is never changed, the role goes to another account. Documents that are
still open keep being paid on the accounts they were posted on (`posting_rules`).
"""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from accounting.chart import forget_chart
from accounting.errors import AccountingError
from accounting.models import Account, AccountingSettings
from accounting.roles import ROLES, AccountRole, role_key
from accounting.treasury_models import TreasuryAccount
from core.database import db, lock
from core.event_log import record_event
from core.insert_missing import insert_missing
from core.tenancy import current_company_id

LONGEST_LABEL = 100
_NUMBER = re.compile(r"[0-9]{3}[0-9A-Z]{0,14}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f|]")


def assign_account(
    role: AccountRole,
    number: str,
    label: str,
    *,
    vat_rate: int | None = None,
    seen: str | None = None,
    actor_id: int | None = None,
) -> Account | None:
    """Give the role the account of that number, made when it is new; what already holds changes nothing.

    Args:
        role: what the account is for.
        number: its number; empty with a `vat_rate` gives the rate's own account up (the general one is used), and
            so does a role that another one stands for.
        label: its name in the books.
        vat_rate: the VAT rate (1/100 %) the account is for; None for the general one.
        seen: number and label that the person's page showed (empty for none); None for what comes from no page.
        actor_id: who does it.

    Returns:
        The account; None when the rate or the role has none of its own any more.

    Raises:
        AccountingError: the number or the label cannot be used, or the number plays another role. `field` is
            `number` or `label`. Also when somebody else has chosen another account meanwhile.
    """
    lock(select(AccountingSettings))
    key = role_key(role, vat_rate)
    number, label = number.strip().upper(), label.strip()
    current = _account_where(Account.role == key)
    before = _describe(current)
    if seen is not None and before not in (seen, f"{number} {label}".strip()):
        raise AccountingError(
            _l("Meanwhile this became %(now)s. Load the page anew.", now=before or "–"), field="number"
        )
    if number or (vat_rate is None and ROLES[role].instead is None):
        _check(role, number, label)
        chosen = _give_role(key, number, label, current)
    else:
        if vat_rate is None and current is not None:
            _check_stand_in(role)
        _take_role(current)
        chosen = None
    after = _describe(chosen)
    if after != before:
        forget_chart()
        subject = None if chosen is None else ("account", chosen.id)
        record_event(
            "account.assigned", actor_id=actor_id, subject=subject, role=key, before=before, after=after
        )
    return chosen


def _check_stand_in(role: AccountRole) -> None:
    """A role is given up only where another one that has an account stands for it."""
    instead = ROLES[role].instead
    while instead is not None:
        if _account_where(Account.role == instead.value) is not None:
            return
        role, instead = instead, ROLES[instead].instead
    raise AccountingError(
        _l("Choose an account for “%(title)s” first.", title=ROLES[role].title), field="number"
    )


def _check(role: AccountRole, number: str, label: str) -> None:
    prefix = ROLES[role].prefix
    if not _NUMBER.fullmatch(number):
        raise AccountingError(
            _l("An account number begins with three digits and has at most 17 digits and capital letters."),
            field="number",
        )
    if not number.startswith(prefix):
        raise AccountingError(_l("This account must begin with %(prefix)s.", prefix=prefix), field="number")
    if not label or len(label) > LONGEST_LABEL or _UNPRINTABLE.search(label):
        raise AccountingError(
            _l("Give the account a name of at most %(count)d characters.", count=LONGEST_LABEL), field="label"
        )


def _give_role(key: str, number: str, label: str, current: Account | None) -> Account:
    # A posting, a customer or the chart's page may be making the account of that number at this moment.
    insert_missing(Account, company_id=current_company_id(), number=number, label=label)
    chosen = _account_where(Account.number == number)
    assert chosen is not None
    if chosen is not current:
        if chosen.role is not None or _is_treasury(chosen):
            raise AccountingError(
                _l("Account %(number)s is used for something else already.", number=number), field="number"
            )
        _take_role(current)
        chosen.role = key
        _move_treasury(current, chosen)
    chosen.label = label
    db.session.flush()
    return chosen


def _is_treasury(account: Account) -> bool:
    """Whether a further bank or cash desk stands on it; one whose role went elsewhere is free again."""
    db.session.flush()
    on_it = select(TreasuryAccount.id).where(TreasuryAccount.account_id == account.id)
    return db.session.scalars(on_it).first() is not None


def _move_treasury(current: Account | None, chosen: Account) -> None:
    """A treasury account goes along with its role: what stands on the number before stays there."""
    db.session.flush()
    if current is None:
        return
    on_it = select(TreasuryAccount).where(
        TreasuryAccount.account_id == current.id, TreasuryAccount.role.is_not(None)
    )
    held = db.session.scalars(on_it).one_or_none()
    if held is not None:
        held.account_id = chosen.id


def _take_role(account: Account | None) -> None:
    if account is not None:
        account.role = None
        # Before another account takes it: a role is on one account at a time.
        db.session.flush()


def _account_where(condition: ColumnElement[bool]) -> Account | None:
    return db.session.scalars(select(Account).where(condition)).one_or_none()


def _describe(account: Account | None) -> str:
    return f"{account.number} {account.label}" if account else ""
