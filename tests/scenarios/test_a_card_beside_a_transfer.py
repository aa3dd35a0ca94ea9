"""The customer has the card page open while the owner records her transfer: she is not charged twice, or her money is
not lost.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from core.clock import paris_today
from core.database import db, transaction
from core.money import format_cents
from invoicing.models import Document
from payplug_bridge.simulator.testing import SimulatorRefused
from tests.factories.invoicing import issue, make_line
from tests.scenarios.money import all_is_well, books
from tests.scenarios.shop_on_the_net import Street, open_street

ACCOUNTS = ("411", "706", "44571", "44574", "512000", "512500")


def record_transfer(street: Street, invoice: int) -> None:
    """As the owner does it, on the page of the invoice."""
    data = {"method": "transfer", "amount_cents": "120", "paid_on": paris_today().isoformat()}
    answer = street.owner.post(f"/invoices/{invoice}/payments/new", data=data)
    assert answer.status_code == 303, answer.get_data(as_text=True)


def standing(street: Street) -> dict[str, str]:
    with street.shop.inside():
        return books(*ACCOUNTS)


def test_the_card_page_is_closed_as_soon_as_the_transfer_is_recorded(
    make_app: Callable[..., Flask], each_url: str
) -> None:
    with open_street(make_app, each_url) as street:
        invoice = street.shop.invoice()
        payment_id = street.click_pay(f"{street.url}/p/{street.shop.token(invoice)}")
        record_transfer(street, invoice)
        street.work()
        # PayPlug takes no card on that page any more.
        with pytest.raises(SimulatorRefused):
            street.simulator.pay(payment_id)
        assert street.shop.states(invoice) == ["aborted"]
        assert standing(street) == {"706": "-100.00", "44571": "-20.00", "512000": "120.00"}
        with street.shop.inside():
            all_is_well()


def test_a_card_that_was_faster_is_the_customers_credit_and_pays_her_next_invoice(
    make_app: Callable[..., Flask], each_url: str
) -> None:
    with open_street(make_app, each_url) as street:
        shop = street.shop
        invoice = shop.invoice()
        # She pays while the owner types; the notification comes when the transfer is recorded already.
        street.simulator.pause_deliveries()
        street.simulator.pay(street.click_pay(f"{street.url}/p/{shop.token(invoice)}"))
        record_transfer(street, invoice)
        street.simulator.resume_deliveries()
        street.simulator.wait_for_deliveries()
        street.work()
        assert shop.states(invoice) == ["paid"]
        assert shop.balance(invoice).open_cents == 0
        assert standing(street) == {
            "411": "-120.00", "706": "-100.00", "44571": "-20.00", "512000": "120.00", "512500": "120.00",
        }  # fmt: skip

        # The owner sees it: on the customer's page, and among the card payments as one to handle.
        with shop.inside():
            customer_id = db.session.get_one(Document, invoice).customer_id
        street.owner.set_cookie("language", "en")
        page = street.owner.get(f"/customers/{customer_id}").get_data(as_text=True)
        assert f"credit of {format_cents(12_000, 'en')}" in page
        assert "To handle" in street.owner.get("/payplug").get_data(as_text=True)

        # The next invoice of 180 € is paid by it as far as it goes.
        with shop.inside(), transaction():
            customer = db.session.get_one(Document, invoice).customer
            following = issue(make_line("1", "150"), customer=customer).id
        assert street.owner.post(f"/invoices/{following}/use-credit").status_code == 303
        assert shop.balance(following).open_cents == 6_000
        assert shop.credit(invoice) == 0
        assert standing(street) == {
            "411": "60.00", "706": "-250.00", "44571": "-40.00", "44574": "-10.00",
            "512000": "120.00", "512500": "120.00",
        }  # fmt: skip
        with shop.inside():
            all_is_well()
