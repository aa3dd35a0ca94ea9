"""The test of the notification address: started by a button, then a page that follows it and can be left."""

from __future__ import annotations

import structlog
from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import current_user
from werkzeug.wrappers import Response

from core.errors import SoldeError
from core.web.rights import Right, requires
from payplug_bridge.errors import CardNotPossible, PayplugError, SimulatorNotAllowed
from payplug_bridge.failures import words_for_call
from payplug_bridge.forms import OneClickForm
from payplug_bridge.keys import active_mode, portal_url, stored_modes
from payplug_bridge.run_self_test import run_self_test
from payplug_bridge.self_test import WAIT, Verdict, ask_for_answer, self_test_view
from payplug_bridge.waiting import waiting_for_payplug

log = structlog.get_logger(__name__)

blueprint = Blueprint("payplug_self_tests", __name__, url_prefix="/settings/payplug/self-test")

ANSWER_SECONDS = 5.0


@blueprint.post("")
@requires(Right.SETTINGS)
def start() -> Response:
    """Make and abort the payment, then follow what comes."""
    form, actor_id = OneClickForm(), current_user.id
    mode = active_mode() or next(iter(stored_modes()), None)
    if mode is None:
        flash(gettext("Save a key first."), "danger")
        return redirect(url_for("payplug_settings.index"), code=303)
    key = form.request_key.key
    try:
        with waiting_for_payplug():
            test_id = run_self_test(mode, key, actor_id=actor_id)
    except SoldeError as error:
        flash(str(error), "danger")
        return redirect(url_for("payplug_settings.index"), code=303)
    return redirect(url_for("payplug_self_tests.show", test_id=test_id), code=303)


@blueprint.get("/<int:test_id>")
@requires(Right.SETTINGS)
def show(test_id: int) -> ResponseReturnValue:
    """How the test stands."""
    view = self_test_view(test_id)
    if view.verdict is Verdict.SILENT and view.test.answer_code is None:
        _ask_for_answer(test_id)
        view = self_test_view(test_id)
    return render_template(
        "payplug/self_test.html",
        view=view,
        wait_seconds=int(WAIT.total_seconds()),
        failure_words=words_for_call,
        portal=portal_url(),
        one_click=OneClickForm(formdata=None),
    )


@blueprint.get("/<int:test_id>/state.json")
@requires(Right.SETTINGS)
def state(test_id: int) -> ResponseReturnValue:
    """What a small module asks every few seconds."""
    view = self_test_view(test_id)
    return jsonify(state=view.poll_state, final=view.is_over)


def _ask_for_answer(test_id: int) -> None:
    """PayPlug being down now leaves the page without this detail."""
    try:
        with waiting_for_payplug(ANSWER_SECONDS):
            ask_for_answer(test_id)
    except (PayplugError, CardNotPossible, SimulatorNotAllowed) as error:
        log.warning("self_test_answer_not_read", error_type=type(error).__name__)
