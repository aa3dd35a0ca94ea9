"""Refunds of card payments, for members: ask PayPlug to give money back, and ask what became of it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_security import current_user
from werkzeug.wrappers import Response

from core.database import db
from core.errors import NotFoundError
from core.money import format_cents
from core.web.forms import put_errors
from core.web.rights import Right, requires
from invoicing.errors import InvalidInputError
from invoicing.forms.refunds import RefundForm
from invoicing.refund_page import RefundPage, refund_page
from invoicing.routes.refunds import address_after, prepare, show
from payplug_bridge.check_refund import check_refund
from payplug_bridge.errors import (
    CardNotPossible,
    PayplugBusy,
    PayplugError,
    RefundInProgress,
    SimulatorNotAllowed,
)
from payplug_bridge.failures import words_for_refusal
from payplug_bridge.models import PayplugRefund, RefundState
from payplug_bridge.refund import RefundRequest, attempt_of_payment, refund_card
from payplug_bridge.waiting import waiting_for_payplug

blueprint = Blueprint("payplug_refunds", __name__, url_prefix="/payplug")


@blueprint.route("/payments/<int:payment_id>/refund", methods=["GET", "POST"])
@requires(Right.CARDS)
def new(payment_id: int) -> ResponseReturnValue:
    """Refund a card payment; what it will do is shown before it is done."""
    page = refund_page(payment_id)
    if attempt_of_payment(payment_id) is None:
        raise NotFoundError
    form = RefundForm()
    prepare(form, page)
    if form.validate_on_submit() and form.is_confirmed and _refunded(form, page):
        return redirect(address_after(refund_page(payment_id)), code=303)
    return show(form, refund_page(payment_id), url_for("payplug_refunds.new", payment_id=payment_id))


@blueprint.post("/refunds/<int:refund_request_id>/check")
@requires(Right.CARDS)
def check(refund_request_id: int) -> Response:
    """Ask PayPlug what became of a refund that it has not confirmed."""
    request = db.session.get(PayplugRefund, refund_request_id)
    if request is None:
        raise NotFoundError
    payment_id = request.payment_id
    try:
        with waiting_for_payplug():
            state = check_refund(refund_request_id)
    except (PayplugError, PayplugBusy, CardNotPossible, SimulatorNotAllowed) as error:
        flash(str(error), "danger")
    else:
        _tell(state, db.session.get_one(PayplugRefund, refund_request_id, populate_existing=True))
    return redirect(address_after(refund_page(payment_id)), code=303)


def _refunded(form: RefundForm, page: RefundPage) -> bool:
    """True when there is nothing to mend in the form, whatever PayPlug said."""
    given = RefundRequest(
        payment_id=page.payment.id,
        amount_cents=form.amount_cents.scaled or 0,
        credit_note_id=form.credit_note_id,
        reason=form.reason.data or "",
        request_key=form.request_key.key,
        actor_id=current_user.id,
    )
    try:
        with waiting_for_payplug():
            request = refund_card(given)
    except InvalidInputError as error:
        names = {"credit_note_id": "against"}
        put_errors(form, {names.get(name, name): text for name, text in error.errors.items()})
        return False
    except (RefundInProgress, PayplugBusy, CardNotPossible, SimulatorNotAllowed) as error:
        flash(str(error), "danger")
        return True
    _tell(request.state, request)
    return True


def _tell(state: RefundState, request: PayplugRefund) -> None:
    amount = format_cents(request.amount_cents, get_locale())
    match state:
        case RefundState.DONE:
            flash(gettext("PayPlug gives %(amount)s back. It is recorded.", amount=amount), "success")
        case RefundState.REFUSED:
            reason = words_for_refusal(request.failure_code)
            flash(
                gettext("%(amount)s were not given back. %(reason)s", amount=amount, reason=reason), "danger"
            )
        case _:
            flash(
                gettext(
                    "PayPlug has not confirmed the refund of %(amount)s yet. Solde asks again by itself and gives "
                    "nothing back twice.",
                    amount=amount,
                ),
                "warning",
            )
