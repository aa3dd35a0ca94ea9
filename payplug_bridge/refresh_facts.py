"""Read the account again: daily, and when the owner asks. A revoked key shows before a customer meets it.

Opens its own transactions; no network call is made inside one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import select

from core.clock import utc_now
from core.database import db, transaction
from core.jobs import sweep
from core.tenancy import in_company, unscoped
from payplug_bridge.account_models import PayplugFacts
from payplug_bridge.errors import CardNotPossible, PayplugError, SimulatorNotAllowed, cause_of
from payplug_bridge.facts import store_facts, store_failure
from payplug_bridge.keys import client_for, stored_modes
from payplug_bridge.models import PayplugMode

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(days=1)
AFTER_FAILURE: Final = timedelta(minutes=30)


def refresh_facts(mode: PayplugMode) -> None:
    """Read the account behind the key of a mode, and keep what it says, or why it could not be read.

    Raises:
        CardNotPossible: no such key is stored.
        SimulatorNotAllowed, PayplugRefused, PayplugUnconfirmed: what was known stays.
    """
    client = client_for(mode)
    db.session.rollback()
    try:
        snapshot = client.account()
    except PayplugError as error:
        with transaction():
            store_failure(mode, cause_of(error))
        raise
    with transaction():
        store_facts(mode, snapshot)


@sweep("refresh_payplug_facts")
def refresh_old_facts() -> None:
    """Read every account whose facts are a day old, or could not be read; one that fails does not hold others up."""
    for company_id, mode in _old(utc_now() - EVERY, utc_now() - AFTER_FAILURE):
        with in_company(company_id):
            try:
                if mode in stored_modes():
                    refresh_facts(mode)
            except (PayplugError, CardNotPossible, SimulatorNotAllowed) as error:
                log.warning("account_not_read", mode=mode.value, error_type=type(error).__name__)


def _old(read_before: object, tried_before: object) -> list[tuple[int, PayplugMode]]:
    with unscoped():
        rows = db.session.execute(
            select(PayplugFacts.company_id, PayplugFacts.mode)
            .where(
                PayplugFacts.checked_at.is_(None)
                | (PayplugFacts.checked_at < read_before)
                | (PayplugFacts.failure != ""),
                PayplugFacts.tried_at.is_(None) | (PayplugFacts.tried_at < tried_before),
            )
            .order_by(PayplugFacts.company_id)
        ).all()
    db.session.rollback()
    return [(row.company_id, row.mode) for row in rows]
