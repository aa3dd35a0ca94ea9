"""What several measures need: a customer's drafts, made through the verbs."""

from __future__ import annotations

from core.database import transaction
from demo.catalogue import OFFERS
from demo.people import customers
from invoicing.customers import save_customer
from invoicing.draft_input import DraftInput, LineInput
from invoicing.draft_invoice import draft_invoice

FIVE_LINES = tuple(
    LineInput(
        label=offer.label, description=offer.description, kind=offer.kind, unit=offer.unit, quantity=20_000,
        unit_price=offer.price_cents * 10_000, vat_rate=offer.vat_rate,
    )
    for offer in OFFERS[5:10]
)  # fmt: skip
"""A usual mix: goods and services, three VAT rates."""


def drafts(count: int) -> list[int]:
    """Ids of that many five-line drafts, all alike, of one customer."""
    with transaction():
        customer_id = save_customer(customers()[0]).id
        given = DraftInput(customer_id=customer_id, lines=FIVE_LINES)
        return [draft_invoice(given).id for _ in range(count)]
