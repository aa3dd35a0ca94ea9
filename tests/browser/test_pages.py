"""Every page there is, in narrow and wide windows, by day and night, in both languages: quiet, accessible, no wider
than the window. In the short run each page is seen in two opposite looks; `make test-long` sees all in all eight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as NothingToPress

from tests import _profiles
from tests.accounting.fec.right_file import NAME, column, right_rows, text_of
from tests.browser.chromium import faults_of
from tests.browser.furnished import Furnished, furnish
from tests.browser.installation import Installation
from tests.browser.window import Window, Words, context_of, new_window, opened_window

Act = Callable[[Page, Words], Any]
OWNER, ACCOUNTANT, NOBODY = "owner", "accountant", "nobody"


@dataclass(frozen=True)
class Look:
    """How a person looks at a page."""

    width: int
    theme: str
    language: str

    def __str__(self) -> str:
        return f"{self.width}-{self.theme}-{self.language}"


EXPORT = "first=2001-01-01&last=2099-12-31&journal=VE&journal=PP&journal=BQ"
LOOKS = [Look(*parts) for parts in product((360, 1280), ("light", "dark"), ("fr", "en"))]


@dataclass(frozen=True)
class Spot:
    """One page to look at; `act` is done on it first."""

    path: str
    who: str = OWNER
    status: int = 200
    act: Act | None = None
    also: set[int] = field(default_factory=set)


def press(message: str) -> Act:
    """Press a button by its words."""
    return lambda page, words: page.get_by_role("button", name=words(message), exact=True).last.click()


def press_save(page: Page, _: Words) -> None:
    page.locator("main form button.btn-primary").last.click()


def open_menu(page: Page, words: Words) -> None:
    if (page.viewport_size or {"width": 0})["width"] < 700:
        page.get_by_role("button", name=words("Menu"), exact=True).click()


def type_wrongly(page: Page, _: Words) -> None:
    page.locator("#lines-0-label").fill("<script>alert(1)</script>")
    page.locator("#lines-0-quantity").fill("beaucoup")
    page.locator("#lines-0-unit_price").fill("-1")
    press_save(page, _)


def choose_a_text_as_logo(page: Page, _: Words) -> None:
    page.locator("#logo").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    press_save(page, _)


def check_a_faulty_fec(page: Page, _: Words) -> None:
    rows = right_rows()
    rows[3][column("Debit")] = "120.00"
    content = text_of(rows).encode()
    page.locator("#file").set_input_files({"name": NAME, "mimeType": "text/plain", "buffer": content})
    press_save(page, _)


def pay_too_little(page: Page, _: Words) -> None:
    page.locator("#amount").fill("0,01")
    press_save(page, _)


def pay_by_oney(page: Page, _: Words) -> None:
    page.locator("#way-oney_x3_with_fees").check()
    press_save(page, _)


def send_by_nothing(page: Page, words: Words) -> None:
    """With both ways open to be seen, one of them wrong."""
    page.locator("#by_sms").check()
    page.locator("#numbers").fill("12")
    page.locator("#subject").fill("")
    page.get_by_role("button", name=words("Send"), exact=True).last.click()


def spots(rooms: Furnished) -> dict[str, list[Spot]]:
    """For every endpoint that answers GET with a page, the addresses to look at."""
    book = f"/books/accounts/{rooms.account}"
    sms_text = [Spot("/settings/texts/new/sms")]
    public = {name: f"/p/{token}" for name, token in rooms.tokens.items()}
    states = (
        "draft",
        "open",
        "late",
        "partly-paid",
        "paid",
        "credited",
        "money-back",
        "doubtful",
        "credit-notes",
    )
    return {
        "dashboard.index": [Spot("/"), Spot("/", ACCOUNTANT), Spot("/", act=open_menu)],
        "journal.index": [Spot("/books"), Spot("/books?q=rien-de-tel&journal=VE", ACCOUNTANT)],
        "journal.entry": [Spot(f"/books/entries/{rooms.entry}", ACCOUNTANT)],
        "accounts.balance": [Spot("/books/trial-balance"), Spot("/books/trial-balance?from=2001-01-01&to=2001-12-31")],
        "accounts.ledger": [Spot(book, ACCOUNTANT), Spot(f"{book}?open=1")],
        "accounts.general_ledger": [
            Spot("/books/general-ledger", ACCOUNTANT),
            Spot("/books/general-ledger?first=7&last=7&page=9"),
        ],
        "ageing.index": [Spot("/books/ageing"), Spot("/books/ageing?day=2001-01-01", ACCOUNTANT)],
        "ageing.in_credit": [
            Spot("/books/ageing/in-credit"),
            Spot("/books/ageing/in-credit?day=2001-01-01", ACCOUNTANT),
        ],
        "ageing.customer": [Spot(f"/books/ageing/customers/{rooms.customer_code}", ACCOUNTANT)],
        "vat_report.index": [
            Spot(f"/books/vat?period={rooms.this_month}", ACCOUNTANT),
            Spot("/books/vat?period=2001"),
        ],
        "payment_register.index": [
            Spot(f"/books/payments?period={rooms.this_month}", ACCOUNTANT),
            Spot("/books/payments?period=2001"),
        ],
        "payment_register.collected": [
            Spot(f"/books/collected?period={rooms.this_month}", ACCOUNTANT),
            Spot("/books/collected?period=2001"),
        ],
        "fec_pages.index": [Spot("/books/fec", ACCOUNTANT)],
        "closing.index": [Spot("/books/closing")],
        "closing.year": [Spot(f"/books/closing/{rooms.year}", ACCOUNTANT)],
        "closing.log": [Spot("/books/closing/log")],
        "attestation.index": [Spot("/books/attestation", ACCOUNTANT)],
        "fec_pages.check_other": [
            Spot("/books/fec/check", ACCOUNTANT),
            Spot("/books/fec/check", ACCOUNTANT, act=check_a_faulty_fec),
        ],
        "takeover.index": [
            Spot("/books/takeover", ACCOUNTANT),
            Spot("/books/takeover", ACCOUNTANT, act=press_save, also={422}),
        ],
        "takeover.plan": [Spot(rooms.takeover_file, ACCOUNTANT)],
        "takeover.show": [Spot(f"/books/takeover/{rooms.takeover}", ACCOUNTANT)],
        "fec_pages.check": [Spot(f"/books/fec/{rooms.year}", ACCOUNTANT)],
        "exports.index": [Spot("/books/exports", ACCOUNTANT)],
        "exports.preview": [
            Spot(f"/books/exports/preview?{EXPORT}&format=ximport", ACCOUNTANT),
            Spot(f"/books/exports/preview?{EXPORT}&format=no", ACCOUNTANT, status=400),
        ],
        "exports.show": [
            Spot(f"/books/exports/{rooms.exports['standing']}", ACCOUNTANT),
            Spot(f"/books/exports/{rooms.exports['cancelled']}", ACCOUNTANT),
        ],
        "packages.index": [Spot("/books/packages", ACCOUNTANT)],
        "exports.settings": [Spot("/books/exports/settings", ACCOUNTANT)],
        "tasks.show": [
            Spot(f"/tasks/{rooms.exports[name]}", ACCOUNTANT)
            for name in ("task_running", "task_ready", "task_failed")
        ],
        "books_settings.index": [Spot("/books/settings", ACCOUNTANT)],
        "books_chart.index": [
            Spot("/books/chart", ACCOUNTANT),
            Spot("/books/chart?q=rien-de-tel"),
            Spot("/books/chart", ACCOUNTANT, act=press("Add the account")),
        ],
        "books_chart.edit": [Spot(f"/books/chart/{rooms.account}", ACCOUNTANT)],
        "books_choices.index": [
            Spot("/books/settings/choices", ACCOUNTANT),
            Spot("/books/settings/choices", act=press("Show what it gives")),
            Spot("/books/settings/choices", act=press("Show the entries")),
        ],
        "books_choices.changes": [Spot("/books/settings/changes", ACCOUNTANT)],
        "books_treasury.index": [Spot("/books/treasury", ACCOUNTANT)],
        "books_treasury.new": [Spot("/books/treasury/new"), Spot("/books/treasury/new", act=press_save)],
        "books_treasury.edit": [Spot(f"/books/treasury/{rooms.treasury}", ACCOUNTANT)],
        "books_treasury.journal": [Spot(f"/books/treasury/journals/{rooms.journal}", ACCOUNTANT)],
        "payment_means.index": [Spot("/books/means", ACCOUNTANT)],
        "payment_means.edit": [Spot("/books/means/transfer"), Spot("/books/means/cheque", ACCOUNTANT)],
        "customers.index": [
            Spot("/customers"),
            Spot("/customers?q=personne"),
            Spot("/customers?state=archived"),
            Spot("/customers", ACCOUNTANT),
        ],
        "customers.show": [Spot(f"/customers/{rooms.customer}"), Spot(f"/customers/{rooms.customer_with_credit}")],
        "customers.new": [Spot("/customers/new"), Spot("/customers/new", act=press_save)],
        "customers.edit": [Spot(f"/customers/{rooms.customer}/edit")],
        "merging.choose": [
            Spot(f"/customers/{rooms.customer}/merge"),
            Spot(f"/customers/{rooms.customer}/merge?into={rooms.customer_with_credit}"),
        ],
        "items.index": [Spot("/catalogue"), Spot("/catalogue?q=rien"), Spot("/catalogue?state=archived", ACCOUNTANT)],
        "items.new": [Spot("/catalogue/new"), Spot("/catalogue/new", act=press_save)],
        "items.edit": [Spot(f"/catalogue/{rooms.item}/edit")],
        "invoices.index": [Spot("/invoices"), *(Spot(f"/invoices?state={state}") for state in states)],
        "invoices.show": [
            *(
                Spot(f"/invoices/{id_}")
                for id_ in (rooms.draft, rooms.faulty_draft, rooms.open, rooms.part_paid, rooms.paid_by_card)
            ),
            *(Spot(f"/invoices/{id_}") for id_ in (rooms.credited, rooms.taken_over, rooms.short)),
            *(Spot(f"/invoices/{id_}") for id_ in (rooms.doubtful, rooms.lost)),
            Spot(f"/invoices/{rooms.given_back}"),
            Spot(f"/invoices/{rooms.disputed}", act=press("Claim again")),
            Spot(f"/invoices/{rooms.credit_note}", ACCOUNTANT),
            Spot(f"/invoices/{rooms.draft}", act=press("Issue")),
            Spot("/invoices/999999", status=404),
        ],
        "invoices.preview": [Spot(f"/invoices/{rooms.draft}/preview"), Spot(f"/invoices/{rooms.open}/preview")],
        "quotes.index": [Spot("/quotes"), Spot("/quotes?state=expired"), Spot("/quotes", ACCOUNTANT)],
        "quotes.show": [Spot(f"/quotes/{rooms.quotes['open']}"), Spot(f"/quotes/{rooms.quotes['accepted']}")],
        "quotes.answer": [
            Spot(f"/quotes/{rooms.quotes['open']}/answer"),
            Spot(f"/quotes/{rooms.quotes['open']}/answer", act=press_save),
        ],
        "quotes.deposit": [
            Spot(f"/quotes/{rooms.quotes['accepted']}/deposit"),
            Spot(f"/quotes/{rooms.quotes['accepted']}/deposit", act=press_save),
        ],
        "bulk.confirm": [
            Spot(f"/invoices/bulk?action=send&document={rooms.open}&document={rooms.draft}&document={rooms.part_paid}"),
            Spot("/invoices/bulk?action=issue_and_send&all=1"),
            Spot("/invoices/bulk?action=issue"),
        ],
        "bulk.runs": [Spot("/invoices/bulk/runs")],
        "bulk.show": [
            *(Spot(f"/invoices/bulk/runs/{id_}") for id_ in rooms.bulk.values()),
            Spot(f"/invoices/bulk/runs/{rooms.bulk['finished']}?state=refused", ACCOUNTANT),
        ],
        "recurring.index": [Spot("/recurring"), Spot("/recurring?state=paused"), Spot("/recurring", ACCOUNTANT)],
        "recurring.show": [Spot(f"/recurring/{id_}") for id_ in rooms.recurring.values()],
        "recurring.calendar": [
            Spot(f"/recurring/{rooms.recurring['active']}/calendar"),
            Spot(f"/recurring/{rooms.recurring['active']}/calendar", act=press("Show the next dates")),
        ],
        "recurring.repeat": [Spot(f"/invoices/{rooms.open}/repeat")],
        "quote_page.show": [
            Spot(f"/q/{rooms.quote_tokens['open']}", NOBODY),
            Spot(f"/q/{rooms.quote_tokens['accepted']}", NOBODY),
            Spot("/q/nobody-was-given-this", NOBODY, status=404),
        ],
        "crediting.new": [Spot(f"/invoices/{rooms.open}/credit")],
        "editor.new": [Spot("/invoices/new"), Spot("/invoices/new", act=type_wrongly)],
        "editor.edit": [Spot(f"/invoices/{rooms.draft}/edit"), Spot(f"/invoices/{rooms.open}/edit", status=409)],
        "payments.index": [Spot("/payments"), Spot("/payments?q=rien")],
        "payments.show": [
            Spot(f"/payments/{rooms.payment}"),
            Spot(f"/payments/{rooms.card_payment}"),
            Spot(f"/payments/{rooms.card_payment}", ACCOUNTANT),
        ],
        "payments.new": [
            Spot(f"/invoices/{rooms.part_paid}/payments/new"),
            Spot(f"/invoices/{rooms.paid_by_card}/payments/new", act=press_save),
        ],
        "account_statements.show": [
            Spot(f"/customers/{rooms.customer}/statement"),
            Spot(f"/customers/{rooms.customer_with_credit}/statement?from=2020-01-01&to=2020-12-31", ACCOUNTANT),
        ],
        "group_payments.new": [
            Spot(f"/customers/{rooms.customer}/payments/new"),
            Spot(f"/customers/{rooms.customer}/payments/new", act=press_save),
        ],
        "cheques.index": [Spot("/bank/cheques"), Spot("/bank/cheques", ACCOUNTANT)],
        "bank.index": [
            Spot("/bank"),
            Spot("/bank?state=all", ACCOUNTANT),
            Spot("/bank", act=press("Look at the file"), also={422}),
        ],
        "bank.file": [
            Spot(f"/bank/files/{rooms.bank['shown']}?name=releve.csv"),
            Spot(f"/bank/files/{rooms.bank['unknown']}", act=press("Take these lines in")),
        ],
        "bank_lines.show": [
            Spot(f"/bank/lines/{rooms.bank['open']}"),
            Spot(f"/bank/lines/{rooms.bank['ignored']}"),
            Spot(f"/bank/lines/{rooms.bank['booked']}", ACCOUNTANT),
        ],
        "lettering.index": [Spot("/books/lettering", ACCOUNTANT)],
        "lettering.account": [
            Spot(f"/books/lettering/accounts/{rooms.account}?code=C00001", ACCOUNTANT),
            Spot(f"/books/lettering/accounts/{rooms.account}?code=C00002"),
        ],
        "lettering.show": [Spot(f"/books/lettering/{rooms.lettering}", ACCOUNTANT)],
        "cheques.show": [Spot(f"/bank/cheques/{rooms.slip}")],
        "payments.cancel": [Spot(f"/payments/{rooms.payment}/cancel")],
        "receivables.discount": [
            Spot(f"/invoices/{rooms.short}/discount"),
            Spot(f"/invoices/{rooms.open}/discount", ACCOUNTANT),
        ],
        "receivables.difference": [Spot(f"/invoices/{rooms.short}/difference", ACCOUNTANT)],
        "receivables.loss": [Spot(f"/invoices/{rooms.doubtful}/loss", ACCOUNTANT)],
        "receivables.doubt": [Spot(f"/invoices/{rooms.open}/doubt")],
        "receivables.no_doubt": [Spot(f"/invoices/{rooms.doubtful}/doubt/end")],
        "receivables.keep": [Spot(f"/payments/{rooms.surplus}/keep")],
        "receivables.undo": [Spot(f"/write-offs/{rooms.write_off}/undo")],
        "receivables.undo_kept": [Spot(f"/kept/{rooms.kept}/undo")],
        "refunds.by_hand": [
            Spot(f"/payments/{rooms.payment}/refund"),
            Spot(f"/payments/{rooms.payment}/refund", act=press_save),
        ],
        "payplug_refunds.new": [
            Spot(f"/payplug/payments/{rooms.card_payment}/refund"),
            Spot(f"/payplug/payments/{rooms.card_payment}/refund", act=press_save),
        ],
        "sendings.new": [
            Spot(f"/invoices/{rooms.many_ways}/send"),
            Spot(f"/invoices/{rooms.open}/send"),
            Spot(f"/invoices/{rooms.open}/send", act=press("Preview")),
            Spot(f"/invoices/{rooms.open}/send", act=send_by_nothing),
        ],
        "quick_link.new": [Spot("/quick-link"), Spot("/quick-link", act=press_save, also={422})],
        "quick_link.show": [Spot(f"/quick-link/{rooms.open}")],
        "notices.index": [Spot("/settings/notices"), Spot("/settings/notices", act=press_save)],
        "payplug.activity": [Spot("/payplug"), Spot("/payplug", ACCOUNTANT)],
        "payplug.inbox": [Spot("/payplug/notifications"), Spot("/payplug/notifications?state=done", ACCOUNTANT)],
        "payplug.notification": [Spot(f"/payplug/notifications/{rooms.notification}")],
        "wallet.index": [
            Spot("/payplug/wallet"),
            Spot("/payplug/wallet", ACCOUNTANT),
            Spot("/payplug/wallet", act=press_save, also={422}),
        ],
        "wallet.reports": [
            Spot("/payplug/wallet/reports"),
            Spot("/payplug/wallet/reports", ACCOUNTANT, act=press_save, also={422}),
        ],
        "wallet.report": [Spot(f"/payplug/wallet/reports/{id_}") for id_ in rooms.reports.values()],
        "to_handle.index": [Spot("/to-handle"), Spot("/to-handle", ACCOUNTANT)],
        "to_handle.settle": [Spot(rooms.matter), Spot(rooms.matter, act=press_save, also={422})],
        "settings.company": [
            Spot("/settings/company"),
            Spot("/settings/company", act=choose_a_text_as_logo),
            Spot("/settings/company", ACCOUNTANT, status=403),
        ],
        "settings.invoicing": [Spot("/settings/invoicing")],
        "settings.vat_rates": [Spot("/settings/vat-rates"), Spot("/settings/vat-rates", act=press_save)],
        "texts.index": [Spot("/settings/texts")],
        "texts.new": [Spot("/settings/texts/new/mail"), Spot("/settings/texts/new/note", act=press_save), *sms_text],
        "texts.edit": [Spot(f"/settings/texts/{rooms.text}")],
        "mails.index": [Spot("/mails"), Spot("/mails?state=waiting", ACCOUNTANT)],
        "mail_settings.index": [Spot("/settings/mail"), Spot("/settings/mail", act=press_save)],
        "members.index": [Spot("/settings/members")],
        "payplug_settings.index": [Spot("/settings/payplug"), Spot("/settings/payplug", act=press_save, also={422})],
        "payplug_self_tests.show": [Spot(f"/settings/payplug/self-test/{id_}") for id_ in rooms.self_tests.values()],
        "security.login": [
            Spot("/login", NOBODY),
            Spot("/login", NOBODY, act=press_save),
            Spot("/nothing", NOBODY, status=404),
        ],
        "security.forgot_password": [Spot("/reset", NOBODY)],
        "security.change_password": [Spot("/change"), Spot("/change", act=press_save)],
        "payment_page.show": [
            *(Spot(path, NOBODY) for path in public.values()),
            Spot("/p/nobody-was-given-this", NOBODY, status=404),
            Spot(f"/p/{rooms.dead_token}", NOBODY, status=410),
            Spot(public["late"], NOBODY, act=pay_too_little, also={422}),
            Spot(public["many_ways"], NOBODY, act=pay_by_oney, also={422}),
        ],
        "payment_page.back_from_payplug": [Spot(f"{public['paid_by_card']}/return", NOBODY)],
        "payment_page.cancelled": [Spot(f"{public['open']}/cancel", NOBODY)],
    }  # fmt: skip


# No pages: files, pictures, JSON; and what only a mailed token opens (tests/core/test_sign_in.py).
NO_PAGES = {
    "static", "bootstrap.static", "security.static", "ageing.chart", "dashboard.chart", "health.health", "health.ready",
    "books_chart.as_csv", "books_chart.as_xlsx", "bulk.state", "cheques.pdf", "customers.export", "editor.texts",
    "exports.file", "tasks.file", "tasks.state",
    "account_statements.pdf",
    "fec_pages.file", "fec_pages.notice", "invoices.attachment", "invoices.pdf", "invoices.preview_pdf",
    "invoices.state", "invoices.xml", "style.seller",
    "items.search",
    "logos.show", "quote_page.colours", "quote_page.logo", "quote_page.pdf",
    "payments.receipt", "payment_page.colours", "payment_page.logo", "payment_page.pdf", "payment_page.receipt",
    "payment_page.status",
    "payplug_self_tests.state", "wallet.chart", "wallet.file", "security.reset_password", "security.verify",
}  # fmt: skip


def pages_of(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())} - NO_PAGES


@pytest.fixture(scope="session")
def rooms(sqlite_installation: Installation) -> Furnished:
    return furnish(sqlite_installation)


@pytest.fixture(scope="session")
def cookies(sqlite_installation: Installation, chromium: Browser, rooms: Furnished) -> dict[str, Any]:
    """What the browser of each person has kept after she signed in."""
    kept: dict[str, Any] = {NOBODY: {"cookies": [], "origins": []}}
    for who, email in ((OWNER, rooms.house.owner), (ACCOUNTANT, rooms.house.accountant)):
        with opened_window(chromium, sqlite_installation) as window:
            window.sign_in(email)
            kept[who] = window.page.context.storage_state()
    return kept


def test_every_page_there_is_gets_looked_at(sqlite_installation: Installation, rooms: Furnished) -> None:
    assert set(spots(rooms)) == pages_of(sqlite_installation.app)


def shown_in(look: Look, rooms: Furnished) -> list[Spot]:
    """All of them in the long run; else those whose turn it is: each page in this look and in its opposite."""
    everything = [spot for found in spots(rooms).values() for spot in found]
    if _profiles.LONG:
        return everything
    turn = LOOKS.index(look)
    turn = min(turn, len(LOOKS) - 1 - turn)
    return [spot for index, spot in enumerate(everything) if index % (len(LOOKS) // 2) == turn]


@pytest.mark.timeout(600)  # in the long run each look sees every page
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_page_fits_is_accessible_and_quiet(
    sqlite_installation: Installation,
    chromium: Browser,
    rooms: Furnished,
    cookies: dict[str, Any],
    look: Look,
) -> None:
    faults: list[str] = []
    for who, kept in cookies.items():
        context = context_of(
            chromium,
            language=look.language,
            viewport={"width": look.width, "height": 900},
            color_scheme=look.theme,
            storage_state=kept,
        )
        language_cookie = {"name": "language", "value": look.language, "url": sqlite_installation.url}
        context.add_cookies([language_cookie])  # type: ignore[list-item]
        window = new_window(context, sqlite_installation, look.language)
        for spot in shown_in(look, rooms):
            if spot.who == who:
                faults += looked_at(window, spot, look)
        context.close()
    assert faults == [], "\n\n".join(faults)


def looked_at(window: Window, spot: Spot, look: Look) -> list[str]:
    """What is wrong with one page in one look."""
    page, where = window.page, f"{spot.path} {look}{' after acting' if spot.act else ''}"
    window.watch.allowed = {spot.status, *spot.also} - {200}
    window.watch.complaints.clear()
    answer = page.goto(f"{window.url}{spot.path}")
    assert answer is not None
    faults = [] if answer.status == spot.status else [f"{where}: answered {answer.status}"]
    if spot.act:
        try:
            spot.act(page, window.words)
        except NothingToPress as missed:
            return [*faults, f"{where}: {missed}"]
        page.wait_for_load_state("networkidle")
    if page.locator("html").get_attribute("lang") != look.language:
        faults.append(f"{where}: the page is not in {look.language}")
    if is_dark(page) is not (look.theme == "dark"):
        faults.append(f"{where}: the page is not {look.theme}")
    faults += faults_of(page, where)
    # Leaving a page with changes asks first; here that question is expected.
    window.watch.dialogs.clear()
    return faults + [f"{where}: {complaint}" for complaint in window.watch.complaints]


def is_dark(page: Page) -> bool:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    parts = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    return sum(parts) / 3 < 128


def focused_words(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText ?? ''")).strip()


def tab_to(page: Page, words: str, *, most: int = 80) -> None:
    """Press Tab until the element of these words has the focus, and it shows."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused_words(page) == words:
            outline = page.evaluate(
                "(({outlineStyle, boxShadow}) => outlineStyle + boxShadow)(getComputedStyle(document.activeElement))"
            )
            assert outline != "nonenone", f"nobody sees that “{words}” has the focus"
            return
    raise AssertionError(f"“{words}” cannot be reached with the Tab key")


def test_the_owners_way_by_keyboard_alone(
    sqlite_installation: Installation, chromium: Browser, rooms: Furnished
) -> None:
    with opened_window(chromium, sqlite_installation) as owner:
        page, words = owner.page, owner.words
        owner.sign_in(rooms.house.owner)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # the first stop of every page leads past the menu
        assert page.evaluate("document.activeElement.id") == "content"
        owner.go(f"/invoices/new?customer={rooms.customer}")
        page.locator("#lines-0-label").focus()
        page.keyboard.type("Au clavier")
        page.locator("#lines-0-unit_price").focus()
        page.keyboard.type("10")
        page.keyboard.press("Enter")
        owner.reads("The draft is saved.")
        tab_to(page, words("Issue"))
        page.keyboard.press("Enter")
        expect(page.locator("#confirm-issue")).to_be_visible()
        tab_to(page, words("Issue the invoice"))
        page.keyboard.press("Enter")
        page.locator("#invoice-entries table").wait_for()
        tab_to(page, words("Send"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/send")
        tab_to(page, words("Cancel"))


def test_the_customers_way_by_keyboard_alone(
    sqlite_installation: Installation, chromium: Browser, rooms: Furnished
) -> None:
    with opened_window(chromium, sqlite_installation) as customer:
        customer.go(f"/p/{rooms.tokens['open']}")
        pay = customer.page.locator("form[action$='/pay'] button[type=submit]")
        tab_to(customer.page, pay.inner_text().strip())
        customer.page.keyboard.press("Enter")
        customer.page.wait_for_url(f"{sqlite_installation.simulator.url}/**")


def test_writing_and_issuing_without_scripts(
    sqlite_installation: Installation, chromium: Browser, rooms: Furnished
) -> None:
    with opened_window(chromium, sqlite_installation, java_script_enabled=False) as owner:
        page, words = owner.page, owner.words
        owner.sign_in(rooms.house.owner)
        owner.go(f"/invoices/new?customer={rooms.customer}")
        page.locator("#lines-0-label").fill("Sans script")
        page.locator("#lines-0-unit_price").fill("12,50")
        owner.click("Add a line")
        assert page.locator("#lines-0-label").input_value() == "Sans script"
        page.locator("#lines-1-label").fill("Deuxième ligne")
        page.locator("#lines-1-unit_price").fill("7,50")
        owner.page.locator("form[data-totals-url] .form-actions button.btn-primary").click()
        owner.reads("The draft is saved.")
        expect(page.locator("main")).to_contain_text(words.money(2_400))
        owner.click("Issue")
        owner.click("Issue the invoice")
        page.locator("#invoice-entries table").wait_for()


def test_paying_without_scripts(
    sqlite_installation: Installation, chromium: Browser, rooms: Furnished
) -> None:
    invoice = rooms.house.shop.invoice("30")
    with opened_window(chromium, sqlite_installation, java_script_enabled=False) as customer:
        page = customer.page
        customer.go(f"/p/{rooms.house.shop.token(invoice)}")
        page.locator("form[action$='/pay'] button[type=submit]").click()
        page.wait_for_url(f"{sqlite_installation.simulator.url}/**")
        page.get_by_label("Numéro de carte").fill("4242 4242 4242 4242")
        page.get_by_label("Expiration").fill("12/34")
        page.get_by_label("Cryptogramme").fill("123")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{sqlite_installation.url}/p/**")
        customer.reads("This invoice is paid")
    assert rooms.house.shop.balance(invoice).open_cents == 0
