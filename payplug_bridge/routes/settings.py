"""The owner's PayPlug settings: a key checked at once and never shown again, the mode, how links may be paid."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, get_locale, gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from werkzeug.wrappers import Response

from core.database import transaction
from core.errors import ConflictError, OutdatedError, SoldeError
from core.web.forms import put_errors, tell_outdated
from core.web.rights import Right, requires
from invoicing.errors import InvalidInputError
from payplug_bridge.account_words import AccountWords, words_of_account
from payplug_bridge.eligibility import eligible_names, is_eligible
from payplug_bridge.errors import PayplugKeyRefused, PayplugRefused, PayplugUnconfirmed, cause_of
from payplug_bridge.facts import facts_of
from payplug_bridge.failures import words_for_call
from payplug_bridge.forms import KeyForm, OneClickForm, TermsForm
from payplug_bridge.keys import choose_mode, find_account, is_simulated, portal_url, save_key, stored_modes
from payplug_bridge.models import PayplugMode
from payplug_bridge.refresh_facts import refresh_facts
from payplug_bridge.self_test import latest_self_test
from payplug_bridge.set_company_terms import set_company_terms
from payplug_bridge.waiting import waiting_for_payplug

blueprint = Blueprint("payplug_settings", __name__, url_prefix="/settings/payplug")

OFF = "off"


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def index() -> ResponseReturnValue:
    """What is stored and known, and the form for a key."""
    form = KeyForm()
    if form.validate_on_submit():
        actor_id = current_user.id
        try:
            with waiting_for_payplug():
                mode = save_key(form.secret_key.data, actor_id=actor_id)
        except SoldeError as error:
            put_errors(form, {"secret_key": _why(error)})
        else:
            flash(str(_saved(mode)), "success")
            return redirect(url_for("payplug_settings.index"), code=303)
    return _page(form, TermsForm.of(find_account()))


@blueprint.post("/mode")
@requires(Right.SETTINGS)
def mode() -> Response:
    """Choose live, test, or no card payments."""
    wanted = request.form.get("mode", "")
    if wanted not in (OFF, *PayplugMode):
        raise ConflictError
    chosen = None if wanted == OFF else PayplugMode(wanted)
    actor_id = current_user.id
    with transaction():
        choose_mode(chosen, seen=request.form.get("seen"), actor_id=actor_id)
    flash(gettext("The mode of card payments is changed."), "success")
    return redirect(url_for("payplug_settings.index"), code=303)


@blueprint.post("/terms")
@requires(Right.SETTINGS)
def terms() -> ResponseReturnValue:
    """Save by which ways and in which parts links may be paid."""
    form, actor_id = TermsForm(), current_user.id
    form.offer()
    if form.validate_on_submit():
        try:
            with transaction():
                set_company_terms(form.as_input(), actor_id=actor_id)
        except InvalidInputError as error:
            put_errors(form, error.errors)
        except OutdatedError as error:
            tell_outdated(form, form.version, error, url_for("payplug_settings.index"))
        else:
            flash(gettext("The ways to pay are saved."), "success")
            return redirect(url_for("payplug_settings.index"), code=303)
    return _page(KeyForm(formdata=None), form)


@blueprint.post("/refresh")
@requires(Right.SETTINGS)
def refresh() -> Response:
    """Ask PayPlug again what the account may do."""
    failures = []
    for stored in stored_modes():
        try:
            with waiting_for_payplug():
                refresh_facts(stored)
        except SoldeError as error:
            failures.append(str(_why(error)))
    if failures:
        flash(" ".join(dict.fromkeys(failures)), "danger")
    else:
        flash(gettext("PayPlug was asked again. This is what it says now."), "success")
    return redirect(url_for("payplug_settings.index"), code=303)


def _page(key_form: KeyForm, terms_form: TermsForm) -> ResponseReturnValue:
    status = 422 if key_form.errors or terms_form.errors or terms_form.form_errors else 200
    return render_template(
        "payplug/settings.html",
        form=key_form,
        terms_form=terms_form,
        account=find_account(),
        accounts=_known_accounts(),
        stored=stored_modes(),
        modes=PayplugMode,
        simulated=is_simulated(),
        portal=portal_url(),
        countries=eligible_names(get_locale()),
        country_fits=is_eligible(g.company.country),
        latest_test=latest_self_test(),
        one_click=OneClickForm(formdata=None),
    ), status


def _known_accounts() -> list[tuple[PayplugMode, AccountWords]]:
    found = [(stored, facts_of(stored)) for stored in stored_modes()]
    return [(stored, words_of_account(facts, get_locale())) for stored, facts in found if facts is not None]


def _why(error: SoldeError) -> LazyString | str:
    """A refusal or a silence of PayPlug in plain words; a key that is refused is told by its own."""
    if isinstance(error, PayplugKeyRefused) or not isinstance(error, PayplugRefused | PayplugUnconfirmed):
        return error.message
    return words_for_call(cause_of(error))


def _saved(mode: PayplugMode) -> LazyString:
    if mode is PayplugMode.LIVE:
        return _l("The live key works and is saved.")
    return _l("The test key works and is saved.")
