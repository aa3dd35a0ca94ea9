"""What invoicing asks of its card processor (`invoicing.payment_link.CardPayments`), answered by PayPlug."""

from __future__ import annotations

from core.jobs import wake
from core.tenancy import current_company_id
from payplug_bridge.card_offer import card_offer


class PayplugCardPayments:
    """The processor that `wiring` hands to invoicing."""

    def available(self, amount_cents: int) -> bool:
        """Whether the company entered can be paid this amount by card now."""
        return card_offer(amount_cents).is_possible

    def abort_open(self, document_id: int) -> None:
        """Have a worker close what can still be paid of an invoice; at once, or when the open transaction commits.

        Not done here: the person who records a transfer must not wait for PayPlug, and the money is right either way.
        """
        wake("abort_attempts", current_company_id(), document_id)
