"""A flood of notifications over eight connections, many twice, some forged, in any order: none lost, none doubled."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from core.database import db, transaction
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Document
from invoicing.payments import Payment
from invoicing.refunds import Refund
from payplug_bridge.models import NotificationState, PaymentAttempt, PayplugNotification
from payplug_bridge.simulator.testing import RunningSimulator
from tests._profiles import LONG
from tests.conftest import MakeApp
from tests.factories.invoicing import make_customer, make_draft
from tests.payplug_bridge.shop import EURO, Shop, open_shop
from tests.serving import listening_socket, served

FLOOD = 10_000 if LONG else 500
CONNECTIONS, WORKERS = 8, 2
DUPLICATES, FORGED = FLOOD // 5, FLOOD // 20
REFUSALS = (
    "card_declined",
    "insufficient_funds",
    "3ds_declined",
    "incorrect_number",
    "fraud_suspected",
    "processing_error",
)
NEWS_EACH = len(REFUSALS) + 2
"""What PayPlug tells of each payment: refused cards, the success, a part that was given back."""
PAYMENTS = (FLOOD - DUPLICATES - FORGED) // NEWS_EACH
SLOWEST_SECONDS = 2.0
"""For 99 of 100 answers; PayPlug's own patience is not documented, the simulator waits ten."""


@dataclass
class _Flood:
    """What is posted, and what came of it."""

    bodies: list[bytes]
    seconds: list[float] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, address: str) -> None:
        """One connection that is kept: takes what is left until nothing is."""
        parts = urlsplit(address)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        while True:
            with self.lock:
                if not self.bodies:
                    break
                body = self.bodies.pop()
            begun = time.perf_counter()
            connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            with self.lock:
                self.seconds.append(time.perf_counter() - begun)
                self.answers.append((answer.status, body))
        connection.close()


def _paid_payments(shop: Shop) -> None:
    """Each customer has several cards refused, pays, and is given a part back; PayPlug has told nothing of it yet."""
    for _ in range(PAYMENTS):
        with shop.inside(), transaction():
            invoice = issue_invoice(make_draft(customer=make_customer()).id).id
        payment = shop.click(invoice)
        for code in REFUSALS:
            shop.simulator.decline(payment, code)
        shop.simulator.pay(payment)
        shop.simulator.refund(payment, 10 * EURO)


def _forged(unpaid: str, number: int) -> bytes:
    """What others might post: good news of what is not paid, ids that do not exist, what is no notification at all."""
    news = {"object": "payment", "id": unpaid, "is_live": True, "is_paid": True, "amount": 1}
    kinds = (
        json.dumps(news),
        json.dumps({**news, "id": f"pay_Nobody{number:016d}"}),
        json.dumps({"object": "refund", "id": "re_Nobody00000000", "payment_id": unpaid, "amount": 12_000}),
        json.dumps({**news, "id": "../customers/x"}),
        '{"object": "payment", "id": ',
    )
    return kinds[number % len(kinds)].encode()


def _bodies(shop: Shop, unpaid: str) -> list[bytes]:
    draw = random.Random(20_260_302)  # the same flood on each run
    true = [json.dumps(told.body).encode() for told in shop.simulator.notifications()]
    assert len(true) == PAYMENTS * NEWS_EACH
    forged = [_forged(unpaid, number) for number in range(FORGED)]
    bodies = [*true, *draw.choices(true, k=FLOOD - len(true) - FORGED), *forged]
    draw.shuffle(bodies)
    return bodies


@pytest.mark.timeout(1800)
def test_a_flood_of_notifications_loses_and_doubles_nothing(
    make_app: MakeApp, postgres_url: str, simulator: RunningSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.pause_deliveries()
    shop = open_shop(make_app, postgres_url, simulator)
    _paid_payments(shop)
    unpaid_invoice = shop.invoice()
    flood = _Flood(_bodies(shop, shop.click(unpaid_invoice)))
    assert len(flood.bodies) == FLOOD
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            shop.work()
            time.sleep(0.05)

    with listening_socket() as listener, served(shop.app, listener):
        address = f"http://127.0.0.1:{listener.getsockname()[1]}{shop.webhook_path()}"
        posting = [threading.Thread(target=flood.post, args=(address,)) for _ in range(CONNECTIONS)]
        working = [threading.Thread(target=work) for _ in range(WORKERS)]
        for thread in (*posting, *working):
            thread.start()
        for thread in posting:
            thread.join()
        over.set()
        for thread in working:
            thread.join()
    shop.work()
    _assert_answered(flood, capsys)
    _assert_right(shop, unpaid_invoice)


def _assert_answered(flood: _Flood, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(flood.answers) == FLOOD
    # Only what cannot be a notification is told so; everything else is stored, which is all that PayPlug asks.
    refused = [body for status, body in flood.answers if status != 200]
    assert {status for status, _ in flood.answers} == {200, 400}
    assert all(b"../" in body or not body.endswith(b"}") for body in refused)
    slowest = sorted(flood.seconds)[len(flood.seconds) * 99 // 100]
    with capsys.disabled():
        print(f"\n{FLOOD} notifications over {CONNECTIONS} connections: p99 {slowest * 1000:.0f} ms")  # noqa: T201
    assert slowest < SLOWEST_SECONDS


def _assert_right(shop: Shop, unpaid_invoice: int) -> None:
    with shop.inside():
        grouped = select(PayplugNotification.state, func.count()).group_by(PayplugNotification.state)
        states = {row[0]: row[1] for row in db.session.execute(grouped)}
        assert sum(states.values()) == FLOOD
        assert set(states) == {NotificationState.DONE, NotificationState.IGNORED}
        assert _sum(Payment.amount_cents) == (PAYMENTS, PAYMENTS * 120 * EURO)
        assert _sum(Refund.amount_cents) == (PAYMENTS, PAYMENTS * 10 * EURO)
        attempts = db.session.execute(
            select(PaymentAttempt.state, func.count()).group_by(PaymentAttempt.state)
        )
        assert {state.value: count for state, count in attempts} == {"paid": PAYMENTS, "created": 1}
        assert db.session.scalar(select(func.count()).select_from(Document)) == PAYMENTS + 1
    assert shop.balance(unpaid_invoice).paid_cents == 0
    shop.assert_sound()


def _sum(column: Any) -> tuple[int, int]:
    """How many rows there are, and what they add up to."""
    count, total = db.session.execute(select(func.count(column), func.coalesce(func.sum(column), 0))).one()
    return int(count), int(total)
