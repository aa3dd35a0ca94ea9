"""The merchant's portal: payments, their notifications, balances. The fault panel is in `fault_panel.py`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask import abort as stop_with
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from payplug_bridge.simulator import accounts, lifecycle, movements, notifications
from payplug_bridge.simulator.deliveries import Dispatcher
from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.method_panel import switches
from payplug_bridge.simulator.objects import payment_object
from payplug_bridge.simulator.payments import (
    Payment,
    PaymentFilter,
    collected_and_refunded,
    count_payments,
    find_payment,
    list_payments,
)
from payplug_bridge.simulator.refunds import refunds_of
from payplug_bridge.simulator.session import Session, current_simulator

PER_PAGE = 50
SHOWN_NOTIFICATIONS = 100
FLUSH_SECONDS = 20.0
AMOUNT = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,2}))?")


def portal_blueprint(dispatcher: Dispatcher) -> Blueprint:
    """Build the blueprint; the dispatcher is what "send everything now" waits for."""
    blueprint = Blueprint("portal", __name__, url_prefix="/portal")
    blueprint.add_url_rule("", "payments", show_payments)
    blueprint.add_url_rule("/payments/<payment_id>", "payment", show_payment)
    for action in (refund, abort, expire):
        rule = f"/payments/<payment_id>/{action.__name__}"
        blueprint.add_url_rule(rule, action.__name__, action, methods=["POST"])
    blueprint.add_url_rule("/notifications", "notifications", show_notifications)
    blueprint.add_url_rule("/notifications/<int:delivery_id>", "redeliver", redeliver, methods=["POST"])
    blueprint.add_url_rule("/deliveries", "deliveries", _deliveries_view(dispatcher), methods=["POST"])
    blueprint.add_url_rule("/accounts", "accounts", show_accounts)
    blueprint.add_url_rule("/accounts", "create_account", create_account, methods=["POST"])
    blueprint.add_url_rule("/accounts/<account_id>/keys", "add_key", add_key, methods=["POST"])
    blueprint.add_url_rule("/keys", "revoke_key", revoke_key, methods=["POST"])
    blueprint.add_url_rule("/language/<language>", "language", set_language)
    return blueprint


def show_payments() -> ResponseReturnValue:
    """The list, newest first, with its search."""
    session = current_simulator().read()
    arguments = request.args
    mode = {"live": True, "test": False}.get(arguments.get("mode", ""))
    wanted = PaymentFilter(arguments.get("account") or None, mode, arguments.get("q", "").strip() or None)
    page = max(1, arguments.get("page", 1, type=int))
    found = list_payments(session, wanted, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    kept = {name: value for name, value in arguments.items() if name not in ("page", "done")}
    return render_template(
        "payments.html",
        payments=found,
        total=count_payments(session, wanted),
        page=page,
        per_page=PER_PAGE,
        page_address=lambda number: "?" + urlencode({**kept, "page": number}),
        accounts=accounts.all_accounts(session),
    )


def show_payment(payment_id: str) -> ResponseReturnValue:
    """One payment with its refunds, its notifications and what can be done to it."""
    session = current_simulator().read()
    payment = _payment(session, payment_id)
    return render_template(
        "payment.html",
        payment=payment,
        seller=accounts.find_account(session, payment.account_id),
        is_open=payment.is_open(session.now),
        refunds=refunds_of(session, payment.id),
        deliveries=_with_attempts(session, notifications.list_deliveries(session, payment.id)),
        object_json=json.dumps(payment_object(session, payment), indent=2, ensure_ascii=False),
    )


def refund(payment_id: str) -> ResponseReturnValue:
    """Refund the amount in euros, or all that remains."""
    raw = request.form.get("amount", "").strip()
    match = AMOUNT.fullmatch(raw)
    if raw and match is None:
        return _back_to(payment_id, problem="bad_amount")
    amount = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else None
    return _change(
        payment_id,
        lambda session, payment: lifecycle.refund(session, payment, amount=amount, origin="portal"),
    )


def abort(payment_id: str) -> ResponseReturnValue:
    """Abort an unpaid payment."""
    return _change(payment_id, lifecycle.abort)


def expire(payment_id: str) -> ResponseReturnValue:
    """Let an untried payment time out now."""
    return _change(payment_id, lifecycle.time_out)


def _change(payment_id: str, change: Callable[[Session, Payment], object]) -> Response:
    """Do it, or come back with the reason why not."""
    try:
        with current_simulator().write() as session:
            change(session, _payment(session, payment_id))
    except (lifecycle.PaymentClosed, ApiError) as refusal:
        return _back_to(payment_id, refusal=str(refusal))
    return _back_to(payment_id, done=1)


def _back_to(payment_id: str, **query: Any) -> Response:
    return redirect(url_for("portal.payment", payment_id=payment_id, **query), 303)


def show_notifications() -> ResponseReturnValue:
    """The last notifications of all payments."""
    session = current_simulator().read()
    found = notifications.list_deliveries(session, limit=SHOWN_NOTIFICATIONS)
    return render_template(
        "notifications.html",
        deliveries=_with_attempts(session, found),
        paused=notifications.is_paused(session),
    )


def redeliver(delivery_id: int) -> ResponseReturnValue:
    """Send one notification again."""
    with current_simulator().write() as session:
        if not notifications.redeliver(session, delivery_id):
            stop_with(404)
    back = request.form.get("payment")
    return _back_to(back, done=1) if back else redirect(url_for("portal.notifications", done=1), 303)


def _deliveries_view(dispatcher: Dispatcher) -> Callable[[], ResponseReturnValue]:
    def deliveries() -> ResponseReturnValue:
        """Pause, resume, or send everything now."""
        action = request.form.get("action")
        with current_simulator().write() as session:
            if action == "flush":
                notifications.make_urgent(session)
            else:
                notifications.set_paused(session, action == "pause")
        if action == "flush":
            dispatcher.wait_until_flushed(FLUSH_SECONDS)
        return redirect(url_for("portal.notifications", done=1), 303)

    return deliveries


def show_accounts() -> ResponseReturnValue:
    """Each account with its keys, limits and balances."""
    session = current_simulator().read()
    rows = [
        {
            "account": account,
            "keys": accounts.keys_of(session, account.id),
            "methods": switches(session, account.id),
            "sums": {
                mode: collected_and_refunded(session, account.id, is_live=mode) for mode in (True, False)
            },
            "left": {
                mode: movements.balance_cents(session, account.id, is_live=mode) for mode in (True, False)
            },
        }
        for account in accounts.all_accounts(session)
    ]
    return render_template("accounts.html", rows=rows, refusal=request.args.get("refusal"))


def create_account() -> ResponseReturnValue:
    """A further merchant, with keys of its own."""
    name, email = request.form.get("name", "").strip(), request.form.get("email", "").strip()
    if not name or not email:
        stop_with(400)
    try:
        with current_simulator().write() as session:
            accounts.create_account(session, name=name, email=email)
    except ValueError as refusal:
        return redirect(url_for("portal.accounts", refusal=str(refusal)), 303)
    return redirect(url_for("portal.accounts", done=1), 303)


def add_key(account_id: str) -> ResponseReturnValue:
    """A further key of one mode."""
    with current_simulator().write() as session:
        if accounts.find_account(session, account_id) is None:
            stop_with(404)
        accounts.add_key(session, account_id, is_live=request.form.get("mode") == "live")
    return redirect(url_for("portal.accounts", done=1), 303)


def revoke_key() -> ResponseReturnValue:
    """Make a key worthless."""
    with current_simulator().write() as session:
        accounts.revoke_key(session, request.form.get("key", ""))
    return redirect(url_for("portal.accounts", done=1), 303)


def set_language(language: str) -> ResponseReturnValue:
    """Remember the portal's language, then come back."""
    back = request.args.get("back", "")
    response = make_response(
        redirect(back if back.startswith("/portal") else url_for("portal.payments"), 303)
    )
    response.set_cookie("simulator_lang", language[:2], samesite="Lax", max_age=31_536_000)
    return response


def _payment(session: Session, payment_id: str) -> Payment:
    payment = find_payment(session, payment_id)
    if payment is None:
        stop_with(404)
    return payment


def _with_attempts(
    session: Session, deliveries: list[notifications.Delivery]
) -> list[tuple[notifications.Delivery, list[notifications.Attempt]]]:
    return [(delivery, notifications.attempts_of(session, delivery.id)) for delivery in deliveries]
