"""At a customer's door: an owner with a phone in her hand, and the customer's phone that gets the SMS."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import PATIENCE_MS, faults_of
from tests.browser.installation import House, Installation
from tests.browser.window import NO_BREAK_SPACES, amount, opened_window

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
TOTAL_CENTS = 8_450


@pytest.fixture
def house(sqlite_installation: Installation) -> House:
    return sqlite_installation.new_house()


@pytest.mark.timeout(180)
def test_a_link_is_sent_by_sms_and_paid_while_both_watch(
    sqlite_installation: Installation, house: House, chromium: Browser
) -> None:
    installation = sqlite_installation
    with opened_window(chromium, installation, **PHONE) as owner:
        owner.sign_in(house.owner)
        owner.click("Menu")
        owner.click("Quick link")
        page = owner.page
        page.locator("#name").fill("Jeanne Exemple")
        page.locator("#mobile").fill("01 23 45 67 89")
        page.locator("#label").fill("Dépannage d’une lampe")
        page.locator("#amount_cents").fill("84,50")
        owner.watch.allowed = {422}
        owner.click("Issue and send the link")
        owner.reads("This is not the number of a mobile phone. French ones begin with 06 or 07.")
        expect(page.locator("#label")).to_have_value("Dépannage d’une lampe")
        page.locator("#mobile").fill("06 98 76 54 32")
        owner.click("Issue and send the link")
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"F-\d{4}-\d{4}"))
        assert amount(owner.words, TOTAL_CENTS) in owner.text("main")
        assert faults_of(page, "the page of the link") == []
        owner.click("Save the ways to pay")
        owner.reads("The ways to pay of this link are saved.")
        link = page.locator(".copyable code").inner_text()

        with opened_window(chromium, installation, **PHONE) as customer:
            inbox = customer.page
            _wait_for_sms(installation)
            inbox.goto(installation.mailbox.http_url)
            inbox.get_by_role("link", name="SMS").first.click()
            said = inbox.locator("main").inner_text().translate(NO_BREAK_SPACES)
            assert "+33698765432" in said
            assert link in said
            with inbox.context.expect_page() as opened:
                inbox.get_by_role("link", name=link).click()
            payment = opened.value
            payment.set_default_timeout(PATIENCE_MS)
            # PayPlug wants an address that nobody asked for at the door.
            for name, value in {
                "first_name": "Jeanne", "last_name": "Exemple", "email": "jeanne@example.org",
                "address1": "3 rue du Port", "postcode": "69001", "city": "Lyon",
            }.items():  # fmt: skip
                field = payment.locator(f"#{name}")
                if field.count():
                    field.fill(value)
            payment.locator("form[action$='/pay'] button[type=submit]").click()
            payment.wait_for_url(f"{installation.simulator.url}/**")
            payment.get_by_label("Numéro de carte").fill("4242424242424242")
            payment.get_by_label("Expiration").fill("12/34")
            payment.get_by_label("Cryptogramme").fill("123")
            payment.get_by_role("button", name=re.compile("^Payer ")).click()
            payment.wait_for_url(f"{installation.url}/p/**")
            expect(payment.get_by_text(customer.words("This invoice is paid"))).to_be_visible()

        # Without a reload the owner sees it, at the door.
        expect(page.locator("#quick-state")).to_contain_text(owner.words("Paid"), timeout=PATIENCE_MS)
        owner.click("Open the invoice")
        page.locator("#invoice-money a").first.click()
        assert "Visa •••• 4242" in owner.text("main")
    house.shop.assert_sound()


def _wait_for_sms(installation: Installation) -> None:
    seen = 0
    for _ in range(60):
        messages = installation.mailbox.messages()
        if any(
            message["Subject"] == "SMS" and "+33698765432" in str(message["Delivered-To"])
            for message in messages
        ):
            return
        seen = len(messages)
        installation.mailbox.wait_for(seen + 1, seconds=30)
    raise AssertionError(f"no SMS among {seen} messages")
