"""The v1 API as the official library calls it: payments, refunds, account, keys. Wired by `app.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator import api_faults, lifecycle, payments
from payplug_bridge.simulator.accounts import (
    Account,
    find_account,
    find_account_by_email,
    find_key,
    valid_key,
)
from payplug_bridge.simulator.errors import ApiError, error_body
from payplug_bridge.simulator.features import features_of
from payplug_bridge.simulator.fields import metadata as metadata_problem
from payplug_bridge.simulator.objects import (
    CURRENT_VERSION,
    LEGACY_VERSION,
    JsonObject,
    account_object,
    payment_object,
    refund_object,
)
from payplug_bridge.simulator.payment_request import INVALID, checked_request
from payplug_bridge.simulator.payments import Payment, find_payment
from payplug_bridge.simulator.refunds import find_refund, refunds_of
from payplug_bridge.simulator.session import Session, current_simulator

blueprint = Blueprint("api", __name__, url_prefix="/v1")
api_faults.install(blueprint)

ALREADY_ABORTED = "The payment was already aborted."
UPDATES = frozenset({"abort", "aborted", "captured", "metadata"})


@blueprint.post("/payments")
def create_payment() -> ResponseReturnValue:
    """Make a payment; 201 with the object and its hosted page."""
    version = _version()
    with current_simulator().write() as session:
        account, is_live = authenticate(session)
        legacy = version == LEGACY_VERSION
        features = features_of(session, account.id)
        checked = checked_request(json_body(), account, features, session.assumptions, legacy=legacy)
        payment = payments.create_payment(session, account, checked, is_live=is_live, api_version=version)
        return jsonify(payment_object(session, payment, version)), 201


@blueprint.get("/payments")
def list_payments() -> ResponseReturnValue:
    """One page of the key's payments, newest first."""
    session = current_simulator().read()
    account, is_live = authenticate(session)
    assumed = session.assumptions
    page = _whole_number("page", assumed.first_page, assumed.first_page, 1_000_000)
    per_page = _whole_number("per_page", assumed.default_per_page, 1, assumed.largest_per_page)
    offset = (page - assumed.first_page) * per_page
    wanted = payments.PaymentFilter(account.id, is_live)
    found = payments.list_payments(session, wanted, limit=per_page, offset=offset)
    total = payments.count_payments(session, wanted)
    data = [payment_object(session, payment, _version()) for payment in found]
    answer = {"type": "list", "page": page, "per_page": per_page}
    answer["count"] = total if assumed.count_is_total else len(data)
    if assumed.send_has_more:
        answer["has_more"] = offset + len(data) < total
    return jsonify({**answer, "data": data})


@blueprint.get("/payments/<payment_id>")
def retrieve_payment(payment_id: str) -> ResponseReturnValue:
    """The payment as it is now."""
    session = current_simulator().read()
    return jsonify(payment_object(session, _own_payment(session, payment_id), _version()))


@blueprint.patch("/payments/<payment_id>")
def update_payment(payment_id: str) -> ResponseReturnValue:
    """Abort (`abort` or `aborted`), capture, or replace the metadata."""
    with current_simulator().write() as session:
        payment = _own_payment(session, payment_id)
        changes = _checked_changes(json_body())
        if "captured" in changes:
            raise ApiError(403, "The payment is not an authorized one: it cannot be captured.")
        if "abort" in changes or "aborted" in changes:
            payment = _abort(session, payment)
        if "metadata" in changes:
            payment = lifecycle.set_metadata(session, payment, changes["metadata"])
        return jsonify(payment_object(session, payment, _version()))


def _checked_changes(body: object) -> Mapping[str, Any]:
    if not isinstance(body, Mapping) or not body:
        raise ApiError(400, "The request body must be a JSON object with at least one parameter.")
    errors: dict[str, object] = {
        name: "This field cannot be updated." for name in body if name not in UPDATES
    }
    errors |= {
        name: "This field must be true."
        for name in ("abort", "aborted", "captured")
        if name in body and body[name] is not True
    }
    problem = metadata_problem(body["metadata"]) if "metadata" in body else None
    errors |= {"metadata": problem} if problem else {}
    if errors:
        raise ApiError(400, INVALID, errors)
    return body


def _abort(session: Session, payment: Payment) -> Payment:
    try:
        return lifecycle.abort(session, payment)
    except lifecycle.PaymentClosed as closed:
        if closed.state == "aborted":
            raise ApiError(session.assumptions.second_abort_status, ALREADY_ABORTED) from closed
        message = f"The payment cannot be aborted: it is {closed.state}."
        raise ApiError(session.assumptions.abort_after_end_status, message) from closed


@blueprint.post("/payments/<payment_id>/refunds")
def create_refund(payment_id: str) -> ResponseReturnValue:
    """Give money back; an empty body gives back all that remains."""
    with current_simulator().write() as session:
        payment = _own_payment(session, payment_id)
        body = json_body() if request.get_data(cache=True) else {}
        amount, metadata = _checked_refund(body)
        refund = lifecycle.refund(session, payment, amount=amount, metadata=metadata)
        return jsonify(refund_object(refund)), 201


def _checked_refund(body: object) -> tuple[int | None, Mapping[str, Any] | None]:
    if not isinstance(body, Mapping):
        raise ApiError(400, "The request body must be a JSON object.")
    errors: dict[str, object] = {
        name: "This field is unknown." for name in body if name not in ("amount", "metadata")
    }
    amount, metadata = body.get("amount"), body.get("metadata")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0):
        errors["amount"] = "This field must be a positive integer."
    problem = metadata_problem(metadata) if metadata is not None else None
    errors |= {"metadata": problem} if problem else {}
    if errors:
        raise ApiError(400, INVALID, errors)
    return amount, metadata


@blueprint.get("/payments/<payment_id>/refunds")
def list_refunds(payment_id: str) -> ResponseReturnValue:
    """All the refunds of a payment, newest first."""
    session = current_simulator().read()
    payment = _own_payment(session, payment_id)
    return jsonify(
        {"type": "list", "data": [refund_object(refund) for refund in refunds_of(session, payment.id)]}
    )


@blueprint.get("/payments/<payment_id>/refunds/<refund_id>")
def retrieve_refund(payment_id: str, refund_id: str) -> ResponseReturnValue:
    """One refund of a payment."""
    session = current_simulator().read()
    payment = _own_payment(session, payment_id)
    refund = find_refund(session, payment.id, refund_id)
    if refund is None:
        raise ApiError(404, "The requested refund does not exist.")
    return jsonify(refund_object(refund))


@blueprint.get("/account")
def account() -> ResponseReturnValue:
    """The account behind the key: limits and permissions."""
    session = current_simulator().read()
    found, is_live = authenticate(session)
    return jsonify(account_object(found, features_of(session, found.id), is_live=is_live))


@blueprint.post("/keys")
def create_keys() -> ResponseReturnValue:
    """The account's keys, for its e-mail and password; no live key while the account has no live mode."""
    body = json_body()
    session = current_simulator().read()
    email, password = (body.get("email"), body.get("password")) if isinstance(body, Mapping) else (None, None)
    found = find_account_by_email(session, email) if isinstance(email, str) else None
    if found is None or found.password != password:
        raise ApiError(401, "The e-mail or the password is wrong.")
    keys: JsonObject = {"test": valid_key(session, found.id, is_live=False)}
    if found.use_live_mode:
        keys["live"] = valid_key(session, found.id, is_live=True)
    return jsonify({"secret_keys": keys}), 201


def authenticate(session: Session) -> tuple[Account, bool]:
    """The account and mode the key stands for; ApiError 401 without a valid key, 403 for a forbidden live mode."""
    match = re.fullmatch(r"Bearer (\S+)", request.headers.get("Authorization", ""))
    key = find_key(session, match.group(1)) if match else None
    if key is None or key.is_revoked:
        raise ApiError(401, "The secret key is missing, unknown or revoked.")
    account = find_account(session, key.account_id)
    assert account is not None
    if key.is_live and not account.use_live_mode:
        raise ApiError(403, "This account is not allowed to use the live mode.")
    return account, key.is_live


def _own_payment(session: Session, payment_id: str) -> Payment:
    """The key's own payment; 404 for an unknown id or another account's, 403 for the other mode's."""
    account, is_live = authenticate(session)
    payment = find_payment(session, payment_id)
    if payment is None or payment.account_id != account.id:
        raise ApiError(404, "The requested payment does not exist.")
    if payment.is_live != is_live:
        raise ApiError(403, "The payment belongs to the other mode: use the other secret key.")
    return payment


def _version() -> str:
    version = request.headers.get("PayPlug-Version", LEGACY_VERSION)
    if version not in (LEGACY_VERSION, CURRENT_VERSION):
        raise ApiError(400, f"The API version {version} does not exist.")
    return version


def json_body() -> object:
    """The decoded body; ApiError 400 when it is no JSON."""
    body: object = request.get_json(force=True, silent=True)
    if body is None:
        raise ApiError(400, "The request body is not valid JSON.")
    return body


def _whole_number(name: str, default: int, smallest: int, largest: int) -> int:
    raw = request.args.get(name)
    if raw is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", raw) or not smallest <= int(raw) <= largest:
        raise ApiError(400, INVALID, {name: f"This field must be between {smallest} and {largest}."})
    return int(raw)


@blueprint.errorhandler(ApiError)
def answer_error(error: ApiError) -> ResponseReturnValue:
    """Answer a refusal in the API's error format."""
    lists = current_simulator().read().assumptions.details_are_lists
    response: Response = jsonify(error_body(error.message, error.details, leaves_as_lists=lists))
    response.status_code = error.status
    return response
