"""The portal's page of an account's money: balance, statement, and buttons for payouts, fees and chargebacks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask import abort as stop_with
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from payplug_bridge.simulator import accounts, movements
from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.payments import find_payment
from payplug_bridge.simulator.portal import AMOUNT
from payplug_bridge.simulator.reports import CSV, XLSX, content_of
from payplug_bridge.simulator.session import Session, current_simulator

blueprint = Blueprint("operations_portal", __name__, url_prefix="/portal")
SHOWN = 200


@blueprint.get("/money")
def money() -> ResponseReturnValue:
    """The statement of one account in live mode, newest first."""
    session = current_simulator().read()
    everybody = accounts.all_accounts(session)
    chosen = _chosen(session, request.args.get("account") or (everybody[0].id if everybody else ""))
    lines = movements.statement(session, chosen.id, is_live=True)
    return render_template(
        "money.html",
        accounts=everybody,
        account=chosen,
        balance=lines[-1].balance_cents if lines else 0,
        lines=lines[::-1][:SHOWN],
        disputed={line.id for line in lines if line.kind == movements.DISPUTE},
        won={line.id for line in lines if line.kind == movements.DISPUTE_WON},
        refusal=request.args.get("refusal"),
    )


@blueprint.post("/money/<account_id>/payout")
def pay_out(account_id: str) -> ResponseReturnValue:
    """Send an amount in euros, or the whole balance, to the bank."""
    raw = request.form.get("amount", "").strip()
    match = AMOUNT.fullmatch(raw)
    if raw and match is None:
        stop_with(400)
    amount = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else None
    return _do(account_id, lambda s: movements.pay_out(s, account_id, is_live=True, amount=amount))


@blueprint.post("/money/<account_id>/fees")
def invoice_fees(account_id: str) -> ResponseReturnValue:
    """Invoice the fees of a month."""
    month = request.form.get("month", "").strip() or None
    return _do(account_id, lambda s: movements.invoice_fees(s, account_id, is_live=True, month=month))


@blueprint.post("/payments/<payment_id>/dispute")
def dispute(payment_id: str) -> ResponseReturnValue:
    """The buyer's bank takes the money back."""
    payment = find_payment(current_simulator().read(), payment_id)
    if payment is None:
        stop_with(404)
    return _do(payment.account_id, lambda s: movements.dispute(s, payment))


@blueprint.post("/payments/<payment_id>/dispute/win")
def win_dispute(payment_id: str) -> ResponseReturnValue:
    """The dispute is won."""
    payment = find_payment(current_simulator().read(), payment_id)
    if payment is None:
        stop_with(404)
    return _do(payment.account_id, lambda s: movements.win_dispute(s, payment))


@blueprint.get("/money/<account_id>/report.<kind>")
def report(account_id: str, kind: str) -> ResponseReturnValue:
    """The report of everything up to now, as a merchant downloads it by hand."""
    session = current_simulator().read()
    _chosen(session, account_id)
    if kind not in ("csv", "xlsx"):
        stop_with(404)
    lines = movements.statement(session, account_id, is_live=True)
    content = content_of(lines, "A" if kind == "csv" else "B", session.assumptions.dispute_label)
    name = f"payplug-accounting-report-{datetime.fromtimestamp(session.now, UTC):%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(content, mimetype=CSV if kind == "csv" else XLSX, headers=headers)


def _chosen(session: Session, account_id: str) -> accounts.Account:
    found = accounts.find_account(session, account_id)
    if found is None:
        stop_with(404)
    return found


def _do(account_id: str, change: Callable[[Session], object]) -> Response:
    try:
        with current_simulator().write() as session:
            _chosen(session, account_id)
            change(session)
    except ApiError as refusal:
        told = url_for("operations_portal.money", account=account_id, refusal=refusal.message)
    else:
        told = url_for("operations_portal.money", account=account_id, done=1)
    return redirect(told, 303)
