"""Payouts, the invoice of fees, chargebacks and balances in the control API under /simulator/."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator import movements
from payplug_bridge.simulator.control_requests import (
    answer_not_understood,
    answer_refusal,
    body_of_call,
    existing_account,
    existing_payment,
    whole_number,
)
from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.session import current_simulator


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
    blueprint.register_error_handler(ApiError, answer_refusal)
    blueprint.register_error_handler(ValueError, answer_not_understood)
    return blueprint


def read_balance(account_id: str) -> ResponseReturnValue:
    """The balances of both modes in cents."""
    session = current_simulator().read()
    existing_account(session, account_id)
    live, test = (movements.balance_cents(session, account_id, is_live=mode) for mode in (True, False))
    return jsonify({"live": live, "test": test})


def pay_out(account_id: str) -> ResponseReturnValue:
    """Send `amount` cents or all to the bank, at `at` (Unix seconds)."""
    with current_simulator().write() as session:
        existing_account(session, account_id)
        made = movements.pay_out(
            session, account_id, is_live=_is_live(), amount=whole_number("amount"), at=whole_number("at")
        )
        return jsonify(asdict(made)), 201


def invoice_fees(account_id: str) -> ResponseReturnValue:
    """Take the fees of `month` (`2026-09`), the one before by default."""
    with current_simulator().write() as session:
        existing_account(session, account_id)
        month = body_of_call().get("month")
        made = movements.invoice_fees(
            session, account_id, is_live=_is_live(), month=None if month is None else str(month)
        )
        return jsonify(asdict(made)), 201


def dispute(payment_id: str) -> ResponseReturnValue:
    """The bank takes `amount` cents or all back, at `at`."""
    with current_simulator().write() as session:
        payment = existing_payment(session, payment_id)
        made = movements.dispute(session, payment, amount=whole_number("amount"), at=whole_number("at"))
        return jsonify(asdict(made)), 201


def win_dispute(payment_id: str) -> ResponseReturnValue:
    """The money of the dispute comes back, at `at`."""
    with current_simulator().write() as session:
        made = movements.win_dispute(session, existing_payment(session, payment_id), at=whole_number("at"))
        return jsonify(asdict(made)), 201


def _is_live() -> bool:
    return bool(body_of_call().get("is_live", True))
