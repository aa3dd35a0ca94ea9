"""Add an account to the chart, or rename one. Called by the chart's page; logged, never retroactive.

A number is never changed: it is in entries that are sealed. Which account plays which role is `assign_account`'s.
"""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.chart import forget_chart
from accounting.errors import AccountingError, AccountNotFound
from accounting.models import Account
from accounting.settings.account_text import checked_label, checked_number
from core.database import db, lock
from core.event_log import record_event
from core.insert_missing import insert_missing
from core.tenancy import current_company_id
from core.versions import refuse_unseen

_CLASSES = re.compile(r"[1-8]")


def save_account(
    number: str,
    label: str,
    *,
    account_id: int | None = None,
    seen: str | None = None,
    actor_id: int | None = None,
) -> Account:
    """Add the account of that number, or rename the one named by its id.

    Args:
        number: of a new account; not read when one is renamed.
        label: its name in the books.
        account_id: the account to rename; None adds one. Adding twice is once.
        seen: the name that the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        AccountNotFound: this company has no such account.
        ConflictError: somebody else has renamed it meanwhile.
        AccountingError: the number or the name cannot be used (`field` is `number` or `label`).
    """
    label = checked_label(label)
    if account_id is None:
        return _added(number, label, actor_id)
    account = lock(select(Account).where(Account.id == account_id))
    if account is None:
        raise AccountNotFound
    before = account.label
    refuse_unseen(seen, before, label)
    if label != before:
        account.label = label
        db.session.flush()
        forget_chart()
        record_event(
            "account.renamed", actor_id=actor_id, subject=("account", account.id), number=account.number,
            before=before, after=label,
        )  # fmt: skip
    return account


def _added(number: str, label: str, actor_id: int | None) -> Account:
    number = checked_number(number)
    if not _CLASSES.match(number):
        raise AccountingError(
            _l("An account of the French chart begins with a class from 1 to 8."), field="number"
        )
    by_number = select(Account).where(Account.number == number)
    found = db.session.scalars(by_number).one_or_none()
    if found is not None:
        if found.label == label:
            return found
        raise AccountingError(
            _l("Account %(number)s exists already: %(label)s.", number=number, label=found.label),
            field="number",
        )
    insert_missing(Account, company_id=current_company_id(), number=number, label=label)
    account = db.session.scalars(by_number).one()
    if account.label != label:  # somebody was faster, and calls it otherwise
        raise AccountingError(
            _l("Account %(number)s exists already: %(label)s.", number=number, label=account.label),
            field="number",
        )
    record_event(
        "account.added", actor_id=actor_id, subject=("account", account.id), number=number, after=label
    )
    return account
