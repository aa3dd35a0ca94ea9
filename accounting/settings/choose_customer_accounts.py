"""Choose between one account for all customers and one each. Called by the settings; logged, never retroactive.

It holds for documents issued from now on. What is posted stays, and is paid where it stands (`standing`): a lettering
never crosses accounts.
"""

from __future__ import annotations

from accounting.models import CustomerAccounts
from accounting.settings.change_choice import change_choice


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
    change_choice("customer_accounts", chosen, seen=seen, actor_id=actor_id)
