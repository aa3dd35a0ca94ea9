"""What PayPlug does not document, gathered in one place, so that a test can try the other answer.

Every field is an assumption (or the likelier of two contradicting sources), never a fact. Values are kept in the
state file and changed through `POST /simulator/assumptions`. Read by every module that decides something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Assumptions:
    """One value per undocumented behaviour; the defaults are the likeliest ones."""

    # A hosted page nobody has tried to pay on fails with `timeout` after this; none when PayPlug sent the link.
    page_timeout_seconds: int = 900
    # How long after the payment it can be refunded (a 2021 fixture says 180 days, a newer article 365).
    refundable_days: int = 365
    # Is `failure` still there once a later attempt has paid?
    failure_kept_once_paid: bool = False
    # The buyer stays on the page after a decline (False) or goes to `return_url` (True).
    return_after_failure: bool = False
    # One notification per declined attempt, or only for the first one.
    notify_each_failed_attempt: bool = True
    # Notifications carry only id, object and is_live (and a refund's payment_id) instead of the resource.
    minimal_notification_body: bool = False
    # Seconds before the second, third… attempt of a notification; the last one repeats for ever.
    retry_delays_seconds: tuple[float, ...] = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
    # How long the merchant's server may take to answer a notification.
    notification_timeout_seconds: float = 10.0
    # Lists: number of the first page, default and largest page size, meaning of `count`, presence of `has_more`.
    first_page: int = 0
    default_per_page: int = 10
    largest_per_page: int = 100
    count_is_total: bool = True
    send_has_more: bool = True
    # Leaves of `details` in an error: a string, or a list of strings.
    details_are_lists: bool = False
    # Top-level or nested parameters nobody documents: refused with 400, or ignored.
    refuse_unknown_fields: bool = True
    # Billing keys without which a payment is refused (those a production integration sends).
    required_billing: tuple[str, ...] = (
        "first_name", "last_name", "email", "address1", "postcode", "city", "country",
    )  # fmt: skip
    # HTTP codes of refusals whose code is not documented.
    second_abort_status: int = 403
    abort_after_end_status: int = 403
    refund_refused_status: int = 400
    # Accounting reports: seconds until the file is there, how long it lives, the layout ("A": the French statement in
    # CSV, "B": the portal's spreadsheet of 2025), the word for a chargeback.
    report_delay_seconds: int = 0
    report_hours: int = 24
    report_variant: str = "A"
    dispute_label: str = "Opposition"
    # What a chargeback costs, VAT included, and whether it is taken at once (else only with the monthly invoice).
    dispute_fee_cents: int = 1800
    dispute_fee_at_once: bool = True
    # PayPlug's fee of a payment: a rate in 1/100 % and a fixed part in cents, without VAT (an undated price list).
    fee_rate: int = 120
    fee_fixed_cents: int = 25
    # Smallest refund, in cents (documented as 10).
    smallest_refund_cents: int = 10


def changed(current: Assumptions, changes: Mapping[str, object]) -> Assumptions:
    """Return a copy with the named assumptions changed; ValueError names an unknown one or a wrong type."""
    known = {field.name: getattr(current, field.name) for field in fields(current)}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"unknown assumption {name!r}")
        if not _same_kind(known[name], value):
            raise ValueError(f"assumption {name!r} does not accept {value!r}")
    coerced = {name: _like(known[name], value) for name, value in changes.items()}
    return replace(current, **coerced)


def _same_kind(model: object, value: object) -> bool:
    if isinstance(model, bool) or isinstance(value, bool):
        return isinstance(model, bool) and isinstance(value, bool)
    if isinstance(model, tuple):
        return (
            isinstance(value, (list, tuple))
            and len(value) > 0
            and all(_same_kind(model[0], item) for item in value)
        )
    if isinstance(model, float):
        return isinstance(value, (int, float)) and value >= 0
    if isinstance(model, int):
        return isinstance(value, int) and value >= 0
    return isinstance(value, str)


def _like(model: object, value: object) -> Any:
    """JSON has no tuples: give a list back the type of the default."""
    return tuple(value) if isinstance(model, tuple) and isinstance(value, list) else value
