"""What a PayPlug account is and may do, in plain words for the settings page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from babel import Locale
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from payplug_bridge.account_models import PayplugFacts
from payplug_bridge.facts import known_account, permissions_of
from payplug_bridge.failures import words_for_call
from payplug_bridge.ways import NAMES

LIVE_MODE: Final = "use_live_mode"
PERMISSIONS: Final[dict[str, LazyString]] = {
    LIVE_MODE: _l("real payments"),
    "can_save_cards": _l("saved cards"),
    "can_use_oney": _l("Oney instalments"),
    "can_create_installment_plan": _l("payment plans"),
    "can_create_deferred_payment": _l("deferred payments"),
    "can_use_integrated_payments": _l("payment form inside a site"),
}


@dataclass(frozen=True)
class AccountWords:
    """An account in words; amounts in cents. `failure` is empty when the last reading succeeded."""

    reference: str
    country: str
    currencies: str
    takes_euros: bool
    least_cents: int
    most_cents: int
    ways: str
    allowed: str
    refused: str
    may_go_live: bool
    checked_at: datetime | None
    failure: LazyString | str


def words_of_account(facts: PayplugFacts, locale: Locale) -> AccountWords:
    """The facts of one mode as a person reads them."""
    permissions, currencies = permissions_of(facts), facts.currencies.split()
    known = {name: words for name, words in PERMISSIONS.items() if name in permissions}
    return AccountWords(
        reference=facts.account_reference,
        country=str(locale.territories.get(facts.country, facts.country)),
        currencies=", ".join(currencies),
        takes_euros=not currencies or "EUR" in currencies,
        least_cents=facts.least_cents,
        most_cents=facts.most_cents,
        ways=", ".join(str(NAMES[way]) for way in known_account(facts).ways),
        allowed=", ".join(str(words) for name, words in known.items() if permissions[name]),
        refused=", ".join(str(words) for name, words in known.items() if not permissions[name]),
        may_go_live=permissions.get(LIVE_MODE, True),
        checked_at=facts.checked_at,
        failure=words_for_call(facts.failure),
    )
