"""What invoicing asks of its card processor (`invoicing.payment_link.CardPayments`), answered by PayPlug."""

from __future__ import annotations

from core.jobs import wake
from core.tenancy import current_company_id
from invoicing.balances import balance_of
from invoicing.models import Document
from payplug_bridge.card_offer import card_offer


class PayplugCardPayments:
    """The processor that `wiring` hands to invoicing."""

    def available(self, document: Document) -> bool:
        """Whether this invoice can be paid by card now."""
        return card_offer(balance_of(document.id).open_cents).is_possible

    def abort_open(self, document_id: int) -> None:
        """Have a worker close what can still be paid of an invoice; at once, or when the open transaction commits.

        Not done here: the person who records a transfer must not wait for PayPlug, and the money is right either way.
        """
        wake("abort_attempts", current_company_id(), document_id)
