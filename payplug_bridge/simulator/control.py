"""The JSON control API under /simulator/, for tests and the demo. `control_client.py` is its client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator import accounts, faults, lifecycle, notifications, payments
from payplug_bridge.simulator.cards import DECLINES, GOOD_NUMBER, card_of
from payplug_bridge.simulator.control_accounts import add_account_rules
from payplug_bridge.simulator.control_requests import (
    answer_not_understood,
    answer_refusal,
    body_of_call,
    existing_account,
    existing_payment,
    whole_number,
)
from payplug_bridge.simulator.deliveries import Dispatcher
from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.objects import JsonObject, payment_object, refund_object
from payplug_bridge.simulator.session import (
    Session,
    Simulator,
    assume,
    clock_offset,
    current_simulator,
    set_clock_offset,
)
from payplug_bridge.simulator.state import empty

FLUSH_SECONDS = 60.0


def control_blueprint(dispatcher: Dispatcher) -> Blueprint:
    """Build the blueprint; the dispatcher is what flushing waits for."""
    blueprint = Blueprint("control", __name__, url_prefix="/simulator")
    for rule, method, view in (
        ("/status", "GET", status),
        ("/reset", "POST", reset),
        ("/clock", "POST", set_clock),
        ("/assumptions", "GET", read_assumptions),
        ("/assumptions", "POST", change_assumptions),
        ("/accounts", "GET", list_accounts),
        ("/accounts", "POST", create_account),
        ("/accounts/<account_id>/name", "POST", rename_account),
        ("/accounts/<account_id>/limits", "POST", set_limits),
        ("/accounts/<account_id>/keys", "POST", add_key),
        ("/keys/revoke", "POST", revoke_key),
        ("/payments", "GET", list_payments),
        ("/payments/<payment_id>", "GET", read_payment),
        ("/payments/<payment_id>/pay", "POST", pay),
        ("/payments/<payment_id>/decline", "POST", decline),
        ("/payments/<payment_id>/timeout", "POST", time_out),
        ("/payments/<payment_id>/abort", "POST", abort),
        ("/payments/<payment_id>/refund", "POST", refund),
        ("/notifications", "GET", list_notifications),
        ("/notifications/<int:delivery_id>/redeliver", "POST", redeliver),
        ("/deliveries/pause", "POST", pause),
        ("/deliveries/resume", "POST", resume),
        ("/faults", "GET", list_faults),
        ("/faults", "POST", set_fault),
        ("/faults", "DELETE", clear_faults),
    ):
        blueprint.add_url_rule(rule, f"{view.__name__}_{method.lower()}", view, methods=[method])
    add_account_rules(blueprint)
    _add_waits(blueprint, dispatcher)
    blueprint.register_error_handler(ApiError, answer_refusal)
    blueprint.register_error_handler(lifecycle.PaymentClosed, answer_closed)
    blueprint.register_error_handler(ValueError, answer_not_understood)
    blueprint.register_error_handler(TypeError, answer_not_understood)
    return blueprint


def _add_waits(blueprint: Blueprint, dispatcher: Dispatcher) -> None:
    """The two calls that wait for the sending threads."""

    @blueprint.post("/deliveries/flush")
    def flush() -> ResponseReturnValue:
        with current_simulator().write() as session:
            tried = notifications.make_urgent(session)
        return jsonify({"tried": tried, "done": dispatcher.wait_until_flushed(FLUSH_SECONDS)})

    @blueprint.post("/deliveries/wait")
    def wait() -> ResponseReturnValue:
        timeout = float(body_of_call().get("timeout", 5))
        return jsonify({"done": dispatcher.wait_until_tried(min(timeout, FLUSH_SECONDS))})


def status() -> ResponseReturnValue:
    """Ready, with the address, the clock and the pause."""
    simulator = current_simulator()
    session = simulator.read()
    return jsonify(
        {
            "simulator": "payplug",
            "public_url": simulator.public_url,
            "now": session.now,
            "clock_offset": clock_offset(session),
            "paused": notifications.is_paused(session),
        }
    )


def reset() -> ResponseReturnValue:
    """Forget everything; the demo account comes back with its keys."""
    with current_simulator().write() as session:
        empty(session.connection)
        accounts.ensure_demo_account(session)
    return jsonify({})


def set_clock() -> ResponseReturnValue:
    """Set `offset_seconds`, or move by `advance_seconds`; pages whose time has come expire at once."""
    body, simulator = body_of_call(), current_simulator()
    with simulator.write() as session:
        moved = clock_offset(session) + int(body.get("advance_seconds", 0))
        set_clock_offset(session, int(body.get("offset_seconds", moved)))
    with simulator.write() as session:
        expired = lifecycle.time_out_expired(session)
    return jsonify({"now": session.now, "expired": expired})


def read_assumptions() -> ResponseReturnValue:
    """Every assumption with its value."""
    return jsonify(asdict(current_simulator().read().assumptions))


def change_assumptions() -> ResponseReturnValue:
    """Change the named assumptions."""
    with current_simulator().write() as session:
        return jsonify(asdict(assume(session, body_of_call())))


def list_accounts() -> ResponseReturnValue:
    """Every account with its keys."""
    session = current_simulator().read()
    return jsonify([_account_json(session, account) for account in accounts.all_accounts(session)])


def create_account() -> ResponseReturnValue:
    """Create an account from `name`, `email` and optional limits; answers its keys."""
    body = body_of_call()
    with current_simulator().write() as session:
        account = accounts.create_account(session, **body)
        return jsonify(_account_json(session, account)), 201


def rename_account(account_id: str) -> ResponseReturnValue:
    """Change the `name` buyers see."""
    with current_simulator().write() as session:
        account = existing_account(session, account_id)
        accounts.rename(session, account.id, str(body_of_call().get("name") or account.name))
        return jsonify(_account_json(session, existing_account(session, account_id)))


def set_limits(account_id: str) -> ResponseReturnValue:
    """Change the smallest and largest amount an account accepts."""
    body = body_of_call()
    with current_simulator().write() as session:
        account = existing_account(session, account_id)
        minimum = int(body.get("minimum_cents", account.minimum_cents))
        accounts.set_limits(
            session, account_id, minimum, int(body.get("maximum_cents", account.maximum_cents))
        )
        return jsonify(_account_json(session, existing_account(session, account_id)))


def add_key(account_id: str) -> ResponseReturnValue:
    """Give an account another key, live unless `is_live` is false."""
    with current_simulator().write() as session:
        account = existing_account(session, account_id)
        key = accounts.add_key(session, account.id, is_live=bool(body_of_call().get("is_live", True)))
        return jsonify({"key": key.key}), 201


def revoke_key() -> ResponseReturnValue:
    """Revoke `key`."""
    with current_simulator().write() as session:
        if not accounts.revoke_key(session, str(body_of_call().get("key"))):
            raise ApiError(404, "no such key")
    return jsonify({})


def list_payments() -> ResponseReturnValue:
    """Every payment, newest first; `account` limits to one account."""
    session = current_simulator().read()
    found = payments.list_payments(session, payments.PaymentFilter(request.args.get("account")))
    return jsonify([payment_object(session, payment) for payment in found])


def read_payment(payment_id: str) -> ResponseReturnValue:
    """One payment, whatever its account and mode."""
    session = current_simulator().read()
    return jsonify(payment_object(session, existing_payment(session, payment_id)))


def pay(payment_id: str) -> ResponseReturnValue:
    """Pay with `card` (a number), at `paid_at`, with `is_3ds`; `force` and `notify` as in `lifecycle.pay`."""
    body = body_of_call()
    with current_simulator().write() as session:
        payment = existing_payment(session, payment_id)
        payment = lifecycle.pay(
            session,
            payment,
            None if payment.request.get("payment_method") else card_of(str(body.get("card") or GOOD_NUMBER)),
            is_3ds=bool(body.get("is_3ds", False)),
            paid_at=whole_number("paid_at"),
            force=bool(body.get("force", False)),
            notify=bool(body.get("notify", True)),
        )
        return jsonify(payment_object(session, payment))


def decline(payment_id: str) -> ResponseReturnValue:
    """Record a failed attempt with the failure `code`."""
    body = body_of_call()
    code = str(body.get("code", "card_declined"))
    if code not in DECLINES:
        raise ApiError(400, f"unknown code {code!r}; known: {', '.join(DECLINES)}")
    with current_simulator().write() as session:
        payment = existing_payment(session, payment_id)
        payment = lifecycle.decline(session, payment, code, notify=bool(body.get("notify", True)))
        return jsonify(payment_object(session, payment))


def time_out(payment_id: str) -> ResponseReturnValue:
    """Let the page expire now."""
    with current_simulator().write() as session:
        payment = lifecycle.time_out(
            session, existing_payment(session, payment_id), notify=_wants_notification()
        )
        return jsonify(payment_object(session, payment))


def abort(payment_id: str) -> ResponseReturnValue:
    """Abort in the portal."""
    with current_simulator().write() as session:
        payment = lifecycle.abort(
            session, existing_payment(session, payment_id), notify=_wants_notification()
        )
        return jsonify(payment_object(session, payment))


def refund(payment_id: str) -> ResponseReturnValue:
    """Refund in the portal: `amount` cents or all, at `created_at`."""
    with current_simulator().write() as session:
        made = lifecycle.refund(
            session,
            existing_payment(session, payment_id),
            amount=whole_number("amount"),
            origin="portal",
            created_at=whole_number("created_at"),
            notify=_wants_notification(),
        )
        return jsonify(refund_object(made)), 201


def list_notifications() -> ResponseReturnValue:
    """Notifications, oldest first, with each attempt; `payment` limits to one payment."""
    session = current_simulator().read()
    found = notifications.list_deliveries(session, request.args.get("payment"))
    return jsonify([_delivery_json(session, delivery) for delivery in reversed(found)])


def redeliver(delivery_id: int) -> ResponseReturnValue:
    """Send a notification again now."""
    with current_simulator().write() as session:
        if not notifications.redeliver(session, delivery_id):
            raise ApiError(404, "no such notification")
    return jsonify({})


def pause() -> ResponseReturnValue:
    """Hold every notification back until resumed or flushed."""
    with current_simulator().write() as session:
        notifications.set_paused(session, True)
    return jsonify({})


def resume() -> ResponseReturnValue:
    """Let notifications go again."""
    with current_simulator().write() as session:
        notifications.set_paused(session, False)
    return jsonify({})


def list_faults() -> ResponseReturnValue:
    """The faults in force."""
    return jsonify([asdict(fault) for fault in faults.faults_in_force(current_simulator().read())])


def set_fault() -> ResponseReturnValue:
    """Put a fault in force: `kind`, `target`, `times`, `parameters`."""
    body = body_of_call()
    with current_simulator().write() as session:
        fault = faults.set_fault(
            session,
            str(body.get("kind")),
            target=str(body.get("target", faults.ANY)),
            times=whole_number("times"),
            parameters=cast(Mapping[str, object], body.get("parameters", {})),
        )
        return jsonify(asdict(fault)), 201


def clear_faults() -> ResponseReturnValue:
    """End every fault; held notifications go out."""
    clear_all_faults(current_simulator())
    return jsonify({})


def clear_all_faults(simulator: Simulator) -> None:
    """End every fault and let go what they held."""
    with simulator.write() as session:
        faults.remove_all_faults(session)
        notifications.release_held(session)


def _wants_notification() -> bool:
    return bool(body_of_call().get("notify", True))


def _account_json(session: Session, account: accounts.Account) -> JsonObject:
    return {
        **asdict(account),
        "live_key": accounts.valid_key(session, account.id, is_live=True),
        "test_key": accounts.valid_key(session, account.id, is_live=False),
    }


def _delivery_json(session: Session, delivery: notifications.Delivery) -> JsonObject:
    log = [asdict(attempt) for attempt in notifications.attempts_of(session, delivery.id)]
    return {**asdict(delivery), "body": json.loads(delivery.body), "log": log}


def answer_closed(closed: lifecycle.PaymentClosed) -> ResponseReturnValue:
    """The payment cannot take this step any more: 409."""
    return answer_refusal(ApiError(409, str(closed)))
