"""Settings of the owner: the company, how it invoices, its own VAT rates."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from sqlalchemy import select

from core.clock import paris_today
from core.database import db, transaction
from core.models import Company
from core.tenancy import current_company_id
from core.web.forms import put_errors
from core.web.rights import Right, requires
from core.web.uploads import takes_files
from invoicing.company_input import add_vat_rate, remove_vat_rate, save_company, save_invoicing_settings
from invoicing.errors import InvalidInputError
from invoicing.forms.settings import CompanyForm, InvoicingForm, RateForm
from invoicing.models import VatRate
from invoicing.routes.saving import save_form
from invoicing.set_logo import set_logo
from invoicing.settings import invoicing_settings, logo_sha256
from invoicing.vat_rates import offered_rates

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.route("/company", methods=["GET", "POST"])
@requires(Right.SETTINGS)
@takes_files
def company() -> ResponseReturnValue:
    """Who the company is: what stands on its documents."""
    if request.method == "GET":
        form = CompanyForm.of(db.session.get_one(Company, current_company_id()))
    else:
        form = CompanyForm()
        if _company_saved(form):
            return redirect(url_for("settings.company"), code=303)
        form.ask_for_the_file_again()
    logo = logo_sha256(invoicing_settings())
    return render_template("invoicing/settings_company.html", form=form, logo=logo)


def _company_saved(form: CompanyForm) -> bool:
    actor, version = current_user.id, form.version.seen
    if not form.validate_on_submit():
        return False
    try:
        logo = form.uploaded_logo()
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False

    def save() -> None:
        saved = save_company(form.as_input(), version=version, actor_id=actor)
        if logo is not None or form.remove_logo.data:
            set_logo(saved, logo, actor_id=actor)

    return save_form(form, save)


@blueprint.route("/invoicing", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def invoicing() -> ResponseReturnValue:
    """How the company invoices: numbers, terms, clauses."""
    form = InvoicingForm.of(invoicing_settings()) if request.method == "GET" else InvoicingForm()
    if request.method == "POST":
        actor, version = current_user.id, form.version.seen
        if form.validate_on_submit() and save_form(
            form, lambda: save_invoicing_settings(form.as_input(), version=version, actor_id=actor)
        ):
            return redirect(url_for("settings.invoicing"), code=303)
    return render_template("invoicing/settings_invoicing.html", form=form, today=paris_today())


@blueprint.route("/vat-rates", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def vat_rates() -> ResponseReturnValue:
    """The rates the company may use besides the French ones."""
    form = RateForm()
    if form.validate_on_submit():
        actor, rate = current_user.id, form.rate.scaled or 0
        first, last = form.valid_from.data, form.valid_to.data
        if save_form(form, lambda: add_vat_rate(rate, first, last, actor_id=actor)):
            return redirect(url_for("settings.vat_rates"), code=303)
    own = db.session.scalars(select(VatRate).order_by(VatRate.rate.desc())).all()
    return render_template(
        "invoicing/settings_vat_rates.html", form=form, own=own, offered=offered_rates(paris_today())
    )


@blueprint.post("/vat-rates/<int:rate_id>/remove")
@requires(Right.SETTINGS)
def remove_rate(rate_id: int) -> ResponseReturnValue:
    """Offer a rate no longer."""
    actor = current_user.id
    with transaction():
        remove_vat_rate(rate_id, actor_id=actor)
    flash(gettext("The rate is no longer offered."), "success")
    return redirect(url_for("settings.vat_rates"), code=303)
