"""Builds the simulator's Flask application. Called by `server.py` alone."""

from __future__ import annotations

from flask import Flask, jsonify, redirect, request, url_for
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from payplug_bridge.simulator import (
    api,
    fault_panel,
    hosted_page,
    method_panel,
    operations_portal,
    pages,
    reports_api,
)
from payplug_bridge.simulator.control import control_blueprint
from payplug_bridge.simulator.deliveries import Dispatcher
from payplug_bridge.simulator.errors import error_body
from payplug_bridge.simulator.operations_control import operations_control_blueprint
from payplug_bridge.simulator.portal import portal_blueprint
from payplug_bridge.simulator.session import EXTENSION, Simulator

LARGEST_BODY = 1_000_000
JSON_PATHS = ("/v1/", "/simulator/")


def create_app(simulator: Simulator, dispatcher: Dispatcher) -> Flask:
    """Wire the API, the hosted page, the portal and the control API to one simulator."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    assert isinstance(app.json, DefaultJSONProvider)
    app.json.sort_keys = False  # the objects keep the order of the documentation
    app.extensions[EXTENSION] = simulator
    app.register_blueprint(api.blueprint)
    app.register_blueprint(reports_api.files)
    app.register_blueprint(operations_control_blueprint())
    app.register_blueprint(operations_portal.blueprint)
    app.register_blueprint(control_blueprint(dispatcher))
    app.register_blueprint(hosted_page.blueprint)
    app.register_blueprint(portal_blueprint(dispatcher))
    app.register_blueprint(fault_panel.blueprint)
    app.register_blueprint(method_panel.blueprint)
    pages.install(app)
    app.register_error_handler(HTTPException, answer_http_error)
    app.add_url_rule("/test", "test", lambda: jsonify({}))
    app.add_url_rule("/", "home", lambda: redirect(url_for("portal.payments")))
    return app


def answer_http_error(error: HTTPException) -> ResponseReturnValue:
    """Unknown address, wrong method, too large: JSON where a program asks."""
    if not request.path.startswith(JSON_PATHS):
        return pages.error_page(error)
    response = jsonify(error_body(error.description or error.name, {}))
    response.status_code = error.code or 500
    return response
