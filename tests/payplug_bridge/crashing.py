"""Processes that are killed between two steps, as by a power cut: nothing in them cleans up.

Started once by `test_crashes.py` (`python -m tests.payplug_bridge.crashing`); each child that it forks
(`tests/forks.py`) does what the web process or the worker does, with SIGKILL put at one point.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from flask import Flask

from core.database import db
from core.tenancy import in_company
from payplug_bridge import process_notifications as inbox
from payplug_bridge import refund as back
from payplug_bridge import start_payment as start
from payplug_bridge.client import PayplugClient
from payplug_bridge.receive_notification import receive_notification
from tests.forks import served
from tests.payplug_bridge.shop import BACK


def die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def after(real: Callable[..., Any]) -> Callable[..., Any]:
    """Do the step, then die before anything follows."""

    def wrapped(*arguments: Any, **named: Any) -> NoReturn:
        real(*arguments, **named)
        die()

    return wrapped


def before_the_call() -> None:
    PayplugClient.create_payment = die  # type: ignore[method-assign]


def after_the_call() -> None:
    start._record_answer = die


def while_the_answer_is_recorded() -> None:
    start.apply_snapshot = after(start.apply_snapshot)  # type: ignore[attr-defined]


def after_the_answer() -> None:
    start._record_answer = after(start._record_answer)


def after_storing() -> None:
    inbox.process_notifications = die


def after_claiming() -> None:
    inbox._fetch = die


def before_applying() -> None:
    inbox.apply_snapshot = die  # type: ignore[attr-defined]


def while_applying() -> None:
    inbox.apply_snapshot = after(inbox.apply_snapshot)  # type: ignore[attr-defined]


def before_the_inbox_row_is_done() -> None:
    inbox._finish = die


def before_the_refund() -> None:
    PayplugClient.create_refund = die  # type: ignore[method-assign]


def after_the_refund() -> None:
    back._record_answer = die


def while_the_refund_is_recorded() -> None:
    back.apply_refunds = after(back.apply_refunds)  # type: ignore[attr-defined]


def after_the_refund_was_recorded() -> None:
    back._record_answer = after(back._record_answer)


REFUNDING = (
    before_the_refund,
    after_the_refund,
    while_the_refund_is_recorded,
    after_the_refund_was_recorded,
)
PAYING = (before_the_call, after_the_call, while_the_answer_is_recorded, after_the_answer)
HEARING = (after_storing, after_claiming, before_applying, while_applying, before_the_inbox_row_is_done)
POINTS = {point.__name__: point for point in (*PAYING, *HEARING, *REFUNDING)}


def pay(app: Flask, company_id: int, invoice_id: int) -> None:
    with app.app_context(), in_company(company_id):
        start.start_payment(invoice_id, BACK)


def give_back(app: Flask, company_id: int, payment_id: int) -> None:
    with app.app_context(), in_company(company_id):
        back.refund_card(back.RefundRequest(payment_id, 5_000, request_key="killed"))


def hear(app: Flask, token: str, payment_id: str) -> None:
    body = f'{{"object": "payment", "id": "{payment_id}"}}'.encode()
    with app.app_context():
        receive_notification(token, body)
        db.session.remove()
    with app.app_context():
        inbox.process_notifications()


def run(order: list[str], make_app: Callable[..., Flask]) -> None:
    """One act with its death: point, database, folder, PayPlug's address, and what the act needs."""
    point, url, folder, api, *details = order
    app = make_app(url, folder, payplug_api_url=api)
    POINTS[point]()
    if POINTS[point] in PAYING:
        pay(app, int(details[0]), int(details[1]))
    elif POINTS[point] in REFUNDING:
        give_back(app, int(details[0]), int(details[1]))
    else:
        hear(app, *details)


if __name__ == "__main__":
    served(run)
