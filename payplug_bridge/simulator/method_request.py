"""Checks what a request says of a way to pay other than a card: whether the account has it, amount, country, details.

Called by `payment_request.py`. What each way asks for is as official plugins send it; codes of refusals are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.features import ONEY_NAMES, Features, Method

REQUIRED = "This field is required."
WITH_CART = (*ONEY_NAMES, "scalapay")


def is_authorization(request: Mapping[str, Any]) -> bool:
    """Does this payment have an authorised amount instead of an amount (Oney)?"""
    return request.get("payment_method") in ONEY_NAMES


def amount_of(request: Mapping[str, Any]) -> int:
    """The cents a checked request asks for, under whichever name."""
    return int(request["authorized_amount" if is_authorization(request) else "amount"])


def method_of(given: Mapping[str, Any], features: Features) -> Method | None:
    """The way asked for; None for a card. ApiError 403 for one the account may not use."""
    name = given.get("payment_method")
    if name is None:
        return None
    method = features.method(name) if isinstance(name, str) else None
    if method is None:
        raise ApiError(403, f"This account is not allowed to use payment_method {name!r}.")
    return method


def method_errors(given: Mapping[str, Any], method: Method) -> dict[str, object]:
    """What is wrong with a request for this way, by field."""
    errors: dict[str, object] = {}
    billing = given.get("billing")
    person = billing if isinstance(billing, Mapping) else {}
    if method.allowed_countries and person.get("country") not in method.allowed_countries:
        errors["billing"] = {"country": "This country is not allowed for this payment method."}
    if is_authorization(given) and not person.get("mobile_phone_number"):
        errors["billing"] = {"mobile_phone_number": REQUIRED}
    if is_authorization(given) and given.get("auto_capture") is not True:
        errors["auto_capture"] = "This field must be true for this payment method."
    if given.get("payment_method") in WITH_CART and not _has_cart(given.get("payment_context")):
        errors["payment_context"] = {"cart": REQUIRED}
    return errors


def _has_cart(context: object) -> bool:
    return isinstance(context, Mapping) and isinstance(context.get("cart"), list) and bool(context["cart"])
