"""The simulator's pages in a real browser: narrow and wide, light and dark, both languages, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from payplug_bridge.simulator.testing import RunningSimulator
from tests.payplug_bridge.simulator.conftest import BILLING, Create
from tests.payplug_bridge.simulator.merchant import Merchant

LOOKS: list[tuple[int, Literal["light", "dark"], str]] = [(360, "light", "fr"), (1280, "dark", "en")]


def watched(page: Page) -> list[str]:
    """What the browser complains about from now on."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def addresses(simulator: RunningSimulator, create: Create, language: str) -> Iterator[str]:
    """One payment in each state, then every page of the portal."""
    billing = BILLING | {"language": language, "company_name": "Société d’exemple au nom plutôt long SARL"}
    made = [
        create(billing=billing, description="Facture FA-2026-0001 pour la Société d’exemple")
        for _ in range(6)
    ]
    simulator.pay(made[1].id)
    simulator.refund(made[1].id, 500)
    simulator.decline(made[2].id, "insufficient_funds")
    simulator.abort(made[3].id)
    simulator.time_out(made[4].id)
    simulator.wait_for_deliveries()
    simulator.set_fault("error", target="create_refund", times=2)
    for payment in made[:5]:
        yield payment.hosted_payment.payment_url
    yield made[0].hosted_payment.payment_url + "?fill=4970100000000014"
    for path in (
        "",
        "/notifications",
        "/faults",
        "/accounts",
        "/money",
        "/assumptions",
        f"/payments/{made[1].id}",
    ):
        yield f"{simulator.url}/portal{path}?lang={language}"
    yield f"{simulator.url}/portal/payments/{made[2].id}?lang={language}"


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_page_fits_is_accessible_and_quiet(
    simulator: RunningSimulator,
    create: Create,
    chromium: Browser,
    look: tuple[int, Literal["light", "dark"], str],
) -> None:
    width, scheme, language = look
    page = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints = watched(page)
    for address in addresses(simulator, create, language):
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == language, address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        result = Axe().run(page)
        assert result.violations_count == 0, f"{address}\n{result.generate_report()}"
    assert complaints == []
    page.close()


def test_paying_by_keyboard_after_a_decline_and_through_3d_secure(
    library: Any, merchant: Merchant, create: Create, chromium: Browser
) -> None:
    payment = create(hosted_payment=None)
    page = chromium.new_page()
    complaints = watched(page)
    page.goto(payment.hosted_payment.payment_url)
    page.keyboard.press("Tab")
    for typed in ("4970 1000 0000 0030", "12/34", "123", "Camille Exemple"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Paiement refusé\u00a0: provision insuffisante").wait_for()
    page.get_by_text("Cartes d’essai").click()
    page.get_by_role("link", name="Remplir avec 4970 1000 0000 0014").click()
    page.get_by_role("button", name="Payer").click()
    page.get_by_role("button", name="Confirmer le paiement").click()
    page.get_by_role("heading", name="Ce paiement est réglé").wait_for()
    assert library.Payment.retrieve(payment.id).is_3ds
    merchant.wait_for(2)
    assert [body["is_paid"] for body in merchant.received] == [False, True]
    assert complaints == []
    page.close()


def test_a_refusal_in_the_form_keeps_what_was_typed(create: Create, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(create().hosted_payment.payment_url)
    page.get_by_label("Numéro de carte").fill("4242 4242 4242 4241")
    page.get_by_label("Titulaire").fill("<b>Camille</b>")
    page.get_by_role("button", name="Payer").click()
    page.get_by_text("Ce numéro de carte n’est pas valide.").wait_for()
    assert page.get_by_label("Numéro de carte").input_value() == "4242 4242 4242 4241"
    assert page.get_by_label("Titulaire").input_value() == "<b>Camille</b>"
    assert Axe().run(page).violations_count == 0
    page.close()
