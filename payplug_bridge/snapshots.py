"""PayPlug's answers as frozen values: every field is checked for absence, null and type before it is used.

Read by `client` from decoded JSON; nobody else sees PayPlug's own objects. Amounts are cents, instants UTC.
Field meanings: PayPlug API version 2019-08-06 (PSD2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeGuard

from payplug_bridge.answer_fields import (
    MOST_CENTS,
    JsonObject,
    cents_of,
    instant_of,
    object_of,
    optional,
    required,
)
from payplug_bridge.errors import NotPayplugId, PayplugUnreadable

REFERENCE_KEY: Final = "solde_attempt"
"""The metadata key under which our attempt's reference travels."""

FINAL_FAILURES: Final = frozenset({"aborted", "timeout"})
"""Failures after which the same payment cannot be paid any more. Assumed: PayPlug does not say; a success that comes
later nevertheless is recorded all the same."""

REFUND_KEY: Final = "solde_refund"
"""The metadata key under which the reference of a refund that we asked for travels."""

DEFAULT_LEAST_CENTS: Final = 99
DEFAULT_MOST_CENTS: Final = 2_000_000
"""Limits for an account that does not tell its own (the cautious defaults of PayPlug's own plugins)."""

_PAYMENT_ID = re.compile(r"pay_[A-Za-z0-9]{8,64}")
_REFUND_ID = re.compile(r"re_[A-Za-z0-9]{8,64}")
_BEGINNING = datetime.fromtimestamp(0, UTC)
_LONGEST_WORD = 80
_LONGEST_TEXT = 500


def is_payment_id(text: object) -> TypeGuard[str]:
    """True for a syntactically possible payment id."""
    return isinstance(text, str) and _PAYMENT_ID.fullmatch(text) is not None


def is_refund_id(text: object) -> TypeGuard[str]:
    """True for a syntactically possible refund id."""
    return isinstance(text, str) and _REFUND_ID.fullmatch(text) is not None


def checked_payment_id(text: object) -> str:
    """The id itself, safe to put into an address.

    Raises:
        NotPayplugId: it is anything else (`../customers/x` would read another resource).
    """
    if is_payment_id(text):
        return text
    raise NotPayplugId


@dataclass(frozen=True)
class Failure:
    """Why a payment was not made; `code` is one of PayPlug's (`card_declined`, `timeout`…) or one yet unknown."""

    code: str
    message: str

    @property
    def is_final(self) -> bool:
        """False while the payer may still succeed on the same page."""
        return self.code in FINAL_FAILURES


@dataclass(frozen=True)
class Card:
    """What may be shown of the card: brand as PayPlug writes it and the last four digits."""

    brand: str
    last4: str


@dataclass(frozen=True)
class RefundSnapshot:
    """Money that PayPlug gave back, in cents; `reference` is what our metadata said, None for one made at PayPlug."""

    id: str
    payment_id: str
    is_live: bool
    amount_cents: int
    currency: str
    created_at: datetime | None
    reference: str | None


@dataclass(frozen=True)
class PaymentSnapshot:
    """A payment as PayPlug described it at one moment.

    `amount_cents` is None for an authorised payment, which has no amount but `authorized_cents`; `notification_code` is
    the HTTP status that our address answered last, None while it was not told. `reference` is what our metadata said,
    None when the payment is not one of ours; `payment_url` is empty when there is no hosted page; `refunds` are None
    while they were not read, `refundable_until` None until it is paid. `is_3ds` tells whether 3-D
    Secure was done, None before the payment.
    """

    id: str
    is_live: bool
    amount_cents: int | None
    refunded_cents: int
    currency: str
    is_paid: bool
    paid_at: datetime | None
    created_at: datetime | None
    failure: Failure | None
    card: Card | None
    payment_url: str
    reference: str | None
    is_3ds: bool | None = None
    authorized_cents: int | None = None
    notification_code: int | None = None
    refunds: tuple[RefundSnapshot, ...] | None = None
    refundable_until: datetime | None = None

    @property
    def asked_cents(self) -> int | None:
        """The amount that was asked for: of a payment, or of an authorisation (Oney, which has no amount)."""
        return self.authorized_cents if self.amount_cents is None else self.amount_cents


@dataclass(frozen=True)
class MethodFacts:
    """A way to pay as the account describes it; limits in cents, None when not told; no country: anywhere."""

    name: str
    is_enabled: bool
    countries: tuple[str, ...] = ()
    least_cents: int | None = None
    most_cents: int | None = None


@dataclass(frozen=True)
class AccountSnapshot:
    """The account behind a key: its mode, the amounts it accepts in cents of EUR, what it may do and offers.

    `country` is empty when it is not told; `currencies` are ISO 4217, `methods` the ways to pay besides cards.
    """

    id: str
    is_live: bool
    least_cents: int
    most_cents: int
    country: str = ""
    currencies: tuple[str, ...] = ()
    permissions: Mapping[str, bool] = field(default_factory=dict)
    methods: tuple[MethodFacts, ...] = ()


@dataclass(frozen=True)
class PaymentPage:
    """One page of the payment list; `number`, `per_page` and `has_more` are None when PayPlug does not tell.

    `length` counts every row of the page, also those left out of `payments` (not ours and not readable).
    """

    payments: tuple[PaymentSnapshot, ...]
    length: int
    number: int | None
    per_page: int | None
    has_more: bool | None


def read_payment(answer: object) -> PaymentSnapshot:
    """Convert a decoded payment object.

    Raises:
        PayplugUnreadable: it is not one, or a field has a wrong type.
    """
    body = object_of(answer, "payment")
    if body.get("object") != "payment" or not is_payment_id(body.get("id")):
        raise PayplugUnreadable("object")
    hosted = optional(body, "hosted_payment", dict) or {}
    return PaymentSnapshot(
        id=body["id"],
        is_live=required(body, "is_live", bool),
        amount_cents=cents_of(body, "amount"),
        refunded_cents=cents_of(body, "amount_refunded") or 0,
        currency=required(body, "currency", str)[:_LONGEST_WORD],
        is_paid=required(body, "is_paid", bool),
        paid_at=instant_of(body, "paid_at") or instant_of(hosted, "paid_at"),
        created_at=instant_of(body, "created_at"),
        failure=_failure(body),
        card=_card(body),
        payment_url=optional(hosted, "payment_url", str) or "",
        reference=_reference(body),
        authorized_cents=_authorized(body),
        refundable_until=instant_of(body, "refundable_until"),
        notification_code=optional(optional(body, "notification", dict) or {}, "response_code", int),
        is_3ds=optional(body, "is_3ds", bool),
    )


def read_refunds(answer: object) -> tuple[RefundSnapshot, ...]:
    """Convert a decoded list of a payment's refunds, oldest first.

    Raises:
        PayplugUnreadable: it is not one, or a refund in it cannot be read.
    """
    rows = required(object_of(answer, "refunds"), "data", list)
    # Newest first is assumed, as of payments: of one second the last of the list came first.
    found = [read_refund(row) for row in reversed(rows)]
    return tuple(sorted(found, key=lambda refund: refund.created_at or _BEGINNING))


def read_refund(answer: object) -> RefundSnapshot:
    """Convert a decoded refund object.

    Raises:
        PayplugUnreadable: it is not one, a field has a wrong type, or it gives nothing back.
    """
    body = object_of(answer, "refund")
    payment_id, amount = body.get("payment_id"), cents_of(body, "amount") or 0
    is_one = body.get("object") == "refund" and is_refund_id(body.get("id"))
    if not is_one or not is_payment_id(payment_id) or amount <= 0:
        raise PayplugUnreadable("refund")
    return RefundSnapshot(
        id=body["id"],
        payment_id=payment_id,
        is_live=required(body, "is_live", bool),
        amount_cents=amount,
        currency=required(body, "currency", str)[:_LONGEST_WORD],
        created_at=instant_of(body, "created_at"),
        reference=_reference(body, REFUND_KEY),
    )


def read_account(answer: object) -> AccountSnapshot:
    """Convert a decoded account object.

    Raises:
        PayplugUnreadable: it is not one, or a field has a wrong type.
    """
    body = object_of(answer, "account")
    if (optional(body, "object", str) or "account") != "account":
        raise PayplugUnreadable("object")
    configuration, permissions = optional(body, "configuration", dict) or {}, _permissions(body)
    return AccountSnapshot(
        id=required(body, "id", str)[:_LONGEST_WORD],
        is_live=required(body, "is_live", bool),
        least_cents=_limit(configuration, "min_amounts") or DEFAULT_LEAST_CENTS,
        most_cents=_limit(configuration, "max_amounts") or DEFAULT_MOST_CENTS,
        country=(optional(body, "country", str) or "")[:2].upper(),
        currencies=_words(configuration, "currencies"),
        permissions=permissions,
        methods=_methods(body) + (_oney(configuration) if permissions.get("can_use_oney") else ()),
    )


def _permissions(body: JsonObject) -> dict[str, bool]:
    """Names that are true or false; the account has others of other kinds, which say nothing to us."""
    given = optional(body, "permissions", dict) or {}
    return {str(name)[:_LONGEST_WORD]: value for name, value in given.items() if isinstance(value, bool)}


def _methods(body: JsonObject) -> tuple[MethodFacts, ...]:
    given = optional(body, "payment_methods", dict) or {}
    return tuple(
        _method(str(name)[:_LONGEST_WORD], object_of(facts, "payment_methods"))
        for name, facts in given.items()
    )


def _oney(configuration: JsonObject) -> tuple[MethodFacts, ...]:
    """Oney has a permission and a section of its own; which of the four contracts it is, is not told (assumed: any)."""
    facts = {**(optional(configuration, "oney", dict) or {}), "enabled": True}
    return tuple(
        _method(f"oney_x{parts}_{fees}_fees", facts) for parts in (3, 4) for fees in ("with", "without")
    )


def _method(name: str, facts: JsonObject) -> MethodFacts:
    countries = _words(facts, "allowed_countries")
    return MethodFacts(
        name=name,
        is_enabled=optional(facts, "enabled", bool) or False,
        # Official plugins meet a word for everywhere in place of a list of all countries.
        countries=() if "ALL" in countries else countries,
        least_cents=_limit(facts, "min_amounts"),
        most_cents=_limit(facts, "max_amounts"),
    )


def _words(body: JsonObject, key: str) -> tuple[str, ...]:
    """A list of short codes in capitals."""
    found = optional(body, key, list) or []
    if not all(isinstance(word, str) for word in found):
        raise PayplugUnreadable(key)
    return tuple(word[:_LONGEST_WORD].upper() for word in found)


def read_payment_page(answer: object) -> PaymentPage:
    """Convert one decoded page of the payment list.

    Raises:
        PayplugUnreadable: it is not one, or one of our own payments in it cannot be read.
    """
    body = object_of(answer, "list")
    rows = required(body, "data", list)
    return PaymentPage(
        payments=tuple(filter(None, map(_listed, rows))),
        length=len(rows),
        number=optional(body, "page", int),
        per_page=optional(body, "per_page", int),
        has_more=optional(body, "has_more", bool),
    )


def _listed(row: object) -> PaymentSnapshot | None:
    """A row of a list. The account may serve a shop too: what is strange there must not hide what is ours."""
    try:
        return read_payment(row)
    except PayplugUnreadable:
        if isinstance(row, dict) and _is_somebody_elses(row):
            return None
        raise


def _is_somebody_elses(row: JsonObject) -> bool:
    """True when the metadata can be read and name no attempt of ours; what cannot be read might be ours."""
    try:
        return _reference(row) is None
    except PayplugUnreadable:
        return False


def _authorized(body: JsonObject) -> int | None:
    """Where the amount of an authorisation stands differs between sources: beside the amount, or in its own object."""
    direct = cents_of(body, "authorized_amount")
    inner = cents_of(optional(body, "authorization", dict) or {}, "authorized_amount")
    return inner if direct is None else direct


def _failure(body: JsonObject) -> Failure | None:
    failure = optional(body, "failure", dict)
    if failure is None:
        return None
    code = optional(failure, "code", str) or "unknown"
    return Failure(code[:_LONGEST_WORD], (optional(failure, "message", str) or "")[:_LONGEST_TEXT])


def _card(body: JsonObject) -> Card | None:
    card = optional(body, "card", dict) or {}
    brand, last4 = optional(card, "brand", str) or "", optional(card, "last4", str) or ""
    return Card(brand[:40], last4[:4]) if brand or last4 else None


def _reference(body: JsonObject, key: str = REFERENCE_KEY) -> str | None:
    """The reference of our attempt or refund; None when PayPlug's object names none.

    A look-up that takes an odd value for "not ours" would let the same payment be asked for twice.
    """
    metadata = body.get("metadata")
    # An empty object may be written as an empty list by a server in PHP (assumed).
    reference = None if metadata == [] else (optional(body, "metadata", dict) or {}).get(key)
    if reference is None:
        return None
    if not isinstance(reference, str) or not 0 < len(reference) <= _LONGEST_WORD:
        raise PayplugUnreadable("metadata")
    return reference


def _limit(body: JsonObject, key: str) -> int | None:
    limit = optional(optional(body, key, dict) or {}, "EUR", int)
    return None if limit is None or limit < 0 else min(limit, MOST_CENTS)
