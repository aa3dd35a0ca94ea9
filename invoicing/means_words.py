"""A change of a means of payment in words, for the list of changes of the books' settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from accounting.treasury_accounts import treasury_accounts
from invoicing.history_words import METHODS
from invoicing.payments import PaymentMethod


def means_sentence(said: Mapping[str, Any]) -> tuple[str, str, str]:
    """What was changed, before and after: the name, the account it comes in on, whether it is offered."""
    what = gettext("Means of payment: %(what)s", what=METHODS[PaymentMethod(said["method"])])
    return what, _side(said["before"]), _side(said["after"])


def _side(side: list[Any]) -> str:
    label, treasury_id, is_offered = side
    account = next((one for one in treasury_accounts(closed=True) if one.id == treasury_id), None)
    parts = (
        label,
        f"{account.account_number} {account.label}" if account else gettext("usual account"),
        gettext("offered") if is_offered else gettext("not offered"),
    )
    return ", ".join(filter(None, parts))
