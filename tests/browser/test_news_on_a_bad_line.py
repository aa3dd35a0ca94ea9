"""An invoice's page that is left open: its news come though requests fail or hang on the way."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route

from tests.browser.installation import Installation
from tests.browser.window import opened_window


def test_a_page_left_open_outlives_requests_that_fail(
    sqlite_installation: Installation, chromium: Browser
) -> None:
    house = sqlite_installation.new_house()
    invoice = house.shop.invoice()
    lost: list[str] = []

    def lose_the_first_of_each(route: Route) -> None:
        kind = "state" if route.request.url.endswith(".json") else "page"
        if kind in lost:
            route.continue_()
        else:
            lost.append(kind)
            route.abort("connectionreset")

    with opened_window(chromium, sqlite_installation) as owner:
        owner.sign_in(house.owner)
        owner.go(f"/invoices/{invoice}")
        owner.watch.lost_on_purpose = True
        # What the scripts of the page ask for, not the page that was opened.
        owner.page.route(f"**/invoices/{invoice}*", lose_the_first_of_each)
        owner.page.route(f"**/invoices/{invoice}/state.json", lose_the_first_of_each)
        house.shop.transfer(invoice, house.shop.balance(invoice).open_cents)
        owner.reads("Nothing is owed any more.")
    assert sorted(lost) == ["page", "state"]


def test_a_download_begun_while_the_page_still_loads_ends_nothing(
    sqlite_installation: Installation, chromium: Browser
) -> None:
    house = sqlite_installation.new_house()
    invoice = house.shop.invoice()
    with opened_window(chromium, sqlite_installation) as owner:
        owner.sign_in(house.owner)
        slow_down(owner.page)
        owner.page.goto(f"{owner.url}/invoices/{invoice}", wait_until="commit")
        with owner.page.expect_download():
            owner.link("PDF").click()
        house.shop.transfer(invoice, house.shop.balance(invoice).open_cents)
        owner.reads("Nothing is owed any more.")


def slow_down(page: Page) -> None:
    """A telephone on a train: nothing from the cache, each answer late."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    late = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", late)
