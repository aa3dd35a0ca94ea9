"""What the account behind a key answered: kept when a key is saved or read again, and looked up for every decision.

`store_facts` is called by `keys` and `refresh_facts`; what cannot be asked now leaves what was known before.
"""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import select

from core.clock import utc_now
from core.database import db, lock
from payplug_bridge.account_models import PayplugFacts
from payplug_bridge.models import PayplugMode
from payplug_bridge.snapshots import AccountSnapshot
from payplug_bridge.ways import KnownAccount, read_methods, stored_methods

KEY_REFUSED: Final = "http_401"


def store_facts(mode: PayplugMode, snapshot: AccountSnapshot) -> PayplugFacts:
    """Keep what an account says of itself, in the open transaction."""
    facts = lock(select(PayplugFacts).where(PayplugFacts.mode == mode)) or PayplugFacts(mode=mode)
    facts.account_reference, facts.country = snapshot.id, snapshot.country
    facts.currencies = " ".join(snapshot.currencies)[:200]
    facts.least_cents, facts.most_cents = snapshot.least_cents, snapshot.most_cents
    facts.permissions, facts.methods = (
        json.dumps(dict(snapshot.permissions)),
        stored_methods(snapshot.methods),
    )
    facts.checked_at = facts.tried_at = utc_now()
    facts.failure = ""
    db.session.add(facts)
    db.session.flush()
    return facts


def store_failure(mode: PayplugMode, cause: str) -> None:
    """Note that the account could not be read, and why (`http_401`, `timeout`); in the open transaction."""
    facts = lock(select(PayplugFacts).where(PayplugFacts.mode == mode))
    if facts is not None:
        facts.tried_at, facts.failure = utc_now(), cause[:80]
        db.session.flush()


def facts_of(mode: PayplugMode) -> PayplugFacts | None:
    """What is known of the account behind the key of a mode."""
    return db.session.scalars(select(PayplugFacts).where(PayplugFacts.mode == mode)).one_or_none()


def known_account(facts: PayplugFacts) -> KnownAccount:
    """The facts, for deciding what can be paid."""
    return KnownAccount(facts.least_cents, facts.most_cents, read_methods(facts.methods))


def permissions_of(facts: PayplugFacts) -> dict[str, bool]:
    """What the account may do, by PayPlug's own names."""
    return {str(name): bool(value) for name, value in json.loads(facts.permissions).items()}
