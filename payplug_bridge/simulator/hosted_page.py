"""The page on which the buyer pays: card form, 3-D Secure step, declines, and what a closed payment shows.

Every passage re-reads the payment in a write transaction; a form carries the number of attempts it was drawn with,
so that a double click is one attempt.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, render_template, request
from flask import abort as stop_with
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from payplug_bridge.simulator import lifecycle
from payplug_bridge.simulator.accounts import find_account
from payplug_bridge.simulator.card_form import CardForm, checked_form, filled_form
from payplug_bridge.simulator.cards import (
    CHALLENGE_NUMBER,
    FINAL_FAILURES,
    GOOD_NUMBER,
    NUMBERS,
    Card,
    Outcome,
    card_of,
)
from payplug_bridge.simulator.features import NAMES
from payplug_bridge.simulator.payments import Payment, find_payment
from payplug_bridge.simulator.session import Session, current_simulator
from payplug_bridge.simulator.texts import pick_language

blueprint = Blueprint("hosted_page", __name__)

LIVE, TEST = "/pay/<string(length=22):suffix>", "/pay/test/<string(length=22):suffix>"


@blueprint.get(LIVE, defaults={"is_live": True})
@blueprint.get(TEST, defaults={"is_live": False})
def show(suffix: str, is_live: bool) -> ResponseReturnValue:
    """The card form, or why the payment is closed."""
    session = current_simulator().read()
    fill = request.args.get("fill", "")
    return _page(
        session, _payment(session, suffix, is_live), filled_form(fill) if fill in NUMBERS else CardForm()
    )


@blueprint.post(LIVE, defaults={"is_live": True})
@blueprint.post(TEST, defaults={"is_live": False})
def submit(suffix: str, is_live: bool) -> ResponseReturnValue:
    """One attempt with the typed card, or with the outcome chosen from the list."""
    with current_simulator().write() as session:
        payment = _payment(session, suffix, is_live)
        chosen = request.form.get("outcome")
        form = checked_form(request.form, session.now)
        if chosen is None and form.errors:
            return _page(session, payment, form)
        if request.form.get("attempts") == str(payment.attempts) and payment.is_open(session.now):
            outcome, card = (form.outcome, form.card) if chosen is None else _chosen(chosen, payment)
            _attempt(session, payment, outcome, card)
        return _onwards(_payment(session, suffix, is_live))


@blueprint.get(LIVE + "/3ds", defaults={"is_live": True})
@blueprint.get(TEST + "/3ds", defaults={"is_live": False})
def show_challenge(suffix: str, is_live: bool) -> ResponseReturnValue:
    """The buyer's bank asks to confirm."""
    session = current_simulator().read()
    payment = _payment(session, suffix, is_live)
    if payment.challenge is None:
        return redirect(payment.path, 303)
    return render_template(
        "challenge.html", card=Card.from_json(payment.challenge), **_frame(session, payment)
    )


@blueprint.post(LIVE + "/3ds", defaults={"is_live": True})
@blueprint.post(TEST + "/3ds", defaults={"is_live": False})
def answer_challenge(suffix: str, is_live: bool) -> ResponseReturnValue:
    """The buyer confirms or refuses; a second click finds nothing to answer."""
    with current_simulator().write() as session:
        payment = _payment(session, suffix, is_live)
        if payment.challenge is not None and payment.is_open(session.now):
            if request.form.get("answer") == "confirm":
                lifecycle.pay(session, payment, Card.from_json(payment.challenge), is_3ds=True)
            else:
                lifecycle.decline(session, payment, Outcome.THREE_DS_DECLINED.value)
        return _onwards(_payment(session, suffix, is_live))


def _chosen(name: str, payment: Payment) -> tuple[Outcome, Card | None]:
    try:
        outcome = Outcome(name)
    except ValueError:
        stop_with(400)
    if payment.request.get("payment_method") and outcome is not Outcome.CHALLENGE:
        return outcome, None
    return outcome, card_of(CHALLENGE_NUMBER if outcome is Outcome.CHALLENGE else GOOD_NUMBER)


def _attempt(session: Session, payment: Payment, outcome: Outcome, card: Card | None) -> None:
    asks_bank = outcome is Outcome.CHALLENGE or (outcome is Outcome.PAID and payment.request.get("force_3ds"))
    if asks_bank and card is not None:
        lifecycle.challenge(session, payment, card)
    elif outcome is Outcome.PAID:
        lifecycle.pay(session, payment, card)
    elif outcome is Outcome.ABORTED:
        lifecycle.abort(session, payment)
    elif outcome is not Outcome.TIMEOUT:
        lifecycle.decline(session, payment, outcome.value)
    elif payment.state == "pending":
        lifecycle.time_out(session, payment)


def _onwards(payment: Payment) -> Response:
    """Where the buyer goes after a form: the bank, the merchant, or the page again (which says what happened)."""
    if payment.challenge is not None:
        return redirect(payment.path + "/3ds", 303)
    hosted = payment.request.get("hosted_payment") or {}
    return_url = hosted.get("return_url")
    failed = payment.state == "failed"
    leaves = payment.paid_at is not None or (
        failed and current_simulator().read().assumptions.return_after_failure
    )
    return redirect(return_url if leaves and return_url else payment.path, 303)


def _payment(session: Session, suffix: str, is_live: bool) -> Payment:
    payment = find_payment(session, f"pay_{suffix}")
    if payment is None or payment.is_live != is_live:
        stop_with(404)
    return payment


def _page(session: Session, payment: Payment, form: CardForm) -> str:
    method = payment.request.get("payment_method")
    template = (
        ("pay_method.html" if method else "pay.html") if payment.is_open(session.now) else "closed.html"
    )
    outcomes = [
        outcome for outcome in Outcome if payment.state == "pending" or outcome is not Outcome.TIMEOUT
    ]
    return render_template(
        template,
        form=form,
        errors=form.errors or {},
        outcomes=outcomes,
        numbers=NUMBERS,
        final_failures=FINAL_FAILURES,
        method_name=NAMES.get(method or "", ""),
        **_frame(session, payment),
    )


def _frame(session: Session, payment: Payment) -> dict[str, Any]:
    """What every page of a payment shows: its seller, its amount, its way back."""
    account = find_account(session, payment.account_id)
    assert account is not None
    buyer = payment.request.get("billing") or payment.request.get("customer") or {}
    hosted = payment.request.get("hosted_payment") or {}
    g.language = pick_language(request.args.get("lang"), buyer.get("language"))
    return {
        "payment": payment,
        "seller": account.name,
        "return_url": hosted.get("return_url"),
        "cancel_url": hosted.get("cancel_url"),
    }
