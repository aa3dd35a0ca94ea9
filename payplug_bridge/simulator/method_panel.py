"""The portal's switches for what an account offers beside cards; the control API adds countries and amounts."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask import abort as stop_with
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator import accounts
from payplug_bridge.simulator.features import METHOD_NAMES, NAMES, features_json, features_of, set_features
from payplug_bridge.simulator.session import Session, current_simulator

blueprint = Blueprint("method_panel", __name__, url_prefix="/portal")
ONEY = "oney"


@blueprint.post("/accounts/<account_id>/methods")
def save(account_id: str) -> ResponseReturnValue:
    """Enable the ways that are ticked; countries and amounts of those that were there stay."""
    ticked = set(request.form.getlist("method"))
    with current_simulator().write() as session:
        if accounts.find_account(session, account_id) is None:
            stop_with(404)
        known = features_json(features_of(session, account_id))
        methods = {
            name: {**known["methods"].get(name, {}), "enabled": name in ticked}
            for name in METHOD_NAMES
            if name in ticked or name in known["methods"]
        }
        permissions = {**known["permissions"], "can_use_oney": ONEY in ticked}
        set_features(session, account_id, {"methods": methods, "permissions": permissions})
    return redirect(url_for("portal.accounts", done=1), 303)


def switches(session: Session, account_id: str) -> list[tuple[str, str, bool]]:
    """Value, name and state of each switch of an account, for its page."""
    features = features_of(session, account_id)
    shown = [(name, NAMES[name], features.method(name) is not None) for name in METHOD_NAMES]
    return [*shown, (ONEY, "Oney", features.permissions.get("can_use_oney", False))]
