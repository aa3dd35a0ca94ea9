"""PayPlug takes the call and says nothing: payers are told soon, and everybody else notices nothing of it."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests

from payplug_bridge.errors import PayplugBusy, PayplugUnconfirmed
from payplug_bridge.simulator.testing import RunningSimulator, running_simulator
from payplug_bridge.start_payment import start_payment
from payplug_bridge.waiting import WAIT_SECONDS, waiting_for_payplug
from tests.conftest import MakeApp
from tests.payplug_bridge.shop import BACK, Shop, at_once, open_shop
from tests.serving import listening_socket, served

PAYERS = 12
THREADS = 8
HANGS = 60_000
SLOW_WORDS = "The card payment service is slow just now"
DOWN_WORDS = "The card payment service does not answer at the moment"


@pytest.fixture
def hanging() -> Iterator[RunningSimulator]:
    """A simulator of its own: its threads stay busy with calls that were given up."""
    with running_simulator(process=True) as simulator:
        yield simulator


@pytest.fixture
def hanging_shop(make_app: MakeApp, sqlite_url: str, hanging: RunningSimulator) -> Shop:
    return open_shop(make_app, sqlite_url, hanging)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    seconds: float


def _timed(call: Callable[[], requests.Response]) -> Answer:
    started = time.monotonic()
    answer = call()
    return Answer(answer.status_code, answer.text, time.monotonic() - started)


def test_twelve_payers_while_payplug_hangs_leave_the_site_to_everybody_else(hanging_shop: Shop) -> None:
    shop = hanging_shop
    shop.app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False, WEB_THREADS=THREADS)
    invoices = [shop.invoice() for _ in range(PAYERS)]
    paths = [f"/p/{shop.token(invoice)}" for invoice in invoices]
    shop.simulator.set_fault("slow", milliseconds=HANGS)
    payers: list[Answer] = []
    others: list[Answer] = []
    done = threading.Event()
    with listening_socket() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        english, seen = {"Cookie": "language=en"}, ("/health", "/login", paths[0])

        def pay(path: str) -> None:
            payers.append(_timed(lambda: requests.post(f"{url}{path}/pay", headers=english, timeout=60)))

        def get(path: str) -> Answer:
            return _timed(lambda: requests.get(f"{url}{path}", timeout=60))

        def look_on() -> None:
            while not done.wait(0.1):
                others.extend(get(path) for path in seen)

        with served(shop.app, listener, threads=THREADS):
            for path in seen:
                get(path)  # the first look at a page compiles it
            watcher = threading.Thread(target=look_on)
            watcher.start()
            errors = at_once(*[lambda path=path: pay(path) for path in paths])
            done.set()
            watcher.join(60)
    assert errors == []
    assert {answer.status for answer in payers} == {503}
    assert sum(SLOW_WORDS in answer.text for answer in payers) == PAYERS - THREADS // 2
    assert sum(DOWN_WORDS in answer.text for answer in payers) == THREADS // 2
    assert max(answer.seconds for answer in payers) < WAIT_SECONDS + 2
    assert len(others) > 30
    assert {answer.status for answer in others} == {200}
    # Behind a thread that hangs they would wait for most of its 12 seconds; a busy machine costs them some tenths.
    assert max(answer.seconds for answer in others) < WAIT_SECONDS / 4
    assert statistics.median(answer.seconds for answer in others) < 0.5
    # Who was told to wait has left nothing behind; who waited in vain is looked for at the next click.
    states = [shop.states(invoice) for invoice in invoices]
    assert states.count([]) == PAYERS - THREADS // 2
    assert states.count(["unconfirmed"]) == THREADS // 2


def test_what_hung_is_found_again_once_payplug_answers(hanging_shop: Shop) -> None:
    shop = hanging_shop
    invoice = shop.invoice()
    shop.simulator.set_fault("lost_answer", target="create_payment", times=1, milliseconds=HANGS)
    started = time.monotonic()
    with shop.inside(), pytest.raises(PayplugUnconfirmed), waiting_for_payplug(3):
        start_payment(invoice, BACK)
    assert time.monotonic() - started < 4
    assert shop.states(invoice) == ["unconfirmed"]
    payment = shop.click(invoice)
    assert [p["id"] for p in shop.simulator.payments()] == [payment]
    shop.simulator.pay(payment, notify=False)
    shop.sync()
    assert shop.states(invoice) == ["paid"]
    shop.assert_sound()


def test_an_old_page_that_cannot_be_closed_in_time_is_not_followed_by_a_new_one(hanging_shop: Shop) -> None:
    shop = hanging_shop
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.transfer(invoice, 4_000)
    shop.simulator.set_fault("slow", target="update_payment", times=1, milliseconds=1_000)
    # The abort takes nearly all the time there is.
    with shop.inside(), pytest.raises(PayplugBusy), waiting_for_payplug(2.5):
        start_payment(invoice, BACK)
    assert shop.states(invoice) == ["aborted"]
    assert [p["id"] for p in shop.simulator.payments()] == [payment]
    shop.click(invoice)
    assert [a.amount_cents for a in shop.attempts(invoice)] == [12_000, 8_000]


def test_a_turn_is_given_back_whatever_happens(shop: Shop) -> None:
    shop.app.config["WEB_THREADS"] = 2
    for _ in range(3):
        with shop.inside(), pytest.raises(ZeroDivisionError), waiting_for_payplug():
            raise ZeroDivisionError
    with shop.inside(), waiting_for_payplug(), pytest.raises(PayplugBusy), waiting_for_payplug():
        raise AssertionError("there was one turn alone")
    with shop.inside(), waiting_for_payplug():
        pass


def test_a_server_of_one_thread_can_still_ask(shop: Shop) -> None:
    shop.app.config["WEB_THREADS"] = 1
    with shop.inside(), waiting_for_payplug():
        assert start_payment(shop.invoice(), BACK)
