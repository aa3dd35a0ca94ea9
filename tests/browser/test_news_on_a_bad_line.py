"""An invoice's page that is left open: its news come though requests fail or hang on the way."""

from __future__ import annotations

from playwright.sync_api import Browser, Route

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
