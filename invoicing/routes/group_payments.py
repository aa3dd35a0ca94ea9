"""A payment of several invoices: its page stands under the customer who paid."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_security import current_user

from core.database import db, transaction
from core.money import format_cents
from core.web.forms import put_errors, refuse_unknown_button
from core.web.rights import Right, requires
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.forms.group_payments import RECORD, SPREAD, GroupPaymentForm, group_payment_form
from invoicing.models import Customer
from invoicing.open_invoices import open_invoices
from invoicing.payment_list import was_recorded
from invoicing.record_payment import record_payment
from invoicing.routes.payments import close_card_page

blueprint = Blueprint("group_payments", __name__)


@blueprint.route("/customers/<int:customer_id>/payments/new", methods=["GET", "POST"])
@requires(Right.INVOICE)
def new(customer_id: int) -> ResponseReturnValue:
    """Record money that pays several invoices: spread over the oldest first, then as the person wants."""
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        raise NotFoundError
    refuse_unknown_button(SPREAD, RECORD)
    form = group_payment_form(open_invoices(customer_id))
    is_proposed = False
    if form.validate_on_submit():
        if was_recorded(form.request_key.key):
            return redirect(url_for("customers.show", customer_id=customer_id), code=303)
        if request.form.get("action") == SPREAD or not form.parts():
            form.spread()
            is_proposed = True
        elif form.accepts_parts() and _recorded(form):
            return redirect(url_for("customers.show", customer_id=customer_id), code=303)
    return render_template(
        "invoicing/group_payment.html", form=form, customer=customer, is_proposed=is_proposed
    )


def _recorded(form: GroupPaymentForm) -> bool:
    given = form.as_group_input(current_user.id)
    try:
        with transaction():
            amount = record_payment(given).amount_cents
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    for part in given.parts:
        close_card_page(part.invoice_id)
    flash(
        gettext("The payment of %(amount)s is recorded.", amount=format_cents(amount, get_locale())),
        "success",
    )
    return True
