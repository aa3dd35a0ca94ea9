"""PayPlug's notifications are lost, late, doubled and out of order; the books do not care."""

from __future__ import annotations

from collections.abc import Callable

import requests
from flask import Flask

from tests.accounting.reading import numbers
from tests.payplug_bridge.shop import Shop
from tests.scenarios.money import all_is_well, books
from tests.scenarios.shop_on_the_net import open_street

ACCOUNTS = ("411", "706", "44571", "44574", "5125")


def standing(shop: Shop) -> dict[str, str]:
    with shop.inside():
        return books(*ACCOUNTS)


def test_two_customers_pay_and_nobody_tells_in_time(make_app: Callable[..., Flask], each_url: str) -> None:
    with open_street(make_app, each_url) as street:
        shop = street.shop
        # Two invoices of 120 € and 60 €. The VAT of both waits.
        first, second = shop.invoice("100"), shop.invoice("50")
        links = [f"{street.url}/p/{shop.token(invoice)}" for invoice in (first, second)]
        owed = {"411": "180.00", "706": "-150.00", "44574": "-30.00"}
        assert standing(shop) == owed

        # The first customer pays and the notification is lost altogether: nothing has changed for us.
        street.simulator.set_fault("lose", target="paid", times=1)
        street.simulator.pay(street.click_pay(links[0]))
        street.simulator.wait_for_deliveries()
        street.work()
        assert shop.notifications() == []

        # The second one is declined, then pays; both notifications are held up on their way.
        street.simulator.clear_faults()
        street.simulator.pause_deliveries()
        second_payment = street.click_pay(links[1])
        street.simulator.decline(second_payment)
        street.simulator.pay(second_payment)

        # One sync asks PayPlug about both: all is paid, each is recorded once.
        street.command("payplug", "sync")
        paid = {"706": "-150.00", "44571": "-30.00", "5125": "180.00"}
        assert standing(shop) == paid
        assert [shop.balance(invoice).open_cents for invoice in (first, second)] == [0, 0]
        with shop.inside():
            assert numbers() == ["VE000001", "VE000002", "PP000001", "PP000002"]

        # Now the late ones arrive, in their order, and one of them a second time: they are kept, and change nothing.
        street.simulator.resume_deliveries()
        street.simulator.wait_for_deliveries()
        newest = street.simulator.notifications(second_payment)[-1]
        assert requests.post(newest.url, json=newest.body, timeout=30).status_code == 200
        street.work()
        assert {row.outcome for row in shop.notifications()} == {"known"}
        assert len(shop.notifications()) == 3
        assert standing(shop) == paid
        with shop.inside():
            all_is_well()


def test_payplug_is_down_when_the_customer_wants_to_pay(
    make_app: Callable[..., Flask], each_url: str
) -> None:
    with open_street(make_app, each_url) as street:
        shop = street.shop
        invoice = shop.invoice()
        link = f"{street.url}/p/{shop.token(invoice)}"
        before = standing(shop)

        # PayPlug answers with an error page: the customer reads so in plain words, and how to pay otherwise.
        street.simulator.set_fault("error", status=502)
        answer = street.pay_anyhow(link)
        assert answer.status_code == 503
        assert "does not answer at the moment" in answer.text
        assert "FR76" in answer.text
        assert standing(shop) == before
        assert shop.states(invoice) == ["unconfirmed"]

        # It is back: her next click finds that nothing was made, and makes it; she pays once.
        street.simulator.clear_faults()
        street.simulator.pay(street.click_pay(link))
        street.simulator.wait_for_deliveries()
        street.work()
        assert shop.states(invoice) == ["refused", "paid"]
        assert standing(shop) == {"706": "-100.00", "44571": "-20.00", "5125": "120.00"}
        with shop.inside():
            all_is_well()
