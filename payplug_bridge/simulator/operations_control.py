"""Payouts, the invoice of fees, chargebacks and balances in the control API under /simulator/."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator import accounts, movements
from payplug_bridge.simulator.control import answer_not_understood
from payplug_bridge.simulator.errors import ApiError, error_body
from payplug_bridge.simulator.payments import Payment, find_payment
from payplug_bridge.simulator.session import Session, current_simulator


def operations_control_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("operations_control", __name__, url_prefix="/simulator")
    for rule, method, view in (
        ("/accounts/<account_id>/balance", "GET", read_balance),
        ("/accounts/<account_id>/payout", "POST", pay_out),
        ("/accounts/<account_id>/fees", "POST", invoice_fees),
        ("/payments/<payment_id>/dispute", "POST", dispute),
        ("/payments/<payment_id>/dispute/win", "POST", win_dispute),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])
    blueprint.register_error_handler(ApiError, _answer_error)
    blueprint.register_error_handler(ValueError, answer_not_understood)
    return blueprint


def read_balance(account_id: str) -> ResponseReturnValue:
    """The balances of both modes in cents."""
    session = current_simulator().read()
    _require_account(session, account_id)
    live, test = (movements.balance_cents(session, account_id, is_live=mode) for mode in (True, False))
    return jsonify({"live": live, "test": test})


def pay_out(account_id: str) -> ResponseReturnValue:
    """Send `amount` cents or all to the bank, at `at` (Unix seconds)."""
    with current_simulator().write() as session:
        _require_account(session, account_id)
        made = movements.pay_out(
            session, account_id, is_live=_is_live(), amount=_number("amount"), at=_number("at")
        )
        return jsonify(asdict(made)), 201


def invoice_fees(account_id: str) -> ResponseReturnValue:
    """Take the fees of `month` (`2026-09`), the one before by default."""
    with current_simulator().write() as session:
        _require_account(session, account_id)
        month = _body().get("month")
        made = movements.invoice_fees(
            session, account_id, is_live=_is_live(), month=None if month is None else str(month)
        )
        return jsonify(asdict(made)), 201


def dispute(payment_id: str) -> ResponseReturnValue:
    """The bank takes `amount` cents or all back, at `at`."""
    with current_simulator().write() as session:
        payment = _payment(session, payment_id)
        made = movements.dispute(session, payment, amount=_number("amount"), at=_number("at"))
        return jsonify(asdict(made)), 201


def win_dispute(payment_id: str) -> ResponseReturnValue:
    """The money of the dispute comes back, at `at`."""
    with current_simulator().write() as session:
        made = movements.win_dispute(session, _payment(session, payment_id), at=_number("at"))
        return jsonify(asdict(made)), 201


def _body() -> dict[str, object]:
    body = request.get_json(force=True, silent=True) if request.get_data(cache=True) else {}
    if not isinstance(body, dict):
        raise ApiError(400, "the body must be a JSON object")
    return body


def _number(name: str) -> int | None:
    value = _body().get(name)
    if value is not None and type(value) is not int:
        raise ApiError(400, f"{name} must be a whole number")
    return value


def _is_live() -> bool:
    return bool(_body().get("is_live", True))


def _require_account(session: Session, account_id: str) -> None:
    if accounts.find_account(session, account_id) is None:
        raise ApiError(404, "no such account")


def _payment(session: Session, payment_id: str) -> Payment:
    payment = find_payment(session, payment_id)
    if payment is None:
        raise ApiError(404, "no such payment")
    return payment


def _answer_error(error: ApiError) -> ResponseReturnValue:
    response = jsonify(error_body(error.message, error.details))
    response.status_code = error.status
    return response
