"""Checks the body of `POST /v1/payments` and returns it cleaned. Which keys are mandatory is an assumption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payplug_bridge.simulator import fields
from payplug_bridge.simulator.accounts import Account
from payplug_bridge.simulator.assumptions import Assumptions
from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.features import Features, Method
from payplug_bridge.simulator.fields import Check
from payplug_bridge.simulator.method_request import is_authorization, method_errors, method_of

REQUIRED = "This field is required."
UNKNOWN = "This field is unknown."
MUST_BE_OBJECT = "This field must be an object."
INVALID = "At least one of the given parameters is invalid."

PLAIN: dict[str, Check] = {
    "currency": fields.one_of("EUR"),
    "notification_url": fields.web_address,
    "description": fields.text(80),
    "metadata": fields.metadata,
    "save_card": fields.boolean,
    "allow_save_card": fields.boolean,
    "force_3ds": fields.boolean,
    "initiator": fields.one_of("PAYER", "MERCHANT"),
}
# Parameters that exist, for features the simulated accounts are not allowed to use (see their permissions).
NOT_OFFERED = frozenset({"integration"})
# Parameters that only some ways to pay take.
OF_METHODS = frozenset({"payment_method", "authorized_amount", "auto_capture", "payment_context"})

Errors = dict[str, object]


def checked_request(
    body: object, account: Account, features: Features, assumptions: Assumptions, *, legacy: bool
) -> dict[str, Any]:
    """Return the parameters without nulls; ApiError 400 with nested details, 403 for what the account may not use."""
    if not isinstance(body, Mapping):
        raise ApiError(400, "The request body must be a JSON object.")
    given = {str(key): value for key, value in body.items() if value is not None}
    method = method_of(given, features)
    not_offered = sorted((NOT_OFFERED if method else NOT_OFFERED | OF_METHODS) & given.keys())
    if not_offered:
        raise ApiError(403, f"This account is not allowed to use {', '.join(not_offered)}.")
    sections = _sections(assumptions, legacy=legacy)
    errors = _plain_errors(given, account, method) | _section_errors(given, sections, assumptions)
    errors |= method_errors(given, method) if method else {}
    if assumptions.refuse_unknown_fields:
        known = PLAIN.keys() | sections.keys() | {"amount"} | OF_METHODS
        errors |= {name: UNKNOWN for name in given if name not in known}
    if errors:
        raise ApiError(400, INVALID, errors)
    return _cleaned(given, sections)


def _sections(
    assumptions: Assumptions, *, legacy: bool
) -> dict[str, tuple[dict[str, Check], tuple[str, ...]]]:
    """Each nested object with its checks and its mandatory keys; empty: the object itself may be missing."""
    hosted: dict[str, tuple[dict[str, Check], tuple[str, ...]]] = {
        "hosted_payment": (fields.HOSTED_PAYMENT, ())
    }
    if legacy:
        return {"customer": (fields.CUSTOMER, ()), **hosted}
    billing = (fields.PERSON, assumptions.required_billing)
    return {"billing": billing, "shipping": (fields.SHIPPING, ("delivery_type",)), **hosted}


def _plain_errors(given: Mapping[str, Any], account: Account, method: Method | None) -> Errors:
    minimum, maximum = account.minimum_cents, account.maximum_cents
    if method is not None:
        minimum = minimum if method.minimum_cents is None else method.minimum_cents
        maximum = maximum if method.maximum_cents is None else method.maximum_cents
    amount = "authorized_amount" if is_authorization(given) else "amount"
    checks = {amount: fields.cents(minimum, maximum), **PLAIN}
    errors: Errors = {name: REQUIRED for name in (amount, "currency") if name not in given}
    for name, check in checks.items():
        problem = check(given[name]) if name in given else None
        if problem:
            errors[name] = problem
    return errors


def _section_errors(
    given: Mapping[str, Any],
    sections: Mapping[str, tuple[dict[str, Check], tuple[str, ...]]],
    assumptions: Assumptions,
) -> Errors:
    errors: Errors = {}
    for name, (checks, required) in sections.items():
        if name not in given:
            if required:
                errors[name] = REQUIRED
        elif not isinstance(given[name], Mapping):
            errors[name] = MUST_BE_OBJECT
        else:
            problems = _object_errors(given[name], checks, required, strict=assumptions.refuse_unknown_fields)
            errors |= {name: problems} if problems else {}
    return errors | _recipient_errors(given)


def _object_errors(
    section: Mapping[str, Any], checks: Mapping[str, Check], required: tuple[str, ...], *, strict: bool
) -> Errors:
    errors: Errors = {key: REQUIRED for key in required if section.get(key) in (None, "")}
    for key, value in section.items():
        if key not in checks:
            errors |= {key: UNKNOWN} if strict else {}
        elif value is not None and key not in errors:
            problem = checks[key](value)
            errors |= {key: problem} if problem else {}
    return errors


def _recipient_errors(given: Mapping[str, Any]) -> Errors:
    """A link PayPlug sends by SMS needs a mobile number to go to."""
    hosted, billing = given.get("hosted_payment"), given.get("billing")
    if not isinstance(hosted, Mapping) or hosted.get("sent_by") != "SMS":
        return {}
    has_number = isinstance(billing, Mapping) and billing.get("mobile_phone_number")
    return {} if has_number else {"billing": {"mobile_phone_number": REQUIRED}}


def _cleaned(given: Mapping[str, Any], sections: Mapping[str, object]) -> dict[str, Any]:
    cleaned = dict(given)
    for name in sections:
        if name in cleaned:
            cleaned[name] = {key: value for key, value in cleaned[name].items() if value is not None}
    return cleaned
