"""Items of the catalogue while a line is typed: by keyboard, by mouse, and for those who listen to the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.database import transaction
from invoicing.models import TextKind
from invoicing.text_library import TextInput, save_text
from tests.browser.chromium import PATIENCE_MS, faults_of
from tests.browser.installation import House, Installation
from tests.browser.window import Window, amount, opened_window
from tests.factories.invoicing import make_customer, make_item


@pytest.fixture
def house(sqlite_installation: Installation) -> House:
    house = sqlite_installation.new_house()
    with house.shop.inside(), transaction():
        make_customer()
        make_item("49.90", "10", label="Lampe à poser", code="L-12", description="Laiton brossé", unit="H87")
        make_item("120", "20", label="Lampadaire", price_includes_vat=True, sales_account="707100")
        make_item(label="Câble")
        save_text(TextInput(TextKind.NOTE, "Merci", "Merci de votre confiance."))
        save_text(TextInput(TextKind.NOTE, "Méthode", "Payable par virement."))
    return house


@pytest.fixture
def owner(sqlite_installation: Installation, chromium: Browser, house: House) -> Iterator[Window]:
    with opened_window(chromium, sqlite_installation) as window:
        window.sign_in(house.owner)
        window.go("/invoices/new")
        yield window


def value(page: Page, name: str) -> str:
    return page.locator(f"#lines-0-{name}").input_value()


def test_a_field_that_had_the_focus_before_the_scripts_proposes_too(owner: Window) -> None:
    page = owner.page
    page.evaluate(
        """() => {
            const deaf = (event) => event.stopImmediatePropagation();
            addEventListener("focusin", deaf, { capture: true, once: true });
            document.getElementById("lines-0-label").focus();
        }"""
    )
    page.keyboard.type("lamp")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2, timeout=PATIENCE_MS)
    assert owner.watch.complaints == []


@pytest.mark.timeout(120)
def test_a_line_is_filled_by_keyboard(owner: Window) -> None:
    page = owner.page
    label = page.locator("#lines-0-label")
    label.focus()
    page.keyboard.type("lamp")
    listed = page.get_by_role("listbox")
    expect(listed).to_be_visible(timeout=PATIENCE_MS)
    expect(listed.get_by_role("option")).to_have_count(2)
    expect(label).to_have_attribute("aria-expanded", "true")
    assert faults_of(page, "the editor") == []

    page.keyboard.press("Escape")
    expect(listed).to_have_count(0)
    expect(label).to_have_attribute("aria-expanded", "false")
    assert value(page, "label") == "lamp"

    page.keyboard.type("e a POS")
    expect(listed.get_by_role("option")).to_have_count(1, timeout=PATIENCE_MS)
    expect(page.locator("[data-items-status]")).to_have_text(
        owner.words("One item found. Use the arrow keys to choose.")
    )
    page.keyboard.press("ArrowDown")
    expect(label).to_have_attribute("aria-activedescendant", "item-proposals-0")
    assert faults_of(page, "the editor") == []
    page.keyboard.press("Enter")
    expect(page.locator("#lines-0-quantity")).to_be_focused()
    assert (value(page, "label"), value(page, "unit"), value(page, "vat_rate")) == (
        "Lampe à poser",
        "H87",
        "1000",
    )
    assert (value(page, "unit_price").replace(",", "."), value(page, "kind")) == ("49.90", "goods")
    expect(page.locator("#lines-0-description")).to_have_value("Laiton brossé")
    expect(page.locator("#lines-0-description")).to_be_visible()
    page.keyboard.type("2")
    expect(page.locator("#lines-0-total")).to_have_text(owner.words.money(99_80), timeout=PATIENCE_MS)
    assert amount(owner.words, 109_78) in owner.text("[data-totals]")


@pytest.mark.timeout(120)
def test_a_new_line_proposes_too_and_a_heading_does_not(owner: Window) -> None:
    page = owner.page
    owner.click("Add a heading")
    expect(page.locator("#lines-1-label")).to_be_focused()
    page.keyboard.type("lamp")
    owner.click("Add a line")
    expect(page.locator("#lines-2-label")).to_be_focused()
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.keyboard.type("lampad")
    page.get_by_role("listbox").get_by_role("option", name="Lampadaire").click(timeout=PATIENCE_MS)
    assert page.locator("#lines-2-unit_price").input_value().replace(",", ".") == "100.00"
    assert page.locator("#lines-2-sales_account").input_value() == "707100"
    expect(page.locator("#lines-2-quantity")).to_be_focused()
    owner.click("Add a sub-total")
    expect(page.locator("#lines-3-total")).to_have_text(owner.words.money(100_00), timeout=PATIENCE_MS)
    assert faults_of(page, "the editor") == []


@pytest.mark.timeout(120)
def test_a_text_of_the_library_is_put_into_the_note_by_keyboard(owner: Window) -> None:
    page = owner.page
    letters, note = page.locator("#note_text"), page.locator("#note")
    note.fill("Bonjour.")
    letters.focus()
    page.keyboard.press("ArrowDown")
    listed = page.get_by_role("listbox")
    expect(listed.get_by_role("option")).to_have_count(2, timeout=PATIENCE_MS)
    assert faults_of(page, "the editor") == []
    page.keyboard.press("Escape")
    page.keyboard.type("meth")
    expect(listed.get_by_role("option")).to_have_count(1, timeout=PATIENCE_MS)
    page.keyboard.press("Enter")
    expect(note).to_be_focused()
    expect(note).to_have_value("Bonjour.\n\nPayable par virement.")
    expect(letters).to_have_value("")
    expect(listed).to_have_count(0)
    assert page.url.endswith("/invoices/new"), "Enter in the field of letters sent the form"
