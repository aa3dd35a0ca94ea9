"""What invoicing asks of its card processor (`invoicing.payment_link.CardPayments`), answered by PayPlug."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from core.database import db
from core.jobs import wake
from core.tenancy import current_company_id
from invoicing.balances import balance_of
from invoicing.models import Document
from invoicing.payment_link import WayChoice
from payplug_bridge import link_terms
from payplug_bridge.card_offer import card_offer, ways_for_amount
from payplug_bridge.ways import WayObstacle

WHY_NOT: dict[WayObstacle, LazyString] = {
    WayObstacle.NOT_OFFERED: _l("Your PayPlug account does not offer it."),
    WayObstacle.TOO_SMALL: _l("The amount is too small for it."),
    WayObstacle.TOO_LARGE: _l("The amount is too large for it."),
    WayObstacle.COUNTRY: _l("Not from the customer’s country."),
}


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

    def ways_for(self, document_id: int) -> tuple[WayChoice, ...]:
        """The ways that the company has chosen, those of this invoice's link ticked, with why one is not possible."""
        ticked = link_terms.terms_of(document_id).ways
        document = db.session.get_one(Document, document_id)
        offers = ways_for_amount(document, balance_of(document_id).open_cents)
        return tuple(
            WayChoice(
                o.way, o.name, o.way in ticked and o.is_possible, WHY_NOT[o.obstacle] if o.obstacle else ""
            )
            for o in offers
        )

    def parts_for(self, document_id: int) -> str:
        """In which parts the link of an invoice may be paid (`parts.RULES`)."""
        return link_terms.terms_of(document_id).parts

    def choose_terms(
        self, document_id: int, ways: Sequence[str], parts: str, actor_id: int | None = None
    ) -> None:
        """Say how the link of an invoice may be paid from now on; in the open transaction."""
        link_terms.choose_terms(document_id, ways, parts, actor_id=actor_id)
