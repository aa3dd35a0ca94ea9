"""Choose between one account for all customers and one each. Called by the settings; logged, never retroactive.

It holds for documents issued from now on. What is posted stays, and is paid where it stands (`standing`): a lettering
never crosses accounts.
"""

from __future__ import annotations

from sqlalchemy import select

from accounting.chart import forget_chart
from accounting.models import AccountingSettings, CustomerAccounts
from core.database import db, lock
from core.event_log import record_event
from core.versions import refuse_unseen


def choose_customer_accounts(
    chosen: CustomerAccounts, *, seen: str | None = None, actor_id: int | None = None
) -> None:
    """Have customers' entries from now on posted on one account, or on one each.

    Args:
        chosen: which.
        seen: what the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        ConflictError: somebody else has chosen otherwise meanwhile.
    """
    settings = lock(select(AccountingSettings))
    assert settings is not None, "the books were set up with the company"
    before = settings.customer_accounts
    refuse_unseen(seen, before, chosen)
    if chosen is before:
        return
    settings.customer_accounts = chosen
    db.session.flush()
    forget_chart()
    record_event("customer_accounts.changed", actor_id=actor_id, before=before.value, after=chosen.value)
