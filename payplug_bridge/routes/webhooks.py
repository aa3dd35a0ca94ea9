"""`POST /webhooks/payplug/<endpoint token>`: where PayPlug tells us that something happened to a payment.

Answers: 200 stored (also when it is not about us), 400 stored but nothing PayPlug can have sent, 404 an address we
never gave, 413 larger than any notification. 5xx only when it could not be stored: PayPlug then sends it again.
"""

from __future__ import annotations

from flask import Blueprint, Flask, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from core.jobs import wake_soon
from core.web.rights import public
from payplug_bridge.receive_notification import LARGEST_BODY_BYTES, receive_notification

blueprint = Blueprint("payplug_webhooks", __name__)
ENDPOINT = "payplug_webhooks.receive"


@blueprint.post("/webhooks/payplug/<token>")
@public
def receive(token: str) -> Response:
    """Store the notification, wake the worker, answer."""
    request.max_content_length = LARGEST_BODY_BYTES
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return _answer("too large", 413)
    receipt = receive_notification(token, body)
    if receipt is None:
        return _answer("unknown address", 404)
    if receipt.is_pending:
        wake_soon("process_notifications")
    return _answer("stored", 200) if receipt.is_readable else _answer("not a notification", 400)


def init_app(app: Flask) -> None:
    """Register the route, and let it answer before anything else is asked.

    A notification has no session, no person, no form: what runs before every page (user, CSRF, limits, redirection to
    HTTPS, which PayPlug counts as an error) costs a flood a fifth of its time and could only turn a true one away.
    """
    app.register_blueprint(blueprint)
    app.before_request_funcs.setdefault(None, []).insert(0, _answer_first)


def _answer_first() -> Response | None:
    if request.endpoint != ENDPOINT or request.method != "POST":
        return None
    return receive(**(request.view_args or {}))


def _answer(word: str, status: int) -> Response:
    return Response(f"{word}\n", status, mimetype="text/plain")
