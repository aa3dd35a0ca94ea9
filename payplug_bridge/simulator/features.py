"""What an account offers beside cards: ways to pay with their countries and amounts, permissions, currencies.

Changed through the control API; read by the account object, the check of a payment request and the hosted page. Which
names stand in `payment_methods`, and that Oney has a section of its own, are as official plugins read them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from payplug_bridge.simulator.session import Session

ONEY_NAMES = tuple(f"oney_x{parts}_{fees}_fees" for parts in (3, 4) for fees in ("with", "without"))
METHOD_NAMES = (
    "american_express", "apple_pay", "bancontact", "bizum", "ideal", "mybank", "satispay", "scalapay", "wero",
)  # fmt: skip
NAMES = {
    "american_express": "American Express",
    "apple_pay": "Apple Pay",
    "bancontact": "Bancontact",
    "bizum": "Bizum",
    "ideal": "iDEAL",
    "mybank": "MyBank",
    "satispay": "Satispay",
    "scalapay": "Scalapay",
    "wero": "Wero",
    **{name: f"Oney {name[6]}x" for name in ONEY_NAMES},
}
ONEY_MINIMUM_CENTS, ONEY_MAXIMUM_CENTS = 10_000, 300_000
PERMISSIONS = (
    "can_save_cards",
    "can_use_oney",
    "can_create_installment_plan",
    "can_create_deferred_payment",
    "can_use_integrated_payments",
)


@dataclass(frozen=True)
class Method:
    """A way to pay of an account; no country means everywhere, no limit means the account's. Cents."""

    enabled: bool = True
    allowed_countries: tuple[str, ...] = ()
    minimum_cents: int | None = None
    maximum_cents: int | None = None


@dataclass(frozen=True)
class Features:
    """What an account offers; `methods` by PayPlug's names. The first state: cards alone."""

    methods: Mapping[str, Method] = field(default_factory=dict)
    permissions: Mapping[str, bool] = field(default_factory=dict)
    currencies: tuple[str, ...] = ("EUR",)
    oney_countries: tuple[str, ...] = ("FR",)

    def method(self, name: str) -> Method | None:
        """The way to pay of this name, when the account may use it."""
        if name in ONEY_NAMES:
            allowed = self.permissions.get("can_use_oney", False)
            return (
                Method(True, self.oney_countries, ONEY_MINIMUM_CENTS, ONEY_MAXIMUM_CENTS) if allowed else None
            )
        found = self.methods.get(name)
        return found if found is not None and found.enabled else None


def features_of(session: Session, account_id: str) -> Features:
    """What an account offers."""
    row = session.connection.execute(
        "SELECT features FROM account_features WHERE account_id = ?", (account_id,)
    ).fetchone()
    return Features() if row is None else read_features(json.loads(row["features"]))


def set_features(session: Session, account_id: str, given: Mapping[str, Any]) -> Features:
    """Change what is named in `given` (see `read_features`); ValueError names what is not understood."""
    changed = read_features({**features_json(features_of(session, account_id)), **given})
    session.connection.execute(
        "INSERT INTO account_features (account_id, features) VALUES (?, ?)"
        " ON CONFLICT (account_id) DO UPDATE SET features = excluded.features",
        (account_id, json.dumps(features_json(changed))),
    )
    return changed


def features_json(features: Features) -> dict[str, Any]:
    """As it is stored, and answered by the control API."""
    return {
        "methods": {name: vars(method) for name, method in features.methods.items()},
        "permissions": dict(features.permissions),
        "currencies": features.currencies,
        "oney_countries": features.oney_countries,
    }


def read_features(given: Mapping[str, Any]) -> Features:
    """Features from JSON; ValueError names what is not understood."""
    unknown = given.keys() - {"methods", "permissions", "currencies", "oney_countries"}
    if unknown:
        raise ValueError(f"unknown features: {', '.join(sorted(unknown))}")
    permissions = dict(given.get("permissions", {}))
    for name in permissions:
        if name not in PERMISSIONS:
            raise ValueError(f"unknown permission {name!r}; known: {', '.join(PERMISSIONS)}")
    return Features(
        {name: _method(name, facts) for name, facts in dict(given.get("methods", {})).items()},
        {name: bool(value) for name, value in permissions.items()},
        tuple(given.get("currencies", ("EUR",))),
        tuple(given.get("oney_countries", ("FR",))),
    )


def _method(name: str, facts: Mapping[str, Any]) -> Method:
    if name not in METHOD_NAMES:
        raise ValueError(f"unknown way to pay {name!r}; known: {', '.join(METHOD_NAMES)}")
    unknown = facts.keys() - Method.__dataclass_fields__.keys()
    if unknown:
        raise ValueError(f"{name} has no {', '.join(sorted(unknown))}")
    return Method(**{**facts, "allowed_countries": tuple(facts.get("allowed_countries", ()))})


def account_sections(features: Features, limits: Mapping[str, Any]) -> dict[str, Any]:
    """`configuration`, the permissions beside the mode, and `payment_methods` of the account object."""
    oney = _amounts(ONEY_MINIMUM_CENTS, ONEY_MAXIMUM_CENTS)
    return {
        "configuration": {
            "currencies": list(features.currencies),
            **limits,
            "oney": {"allowed_countries": list(features.oney_countries), **oney},
        },
        "permissions": {name: features.permissions.get(name, False) for name in PERMISSIONS},
        "payment_methods": {name: _method_object(method) for name, method in features.methods.items()},
    }


def _method_object(method: Method) -> dict[str, Any]:
    amounts = _amounts(method.minimum_cents, method.maximum_cents)
    return {
        "enabled": method.enabled,
        "allowed_countries": list(method.allowed_countries) or ["ALL"],
        **amounts,
    }


def _amounts(minimum_cents: int | None, maximum_cents: int | None) -> dict[str, Any]:
    found = {"min_amounts": minimum_cents, "max_amounts": maximum_cents}
    return {name: {"EUR": cents} for name, cents in found.items() if cents is not None}
