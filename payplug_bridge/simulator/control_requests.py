"""What the calls of the control API share: the values of a body, the row that an address names, refusals."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator import accounts
from payplug_bridge.simulator.errors import ApiError, error_body
from payplug_bridge.simulator.payments import Payment, find_payment
from payplug_bridge.simulator.session import Session


def body_of_call() -> dict[str, Any]:
    """The JSON object of the body; an empty one when nothing was sent. ApiError for anything else."""
    if not request.get_data(cache=True):
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ApiError(400, "the body must be a JSON object")
    return body


def whole_number(name: str) -> int | None:
    """An optional whole number of the body, such as a time in Unix seconds or an amount in cents."""
    value = body_of_call().get(name)
    if value is not None and type(value) is not int:
        raise ApiError(400, f"{name} must be a whole number")
    return value


def existing_payment(session: Session, payment_id: str) -> Payment:
    """The payment of any account; ApiError 404 when there is none."""
    payment = find_payment(session, payment_id)
    if payment is None:
        raise ApiError(404, "no such payment")
    return payment


def existing_account(session: Session, account_id: str) -> accounts.Account:
    """The account; ApiError 404 when there is none."""
    account = accounts.find_account(session, account_id)
    if account is None:
        raise ApiError(404, "no such account")
    return account


def answer_refusal(error: ApiError) -> ResponseReturnValue:
    """The refusal as JSON, with its status."""
    response = jsonify(error_body(error.message, error.details))
    response.status_code = error.status
    return response


def answer_not_understood(problem: Exception) -> ResponseReturnValue:
    """A value of the wrong kind, or a parameter that does not exist: 400 with the reason."""
    return answer_refusal(ApiError(400, str(problem)))
