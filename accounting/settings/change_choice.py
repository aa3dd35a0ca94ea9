"""Change one choice of how the books are kept: one row of settings, locked, logged, never retroactive.

Called by the verbs `choose_…`, one for each choice.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select

from accounting.chart import forget_chart
from accounting.models import AccountingSettings
from core.database import db, lock
from core.event_log import record_event
from core.versions import refuse_unseen

Choice = TypeVar("Choice", bound=StrEnum)


def change_choice(
    name: str,
    chosen: Choice,
    *,
    seen: str | None,
    actor_id: int | None,
    check: Callable[[Choice], None] | None = None,
) -> None:
    """Have a choice hold from now on; made already, nothing happens.

    Args:
        name: its column of `AccountingSettings`, and its name in the log: `customer_accounts`.
        chosen: the new value.
        seen: what the person's page showed; None for what comes from no page.
        actor_id: who does it.
        check: raises what stands against the new value; called with the settings locked.

    Raises:
        ConflictError: somebody else has chosen otherwise meanwhile.
    """
    settings = lock(select(AccountingSettings))
    assert settings is not None, "the books were set up with the company"
    before = getattr(settings, name)
    refuse_unseen(seen, before, chosen)
    if chosen is before:
        return
    if check is not None:
        check(chosen)
    setattr(settings, name, chosen)
    db.session.flush()
    forget_chart()
    record_event(f"{name}.changed", actor_id=actor_id, before=before.value, after=chosen.value)
