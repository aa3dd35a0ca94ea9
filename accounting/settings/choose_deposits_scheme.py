"""Choose when deposit invoices enter the books. Called by the settings; logged, never retroactive.

The answer is frozen on each deposit invoice when it is issued: one that exists keeps its own to the end.
"""

from __future__ import annotations

from accounting.models import DepositsScheme
from accounting.settings.change_choice import change_choice


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
    change_choice("deposits_scheme", chosen, seen=seen, actor_id=actor_id)
