"""The owner's PayPlug settings: paste a key, checked at once and never shown again; choose the active mode."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from werkzeug.wrappers import Response

from core.database import transaction
from core.errors import ConflictError, SoldeError
from core.web.forms import put_errors
from core.web.rights import Right, requires
from payplug_bridge.forms import KeyForm
from payplug_bridge.keys import choose_mode, find_account, is_simulated, save_key, stored_modes
from payplug_bridge.models import PayplugMode
from payplug_bridge.waiting import waiting_for_payplug

blueprint = Blueprint("payplug_settings", __name__, url_prefix="/settings/payplug")

OFF = "off"


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def index() -> ResponseReturnValue:
    """What is stored, and the form for a key."""
    form = KeyForm()
    if form.validate_on_submit():
        actor_id = current_user.id
        try:
            with waiting_for_payplug():
                mode = save_key(form.secret_key.data, actor_id=actor_id)
        except SoldeError as error:
            put_errors(form, {"secret_key": error.message})
        else:
            flash(str(_saved(mode)), "success")
            return redirect(url_for("payplug_settings.index"), code=303)
    status = 422 if form.errors else 200
    return render_template(
        "payplug/settings.html",
        form=form,
        account=find_account(),
        stored=stored_modes(),
        modes=PayplugMode,
        simulated=is_simulated(),
    ), status


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


def _saved(mode: PayplugMode) -> LazyString:
    if mode is PayplugMode.LIVE:
        return _l("The live key works and is saved.")
    return _l("The test key works and is saved.")
