"""The main job, told as it happens: an owner, her customer and her accountant, each at a browser, on each engine."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from demo.people import siren
from tests.browser.chromium import PATIENCE_MS, Watch
from tests.browser.installation import House, Installation
from tests.browser.window import NO_BREAK_SPACES, Window, amount, opened_window

# 2.5 h at 80 € and 20 %; three lamps at 12.34 € less 10 % at 5.5 %: 200.00 + 33.32 net, 40.00 + 1.83 VAT.
TOTAL_CENTS = 27_515
CUSTOMER = "Librairie L’Exemple"
CUSTOMER_SIREN = siren(900)
CUSTOMER_EMAIL = "compta@librairie.example.org"
DECLINED_CARD, CARD_WITH_3D_SECURE = "4970100000000022", "4970100000000014"


@pytest.fixture
def house(each_installation: Installation) -> House:
    return each_installation.new_house()


@pytest.mark.timeout(180)
def test_from_a_new_customer_to_a_fec_that_passes(
    each_installation: Installation, house: House, chromium: Browser, tmp_path: Path
) -> None:
    installation = each_installation
    with (
        opened_window(chromium, installation) as owner,
        opened_window(chromium, installation) as accountant,
    ):
        owner.sign_in(house.owner)
        write_a_customer(owner)
        write_a_draft(owner)
        number = issue(owner)
        send(owner)
        pdf_text = text_of_pdf(owner)
        never_reloaded(owner)

        customer_pays(chromium, installation, number, owner)

        see_it_settled_without_reloading(owner, number)
        fec = accountant_downloads_the_fec(accountant, house, tmp_path)

    due = amount(owner.words, TOTAL_CENTS)
    assert due in pdf_text
    assert number in pdf_text
    entries_of_fec = read_fec(fec)
    assert [row["EcritureLet"] for row in entries_of_fec if row["CompteNum"] == "411000"] == ["AA", "AA"]
    assert sum(cents(row["Debit"]) for row in entries_of_fec if row["CompteNum"] == "411000") == TOTAL_CENTS
    assert sum(cents(row["Credit"]) for row in entries_of_fec if row["CompteNum"] == "411000") == TOTAL_CENTS
    check = installation.run("fec", "check", str(fec))
    assert check.returncode == 0, check.stdout
    verify = installation.run("verify")
    assert verify.returncode == 0, verify.stdout
    house.shop.assert_sound()


def write_a_customer(owner: Window) -> None:
    owner.click("Customers")
    owner.click("New customer")
    page = owner.page
    page.locator("#name").fill(CUSTOMER)
    page.locator("#siren").fill(CUSTOMER_SIREN)
    page.locator("#address1").fill("7 place du Marché")
    page.locator("#postcode").fill("38200")
    page.locator("#city").fill("Vienne")
    page.locator("#contacts-0-name").fill("Paule Exemple")
    page.locator("#contacts-0-email").fill(CUSTOMER_EMAIL)
    owner.click("Save")
    owner.reads("The customer is saved.")
    expect(page.get_by_role("heading", level=1, name=CUSTOMER)).to_be_visible()


def write_a_draft(owner: Window) -> None:
    owner.click("New invoice")
    page = owner.page
    expect(page.locator("#customer_id option:checked")).to_contain_text(CUSTOMER)
    page.locator("#lines-0-label").fill("Conseil")
    page.locator("#lines-0-quantity").fill("2,5")
    page.locator("#lines-0-unit_price").fill("80")
    totals = page.locator("[data-totals]")
    expect(totals).to_contain_text(owner.words.money(24_000), timeout=PATIENCE_MS)

    owner.click("Add a line")
    expect(page.locator("#lines-1-label")).to_be_focused()
    page.locator("#lines-1-label").fill("Lampe de lecture")
    page.locator("#lines-1-quantity").fill("3")
    page.locator("#lines-1-unit_price").fill("12,34")
    page.locator("#lines-1-discount").fill("10")
    page.locator("#lines-1-vat_rate").select_option("550")
    page.locator("#lines-1-kind").select_option("goods")
    # While typing, before anything is saved: the same totals that will stand on the invoice.
    expect(totals).to_contain_text(owner.words.money(TOTAL_CENTS), timeout=PATIENCE_MS)
    expect(page.locator("#lines-1-total")).to_have_text(owner.words.money(3_332))

    owner.page.locator("form[data-totals-url] .form-actions button.btn-primary").click()
    owner.reads("The draft is saved.")
    assert amount(owner.words, TOTAL_CENTS) in owner.text("main")


def issue(owner: Window) -> str:
    owner.click("Issue")
    owner.click("Issue the invoice")
    heading = owner.page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(re.compile(r"F-\d{4}-\d{4}"), timeout=PATIENCE_MS)
    found = re.search(r"F-\d{4}-\d{4}", heading.inner_text())
    assert found is not None
    owner.reads("Invoice %(number)s is issued.", number=found[0])
    assert amount(owner.words, TOTAL_CENTS) in owner.text("#invoice-state")
    return found[0]


def send(owner: Window) -> None:
    owner.click("Send")
    expect(owner.page.get_by_label(CUSTOMER_EMAIL)).to_be_checked()
    owner.page.locator("form").get_by_role("button", name=owner.words("Send"), exact=True).last.click()
    owner.reads("The mail is on its way. This page says when it was accepted.")


def text_of_pdf(owner: Window) -> str:
    with owner.page.expect_download() as download:
        owner.link("PDF").click()
    content = Path(download.value.path()).read_bytes()
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).translate(
        NO_BREAK_SPACES
    )


def never_reloaded(owner: Window) -> None:
    owner.page.evaluate("window.neverReloaded = true")


def customer_pays(chromium: Browser, installation: Installation, number: str, owner: Window) -> None:
    with opened_window(chromium, installation) as customer:
        installation.mailbox.wait_for(1, seconds=30)
        page = open_the_payment_link(customer, installation, number)
        watch = Watch()
        watch.on(page)
        words = customer.words
        assert amount(words, TOTAL_CENTS) in page.inner_text("main").translate(NO_BREAK_SPACES)
        pay = page.locator("form[action$='/pay'] button[type=submit]")
        expect(pay).to_contain_text(words.money(TOTAL_CENTS))
        pay.click()
        page.wait_for_url(f"{installation.simulator.url}/**")
        pay_with(page, DECLINED_CARD)
        page.get_by_role("heading", name="Paiement refusé").wait_for()
        # Once the card has paid, PayPlug no longer tells of the refusal: the owner sees it before.
        owner.reads("Card declined")
        pay_with(page, CARD_WITH_3D_SECURE)
        page.get_by_role("button", name="Confirmer le paiement").click()
        page.wait_for_url(f"{installation.url}/p/**")
        expect(page.get_by_text(words("This invoice is paid"))).to_be_visible(timeout=PATIENCE_MS)
        assert watch.complaints == []


def open_the_payment_link(customer: Window, installation: Installation, number: str) -> Page:
    """In the mailbox's own pages: the mail, its button, a new tab."""
    inbox = customer.page
    inbox.goto(installation.mailbox.http_url)
    inbox.get_by_role("link", name=re.compile(number)).first.click()
    button = inbox.frame_locator("iframe").get_by_role("link", name=re.compile("€")).first
    assert customer.words.money(TOTAL_CENTS).translate(NO_BREAK_SPACES) in button.inner_text().translate(
        NO_BREAK_SPACES
    )
    context: BrowserContext = inbox.context
    with context.expect_page() as opened:
        button.click()
    page = opened.value
    page.wait_for_load_state()
    page.set_default_timeout(PATIENCE_MS)
    return page


def pay_with(page: Page, card: str) -> None:
    page.get_by_label("Numéro de carte").fill(card)
    page.get_by_label("Expiration").fill("12/34")
    page.get_by_label("Cryptogramme").fill("123")
    page.get_by_role("button", name=re.compile("^Payer ")).click()


def see_it_settled_without_reloading(owner: Window, number: str) -> None:
    owner.reads("Nothing is owed any more.")
    assert owner.page.evaluate("window.neverReloaded") is True
    expect(owner.page.get_by_role("heading", level=1)).to_contain_text(number)
    assert owner.words("Paid") in owner.text("#invoice-head")
    entries = owner.page.locator("#invoice-entries table")
    assert entries.count() == 2
    figures = amount(owner.words, TOTAL_CENTS).removesuffix(" €")
    for index, name in enumerate(("VE000001", "PP000001")):
        entry = entries.nth(index).inner_text().translate(NO_BREAK_SPACES)
        assert name in entry
        customer_line = next(line for line in entry.splitlines() if figures in line and "AA" in line)
        assert customer_line, entry
    assert owner.words("Card declined") in owner.text("#invoice-history")


def accountant_downloads_the_fec(accountant: Window, house: House, folder: Path) -> Path:
    accountant.sign_in(house.accountant)
    accountant.click("Books")
    accountant.click("Export files")
    accountant.click("FEC")
    accountant.click("Check and download")
    with accountant.page.expect_download() as download:
        accountant.page.locator("a[href$='/file']").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    assert re.fullmatch(rf"{house.siren}FEC\d{{8}}\.txt", file.name)
    return file


def read_fec(file: Path) -> list[dict[str, str]]:
    lines = file.read_text("utf-8-sig").splitlines()
    separator = "\t" if "\t" in lines[0] else "|"
    names = lines[0].split(separator)
    return [dict(zip(names, line.split(separator), strict=True)) for line in lines[1:]]


def cents(figures: str) -> int:
    return int(Decimal(figures.replace(",", ".")) * 100)
