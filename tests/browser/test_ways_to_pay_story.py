"""An owner activates PayPlug and finds out that its notices arrive; a customer pays a part by another way on her phone,
then the rest by card in a browser without scripts."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from core.database import db, transaction
from payplug_bridge.account_models import PayplugFacts
from payplug_bridge.models import PayplugAccount
from tests.browser.chromium import PATIENCE_MS
from tests.browser.installation import House, Installation
from tests.browser.window import Window, amount, opened_window

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def house(sqlite_installation: Installation) -> House:
    """A company that has no key yet."""
    house = sqlite_installation.new_house()
    with house.shop.inside(), transaction():
        db.session.query(PayplugFacts).delete()
        db.session.query(PayplugAccount).delete()
    return house


@pytest.mark.timeout(180)
def test_from_the_key_to_an_invoice_paid_in_two_ways(
    sqlite_installation: Installation, house: House, chromium: Browser
) -> None:
    simulator = sqlite_installation.simulator
    account = simulator.create_account(f"{house.name} en ligne")
    simulator.set_features(account.id, methods={"wero": {}})
    with opened_window(chromium, sqlite_installation) as owner:
        owner.sign_in(house.owner)
        owner.watch.allowed = {422}
        activates(owner, account.live_key)
        chooses_the_ways(owner)
        checks_the_address(owner)

        invoice = house.shop.invoice()
        owner.go(f"/invoices/{invoice}")
        path = f"/p/{house.shop.token(invoice)}"
        with opened_window(chromium, sqlite_installation, viewport=PHONE) as customer:
            pays_a_part_by_wero(customer, path)
        expect(owner.page.locator("#invoice-state")).to_contain_text(
            owner.words.money(7_000), timeout=PATIENCE_MS
        )
        with opened_window(chromium, sqlite_installation, java_script_enabled=False) as customer:
            pays_the_rest_by_card(customer, path)
        expect(owner.page.locator("#invoice-state")).to_contain_text(
            owner.words.money(0), timeout=PATIENCE_MS
        )
    assert [attempt.way for attempt in house.shop.attempts(invoice)] == ["wero", "card"]
    house.shop.assert_sound()


def activates(owner: Window, key: str) -> None:
    owner.go("/settings/payplug")
    owner.reads("Where a company must be registered, its bank account too")
    owner.page.locator("#secret_key").fill("sk_live_nobodyknowsthiskey")
    owner.click("Check and save the key")
    owner.reads("PayPlug does not accept this secret key.")
    owner.page.locator("#secret_key").fill(key)
    owner.click("Check and save the key")
    owner.reads("The live key works and is saved.")
    shown = owner.text("main")
    assert "De 0,30 € à 20 000,00 €" in shown
    assert key not in owner.page.content()


def chooses_the_ways(owner: Window) -> None:
    page = owner.page
    page.get_by_label("Wero", exact=True).check()
    page.locator("#parts").select_option("free")
    owner.click("Save the ways to pay")
    owner.reads("The ways to pay are saved.")
    expect(page.get_by_label("Wero", exact=True)).to_be_checked()


def checks_the_address(owner: Window) -> None:
    """The page shows the notification when it comes, without a reload."""
    owner.click("Test the address")
    owner.page.wait_for_url("**/self-test/*")
    owner.reads("The address works: invoices are settled as soon as a customer has paid.")
    owner.click("Back to the settings")


def pays_a_part_by_wero(customer: Window, path: str) -> None:
    page = customer.page
    customer.go(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Wero", exact=True).check()
    page.locator("#amount").fill("5")
    customer.watch.allowed = {422}
    customer.click("Pay")
    customer.reads("Something needs your attention. What you typed is kept.")
    expect(page.get_by_label("Wero", exact=True)).to_be_checked()
    page.locator("#amount").fill("50")
    customer.click("Pay")
    at_payplug(page)
    expect(page.get_by_role("heading", name="Paiement par Wero")).to_be_visible()
    page.get_by_role("button", name="Payer").click()
    page.wait_for_url(f"{customer.url}{path}/return")
    received = {"amount": customer.words.money(5_000), "rest": customer.words.money(7_000)}
    customer.reads("We have received %(amount)s. %(rest)s remain to be paid.", **received)


def pays_the_rest_by_card(customer: Window, path: str) -> None:
    page = customer.page
    customer.go(path)
    assert amount(customer.words, 7_000) in customer.text("main")
    page.get_by_label(customer.words("Card (CB, Visa, Mastercard)"), exact=True).check()
    customer.click("Pay")
    at_payplug(page)
    page.locator("#outcome").select_option("paid")
    page.get_by_role("button", name="Appliquer").click()
    page.wait_for_url(f"{customer.url}{path}/return")
    customer.reads("This invoice is paid")


def at_payplug(page: Page) -> None:
    page.wait_for_url(lambda url: urlsplit(url).path.startswith("/pay/"))
