"""The JSON objects of the API, field for field as version 2019-08-06 (PSD2) and the legacy format give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payplug_bridge.simulator.accounts import Account
from payplug_bridge.simulator.features import Features, account_sections
from payplug_bridge.simulator.method_request import is_authorization
from payplug_bridge.simulator.payments import Payment
from payplug_bridge.simulator.refunds import Refund
from payplug_bridge.simulator.session import Session

JsonObject = dict[str, Any]
CURRENT_VERSION = "2019-08-06"
LEGACY_VERSION = ""
BILLING_KEYS = (
    "title",
    "first_name",
    "last_name",
    "email",
    "mobile_phone_number",
    "landline_phone_number",
    "address1",
    "address2",
    "company_name",
    "postcode",
    "city",
    "state",
    "country",
    "language",
)
SHIPPING_KEYS = (*BILLING_KEYS, "delivery_type")
CUSTOMER_KEYS = ("first_name", "last_name", "email", "address1", "address2", "postcode", "city", "country")
# Only the text of `timeout` and of the second abort is known; the others are the simulator's own words.
FAILURE_MESSAGES = {
    "processing_error": "The card could not be processed.",
    "card_declined": "The card has been declined by the bank.",
    "insufficient_funds": "The card has insufficient funds.",
    "3ds_declined": "The 3-D Secure authentication failed.",
    "incorrect_number": "The card number is incorrect.",
    "card_scheme_mismatch": "The card number does not match the chosen brand.",
    "fraud_suspected": "The payment is suspected of fraud.",
    "method_unsupported": "This kind of card is not accepted.",
    "card_expiration_date_prior_to_last_installment_date": "The card expires before the last installment.",
    "aborted": "The payment has been aborted.",
    "timeout": "The customer has not tried to pay and left the payment page.",
}


def payment_object(session: Session, payment: Payment, version: str = CURRENT_VERSION) -> JsonObject:
    """The payment as the API gives it in a version; `customer` instead of billing and shipping in the legacy one."""
    request = payment.request
    body: JsonObject = {
        "id": payment.id,
        "object": "payment",
        "is_live": payment.is_live,
        **({} if is_authorization(request) else {"amount": payment.amount}),
        "amount_refunded": payment.amount_refunded,
        "authorization": None,
        "currency": request["currency"],
        "installment_plan_id": None,
        "is_paid": payment.paid_at is not None,
        "paid_at": payment.paid_at,
        "is_refunded": payment.state == "refunded",
        "is_3ds": payment.is_3ds,
        "save_card": bool(request.get("save_card")),
        "allow_save_card": bool(request.get("allow_save_card")),
        "created_at": payment.created_at,
        "refundable_after": payment.paid_at,
        "refundable_until": payment.refundable_until(session.assumptions.refundable_days),
        "card": _card(payment),
        "hosted_payment": _hosted_payment(session, payment),
        "notification": {"url": request.get("notification_url"), "response_code": payment.notification_code},
        "failure": _failure(payment),
        "description": request.get("description"),
        "metadata": request.get("metadata"),
    }
    return body | _method(payment) | _people(request, version)


def _method(payment: Payment) -> JsonObject:
    """What a way other than a card changes: its name, and for Oney the authorised amount in place of the amount."""
    name = payment.request.get("payment_method")
    if name is None:
        return {}
    fields: JsonObject = {"payment_method": {"type": name, "is_pending": False}}
    if is_authorization(payment.request):
        paid = payment.paid_at
        fields["authorized_amount"] = payment.amount
        fields["authorization"] = {
            "authorized_amount": payment.amount,
            "authorized_at": paid,
            "expires_at": None,
        }
    return fields


def _people(request: Mapping[str, Any], version: str) -> JsonObject:
    billing = request.get("billing") or request.get("customer") or {}
    shipping = request.get("shipping") or {}
    if version == LEGACY_VERSION:
        return {"customer": {key: billing.get(key) for key in CUSTOMER_KEYS}}
    return {
        "billing": {key: billing.get(key) for key in BILLING_KEYS},
        "shipping": {key: shipping.get(key) for key in SHIPPING_KEYS},
    }


def _card(payment: Payment) -> JsonObject:
    card = payment.card
    return {
        "last4": card and card.last4,
        "country": card and card.country,
        "exp_year": card and card.exp_year,
        "exp_month": card and card.exp_month,
        "brand": card and card.brand,
        "id": None,
        "metadata": None,
    }


def _hosted_payment(session: Session, payment: Payment) -> JsonObject:
    hosted = payment.request.get("hosted_payment") or {}
    return {
        "payment_url": session.public_url + payment.path,
        "return_url": hosted.get("return_url"),
        "cancel_url": hosted.get("cancel_url"),
        "paid_at": payment.paid_at,
        "sent_by": hosted.get("sent_by"),
    }


def _failure(payment: Payment) -> JsonObject | None:
    code = payment.failure_code
    return (
        None if code is None else {"code": code, "message": FAILURE_MESSAGES.get(code, "The payment failed.")}
    )


def refund_object(refund: Refund) -> JsonObject:
    """The refund as the API gives it."""
    return {
        "id": refund.id,
        "object": "refund",
        "payment_id": refund.payment_id,
        "is_live": refund.is_live,
        "amount": refund.amount,
        "currency": "EUR",
        "created_at": refund.created_at,
        "metadata": refund.metadata,
    }


def account_object(account: Account, features: Features, *, is_live: bool) -> JsonObject:
    """The account behind a key: its limits, what it may do, and the ways to pay it offers beside cards."""
    limits = {"min_amounts": {"EUR": account.minimum_cents}, "max_amounts": {"EUR": account.maximum_cents}}
    sections = account_sections(features, limits)
    return {
        "object": "account",
        "id": account.id,
        "is_live": is_live,
        "country": account.country,
        "configuration": sections["configuration"],
        "permissions": {"use_live_mode": account.use_live_mode, **sections["permissions"]},
        "payment_methods": sections["payment_methods"],
    }
