"""Two tabs, a card beside a transfer, news over real HTTP: separate threads, separate connections, both engines."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest
from flask import Flask

from payplug_bridge.errors import NothingToPay
from payplug_bridge.simulator.testing import RunningSimulator
from payplug_bridge.start_payment import start_payment
from tests.conftest import make_company
from tests.payplug_bridge.shop import BACK, Shop, at_once, listening_socket, served
from tests.payplug_bridge.test_paying_by_card import ONE_OF_EACH


def test_two_tabs_are_sent_to_one_page(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    addresses: list[str] = []

    def click() -> None:
        with shop.inside():
            addresses.append(start_payment(invoice, BACK))

    assert at_once(*[click] * 6) == []
    assert len(set(addresses)) == 1
    assert len(shop.simulator.payments()) == 1
    assert shop.states(invoice) == ["created"]


def test_a_click_while_a_transfer_is_recorded_never_charges_more_than_is_due_unseen(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()

    def click() -> None:
        # Before the transfer it gets a page, after it there is nothing to pay.
        with shop.inside(), contextlib.suppress(NothingToPay):
            start_payment(invoice, BACK)

    assert at_once(click, lambda: shop.transfer(invoice, 12_000)) == []
    shop.sync()
    assert shop.balance(invoice).open_cents == 0
    assert "created" not in shop.states(invoice)
    assert all(p["failure"]["code"] == "aborted" for p in shop.simulator.payments())
    assert shop.counted()["payments"] == 1


def test_payments_and_aborts_at_once_end_in_one_truth(each_shop: Shop) -> None:
    shop = each_shop
    invoice = shop.invoice()
    payment = shop.click(invoice)
    shop.transfer(invoice, 12_000)
    outcome: list[bool] = []

    def pay() -> None:
        try:
            shop.simulator.pay(payment, notify=False)
            outcome.append(True)
        except Exception:  # noqa: BLE001  # the abort was faster
            outcome.append(False)

    assert at_once(pay, shop.sync) == []
    shop.sync()
    assert shop.states(invoice) == ["paid" if outcome[0] else "aborted"]
    assert shop.credit(invoice) == (12_000 if outcome[0] else 0)
    shop.assert_sound()


@pytest.mark.parametrize("lost", [False, True])
def test_payplug_notifies_over_http_and_the_invoice_is_settled(
    make_app: Callable[..., Flask], sqlite_url: str, simulator: RunningSimulator, lost: bool
) -> None:
    with listening_socket() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = make_app(sqlite_url, payplug_api_url=simulator.url, public_url=url)
        shop = Shop(app, simulator, make_company(app))
        shop.save_key()
        invoice = shop.invoice()
        with served(app, listener):
            if lost:
                simulator.set_fault("lose", target="paid", times=1)
            else:
                simulator.set_fault("duplicate", target="paid", times=1, copies=9)
            simulator.pay(shop.click(invoice))
            simulator.wait_for_deliveries()
            _until(lambda: len(shop.notifications()) == (0 if lost else 10))
            shop.work()
        shop.sync()
        assert shop.counted() == ONE_OF_EACH
        assert shop.balance(invoice).open_cents == 0
        shop.assert_sound()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
