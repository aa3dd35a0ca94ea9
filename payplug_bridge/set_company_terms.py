"""Saves by which ways and in which parts the links of a company may be paid. Called by the settings page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db, lock
from core.event_log import record_event
from core.versions import count_save, is_changed
from invoicing.errors import InvalidInputError
from payplug_bridge.keys import KeyNotUsable
from payplug_bridge.models import PayplugAccount
from payplug_bridge.parts import RULES
from payplug_bridge.ways import read_ways, ways_text

LARGEST_PART_CENTS = 100_000_000


@dataclass(frozen=True)
class CompanyTerms:
    """What the settings page gives; `least_part_cents` None when what was typed is no amount."""

    ways: Sequence[str]
    parts: str
    least_part_cents: int | None
    shows_transfer: bool
    version: int | None = None


def set_company_terms(given: CompanyTerms, *, actor_id: int | None = None) -> None:
    """Check and save, in the open transaction. Holds for every link whose sending has not chosen otherwise.

    Raises:
        KeyNotUsable: no key was ever saved.
        InvalidInputError: on `ways`, `parts` or `least_part`.
        OutdatedError: saved in another window meanwhile.
    """
    errors: dict[str, LazyString | str] = {}
    ways = read_ways(" ".join(given.ways))
    if not ways:
        errors["ways"] = _l("Tick at least one way to pay.")
    if given.parts not in RULES:
        errors["parts"] = _l("Choose one of the answers.")
    if given.least_part_cents is None or not 0 <= given.least_part_cents <= LARGEST_PART_CENTS:
        errors["least_part"] = _l("Type an amount, such as 10.")
    if errors:
        raise InvalidInputError(errors)
    account = lock(select(PayplugAccount))
    if account is None:
        raise KeyNotUsable(_l("Save a key first."))
    assert given.least_part_cents is not None
    account.ways, account.parts = ways_text(ways), given.parts
    account.least_part_cents, account.shows_transfer = given.least_part_cents, given.shows_transfer
    if not is_changed():
        return
    count_save(account, given.version)
    db.session.flush()
    record_event("payplug.terms_set", actor_id=actor_id, ways=account.ways, parts=account.parts)
