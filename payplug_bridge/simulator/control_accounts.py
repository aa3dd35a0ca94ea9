"""The control API's calls about what accounts offer and may do: `/simulator/accounts/<id>/features`, `/live-mode`."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from payplug_bridge.simulator import accounts, features
from payplug_bridge.simulator.control_requests import body_of_call, existing_account
from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.session import current_simulator


def add_account_rules(blueprint: Blueprint) -> None:
    """Hang the calls on the control blueprint."""
    address = "/accounts/<account_id>"
    blueprint.add_url_rule(f"{address}/features", "read_features", read_features, methods=["GET"])
    blueprint.add_url_rule(f"{address}/features", "change_features", change_features, methods=["POST"])
    blueprint.add_url_rule(f"{address}/live-mode", "set_live_mode", set_live_mode, methods=["POST"])


def read_features(account_id: str) -> ResponseReturnValue:
    """What an account offers beside cards."""
    session = current_simulator().read()
    existing_account(session, account_id)
    return jsonify(features.features_json(features.features_of(session, account_id)))


def change_features(account_id: str) -> ResponseReturnValue:
    """Change `methods`, `permissions`, `currencies` or `oney_countries`; what is not named stays."""
    body = body_of_call()
    with current_simulator().write() as session:
        existing_account(session, account_id)
        return jsonify(features.features_json(features.set_features(session, account_id, body)))


def set_live_mode(account_id: str) -> ResponseReturnValue:
    """Allow the live mode or forbid it (`allowed`): a live key is then answered 403."""
    allowed = body_of_call().get("allowed")
    if not isinstance(allowed, bool):
        raise ApiError(400, "allowed must be true or false")
    with current_simulator().write() as session:
        existing_account(session, account_id)
        accounts.set_live_mode(session, account_id, allowed=allowed)
    return jsonify({"allowed": allowed})
