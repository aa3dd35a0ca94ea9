"""The same news by every way at the same moment, between real processes: one payment, one settlement, one entry."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import requests

from payplug_bridge.models import NotificationState
from tests.browser.installation import House, Installation

NOTIFICATIONS = 50
ONE_OF_EACH = {"payments": 1, "settlements": 1, "entries": 2}


def test_fifty_notifications_two_return_pages_and_a_sync(each_installation: Installation) -> None:
    house = each_installation.new_house()
    shop = house.shop
    invoice = shop.invoice()
    payment_id = shop.click(invoice)
    shop.simulator.pay(payment_id, notify=False)
    body = shop.simulator.payment(payment_id)
    webhook = f"{each_installation.url}{shop.webhook_path()}"
    return_page = f"{each_installation.url}/p/{shop.token(invoice)}/return"
    start = Barrier(NOTIFICATIONS + 3)

    def notify() -> int:
        start.wait(30)
        return requests.post(webhook, json=body, timeout=60).status_code

    def come_back() -> int:
        start.wait(30)
        return requests.get(return_page, timeout=60).status_code

    def sync() -> int:
        start.wait(30)
        return each_installation.run("payplug", "sync").returncode

    with ThreadPoolExecutor(NOTIFICATIONS + 3) as threads:
        notified = [threads.submit(notify) for _ in range(NOTIFICATIONS)]
        others = [threads.submit(task) for task in (come_back, come_back, sync)]
    assert Counter(task.result() for task in notified) == {200: NOTIFICATIONS}
    assert [task.result() for task in others] == [200, 200, 0]
    wait_until_all_are_done(house)
    assert shop.states(invoice) == ["paid"]
    assert shop.counted() == ONE_OF_EACH
    assert shop.balance(invoice).open_cents == 0
    shop.assert_sound()


def wait_until_all_are_done(house: House, seconds: float = 60) -> None:
    """The installation's worker goes through the inbox."""
    deadline = time.monotonic() + seconds
    while True:
        states = Counter(row.state for row in house.shop.notifications())
        if states == {NotificationState.DONE: NOTIFICATIONS}:
            return
        assert time.monotonic() < deadline, states
        time.sleep(0.2)
