"""The means of payment: which are offered, how they are called, and where their money comes in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user

from core.database import transaction
from core.errors import OutdatedError
from core.web.forms import put_errors, tell_outdated
from core.web.rights import Right, requires
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.forms.payment_means import MeansForm
from invoicing.history_words import METHODS
from invoicing.payment_means import KINDS, payment_means
from invoicing.payments import PaymentMethod
from invoicing.save_payment_means import save_payment_means

blueprint = Blueprint("payment_means", __name__, url_prefix="/books/means")


@blueprint.get("")
@requires(Right.BOOKS)
def index() -> str:
    """All of them, with those that are not offered."""
    return render_template("invoicing/payment_means.html", means=payment_means())


@blueprint.route("/<name>", methods=["GET", "POST"])
@requires(Right.BOOKS)
def edit(name: str) -> ResponseReturnValue:
    """One of them."""
    means = next((one for one in payment_means() if one.method == name), None)
    if means is None:
        raise NotFoundError
    form = MeansForm.of(means, is_shown=request.method == "GET")
    status = 200
    try:
        if form.validate_on_submit() and _saved(form, means.method):
            return redirect(url_for("payment_means.index"), code=303)
    except OutdatedError as error:
        tell_outdated(form, form.version, error, url_for("payment_means.edit", name=name))
        status = error.status
    page = render_template(
        "invoicing/payment_means_form.html",
        form=form,
        means=means,
        usual_name=METHODS[means.method],
        chooses_account=bool(KINDS[means.method]),
    )
    return page, status


def _saved(form: MeansForm, method: PaymentMethod) -> bool:
    given, version, actor = form.as_input(), form.version.seen, current_user.id
    try:
        with transaction():
            save_payment_means(method, given, version=version, actor_id=actor)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    flash(gettext("Saved. It holds for payments to come."), "success")
    return True
