"""Processes of the main job that are killed (SIGKILL) between two steps, from issue to settled.

Started once by `test_killed_between_any_two_steps.py` (`python -m tests.scenarios.killing`); each child that it forks
(`tests/forks.py`) does one act of the story, some minutes later than now, with SIGKILL put at one point.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from flask import Flask

import core.mail
from core import jobs
from core.clock import utc_now
from core.database import db, on_commit, transaction
from core.tenancy import in_company
from invoicing import dispatch_sendings, render_pdf
from invoicing import issue_invoice as issuing
from invoicing import send_invoice as sending
from payplug_bridge import process_notifications as inbox
from payplug_bridge import start_payment as start
from payplug_bridge.receive_notification import receive_notification
from tests.forks import served
from tests.payplug_bridge import crashing
from tests.payplug_bridge.crashing import after, die
from tests.payplug_bridge.shop import BACK

REQUEST_KEY = "theformskey"
RECIPIENT = "compta@boulangerie.example.org"


def while_it_is_issued() -> None:
    issuing.seal = after(issuing.seal)  # type: ignore[attr-defined]


def after_it_is_issued() -> None:
    """The invoice is committed; nobody was woken to draw it."""
    jobs.on_commit = _on_commit_die  # type: ignore[assignment, attr-defined]


def while_the_sending_is_written() -> None:
    sending.record_event = after(sending.record_event)  # type: ignore[attr-defined]


def after_the_sending_is_written() -> None:
    jobs.on_commit = _on_commit_die  # type: ignore[assignment, attr-defined]


def before_the_pdf_is_drawn() -> None:
    render_pdf.issued_pdf = die


def after_the_file_is_stored() -> None:
    render_pdf.put_bytes = after(render_pdf.put_bytes)  # type: ignore[attr-defined]


def while_the_pdf_is_recorded() -> None:
    render_pdf.seal = after(render_pdf.seal)  # type: ignore[attr-defined]


def after_the_pdf_is_recorded() -> None:
    dispatch_sendings.invoice_mail = die  # type: ignore[attr-defined]


def while_the_mail_is_queued() -> None:
    dispatch_sendings.queue_once = after(dispatch_sendings.queue_once)  # type: ignore[attr-defined]


def after_the_mail_is_queued() -> None:
    dispatch_sendings._dispatch = after(dispatch_sendings._dispatch)


def after_the_mail_is_claimed() -> None:
    core.mail._deliver = die


def after_the_mail_is_accepted() -> None:
    """The mail server has it; we have not written that down."""
    core.mail.hand_over = after(core.mail.hand_over)  # type: ignore[attr-defined]


def while_the_answer_of_the_mail_server_is_recorded() -> None:
    core.mail._next_state = after(core.mail._next_state)


def after_the_mail_is_sent() -> None:
    core.mail._record = after(core.mail._record)


ISSUING = (while_it_is_issued, after_it_is_issued)
SENDING = (while_the_sending_is_written, after_the_sending_is_written)
DISPATCHING = (
    before_the_pdf_is_drawn,
    after_the_file_is_stored,
    while_the_pdf_is_recorded,
    after_the_pdf_is_recorded,
    while_the_mail_is_queued,
    after_the_mail_is_queued,
)
DELIVERING = (
    after_the_mail_is_claimed,
    after_the_mail_is_accepted,
    while_the_answer_of_the_mail_server_is_recorded,
    after_the_mail_is_sent,
)


def _on_commit_die(_hook: Callable[[], None]) -> None:
    on_commit(die)


def issue(company_id: int, document_id: int) -> None:
    with in_company(company_id), transaction():
        issuing.issue_invoice(document_id)


def send(company_id: int, document_id: int) -> None:
    given = sending.SendInput(document_id, (RECIPIENT,), REQUEST_KEY)
    with in_company(company_id), transaction():
        sending.send_invoice(given)


def dispatch(_company_id: int, _document_id: int) -> None:
    dispatch_sendings.dispatch_sendings()


def deliver(_company_id: int, _document_id: int) -> None:
    core.mail.send_due_mail()


def click(company_id: int, document_id: int) -> None:
    with in_company(company_id):
        start.start_payment(document_id, BACK)


def hear(token: str, payment_id: str) -> None:
    receive_notification(token, json.dumps({"object": "payment", "id": payment_id}).encode())
    db.session.remove()
    inbox.process_notifications()


# Each act, who is killed in it, and where.
ACTS: dict[str, tuple[Callable[..., None], tuple[Callable[[], None], ...]]] = {
    "issue": (issue, ISSUING),
    "send": (send, SENDING),
    "dispatch": (dispatch, DISPATCHING),
    "deliver": (deliver, DELIVERING),
    "click": (click, crashing.PAYING),
    "hear": (hear, crashing.HEARING),
}
POINTS = {point.__name__: point for _, points in ACTS.values() for point in points}


def act_in(app: Flask, act: str, details: list[Any]) -> None:
    """One act in a context of its own, as a request or a job has it."""
    with app.app_context():
        try:
            ACTS[act][0](*details)
        finally:
            db.session.remove()


def run(order: dict[str, Any], make_app: Callable[..., Flask]) -> None:
    """One act with its death: `act`, `point`, `minutes`, `settings`, `folder`, `details`."""
    app = make_app(order["database_url"], order["folder"], **order["settings"])
    POINTS[order["point"]]()
    with time_machine.travel(utc_now() + timedelta(minutes=order["minutes"]), tick=True):
        act_in(app, order["act"], order["details"])


if __name__ == "__main__":
    served(run)
