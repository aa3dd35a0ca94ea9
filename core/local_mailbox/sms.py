"""SMS: what Apprise posts to `/sms/<number>` (its `json://` address) is kept beside the mails."""

import time
from email.message import EmailMessage

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import BadRequest

from core.local_mailbox.faults import Faults
from core.local_mailbox.store import MailStore

SUBJECT = "SMS"
_LARGEST_BYTES = 20_000


def sms_receiver(store: MailStore, faults: Faults) -> Blueprint:
    """The page that takes them; faults that are planned for mails hold for SMS too."""
    receiver = Blueprint("sms", __name__)

    @receiver.post("/sms/<number>")
    def receive(number: str) -> Response:
        """Keep one text, or misbehave by plan."""
        request.max_content_length = _LARGEST_BYTES
        said = request.get_json(silent=True)
        if not isinstance(said, dict) or not isinstance(said.get("message"), str):
            raise BadRequest("expected JSON with a message")
        time.sleep(faults.plan.delay_seconds)
        if faults.take_refusal("recipient") is not None or faults.take_refusal("data") is not None:
            return Response("refused by plan", 503)
        to = number if number.startswith("+") else f"+{number}"
        store.add(_message(to, said["message"]).as_bytes(), "sms", [to], request.remote_addr or "unknown")
        return Response(status=204)

    @receiver.before_request
    def refuse_other_sites() -> Response | None:
        """Another web page in the same browser writes no SMS."""
        if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
            return current_app.response_class(status=403)
        return None

    return receiver


def _message(to: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "SMS", to, SUBJECT
    message.set_content(text)
    return message
