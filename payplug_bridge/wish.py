"""What the payer chose on the page before the click on *Pay*; `start_payment` decides whether it is possible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from payplug_bridge.ways import ONEY, WITH_CART, WITH_MOBILE, Way


@dataclass(frozen=True)
class Wish:
    """A way to pay (empty: the first that is possible) and an amount in cents (None: all that is due)."""

    way: str = ""
    amount_cents: int | None = None


@dataclass(frozen=True)
class Plan:
    """What PayPlug will be asked for: an amount in cents, by one way."""

    amount_cents: int
    way: Way


def details_asked(way: str) -> tuple[str, ...]:
    """The details that a way asks for beside PayPlug's usual ones, by PayPlug's own names."""
    return ("mobile_phone_number",) if way in WITH_MOBILE else ()


def extras_for(plan: Plan, label: str, seller: str, day: date) -> dict[str, Any]:
    """What a way adds to the request of a payment; a value of None takes a usual parameter away.

    Oney is an authorisation that is captured by itself, and is told what is bought. The keys of the cart are those of
    official plugins; that one line named for the invoice is enough is assumed.
    """
    if plan.way is Way.CARD:
        return {}
    extras: dict[str, Any] = {"payment_method": plan.way.value}
    if plan.way in ONEY:
        extras |= {"amount": None, "authorized_amount": plan.amount_cents, "auto_capture": True}
    if plan.way in WITH_CART:
        line = {
            "name": label,
            "brand": seller[:100],
            "merchant_item_id": label,
            "quantity": 1,
            "price": plan.amount_cents,
            "total_amount": plan.amount_cents,
            "delivery_type": "edelivery",
            "delivery_label": seller[:100],
            "expected_delivery_date": day.isoformat(),
        }
        extras["payment_context"] = {"cart": [line]}
    return extras
