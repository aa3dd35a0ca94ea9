"""Choose when deposit invoices enter the books. Called by the settings; logged, never retroactive.

The answer is frozen on each deposit invoice when it is issued: one that exists keeps its own to the end.
"""

from __future__ import annotations

from sqlalchemy import select

from accounting.models import AccountingSettings, DepositsScheme
from core.database import db, lock
from core.event_log import record_event
from core.versions import refuse_unseen


def choose_deposits_scheme(
    chosen: DepositsScheme, *, seen: str | None = None, actor_id: int | None = None
) -> None:
    """Have deposit invoices issued from now on booked so.

    Args:
        chosen: when they are booked.
        seen: what the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        ConflictError: somebody else has chosen otherwise meanwhile.
    """
    settings = lock(select(AccountingSettings))
    assert settings is not None, "the books were set up with the company"
    before = settings.deposits_scheme
    refuse_unseen(seen, before, chosen)
    if chosen is before:
        return
    settings.deposits_scheme = chosen
    db.session.flush()
    record_event("deposits_scheme.changed", actor_id=actor_id, before=before.value, after=chosen.value)
