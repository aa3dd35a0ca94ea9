"""What people and attackers do to pages: hostile text, impatient clicks, two windows at once, the back button."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import func, select

from core.database import db, transaction
from invoicing.issue_invoice import issue_invoice
from invoicing.models import Document, Sending
from invoicing.payments import Payment
from tests.browser.chromium import PATIENCE_MS
from tests.browser.installation import House, Installation
from tests.browser.window import Window, new_window, opened_window
from tests.factories.invoicing import issue, make_customer, make_draft, make_line

HOSTILE = "<script>alert('x')</script><img src=x onerror=\"alert('y')\">{{ 7*7 }}"
SAVE = "form .form-actions button.btn-primary"


@pytest.fixture(scope="module")
def house(sqlite_installation: Installation) -> House:
    return sqlite_installation.new_house(f"Maison {HOSTILE}")


@pytest.fixture
def owner(sqlite_installation: Installation, house: House, chromium: Browser) -> Iterator[Window]:
    with opened_window(chromium, sqlite_installation) as window:
        window.sign_in(house.owner)
        yield window


def draft_of(house: House, label: str = "Prestation") -> int:
    with house.shop.inside(), transaction():
        customer = make_customer(name=f"Client {HOSTILE}")
        return make_draft(make_line("1", "100", label=label, description=label), customer=customer).id


def invoice_of(house: House) -> int:
    with house.shop.inside(), transaction():
        return issue(make_line("1", "100")).id


def counted(house: House, model: type, **where: int) -> int:
    with house.shop.inside():
        statement = select(func.count()).select_from(model).filter_by(**where)
        return db.session.scalar(statement) or 0


def numbers(house: House) -> list[str]:
    with house.shop.inside():
        return list(db.session.scalars(select(Document.number).where(Document.number.is_not(None))))


def assert_shown_as_text(window: Window) -> None:
    """The tags can be read, so they did not run; `Watch` would have met a dialog or the request for the picture."""
    body = window.page.locator("body")
    expect(body).to_contain_text("<script>alert('x')</script>")
    expect(body).to_contain_text("{{ 7*7 }}")
    assert window.page.locator("main script, main img[src='x']").count() == 0


def test_hostile_text_is_read_and_never_run(owner: Window, house: House, chromium: Browser) -> None:
    draft = draft_of(house, HOSTILE)
    for path in ("", "/invoices", f"/invoices/{draft}", f"/invoices/{draft}/preview"):
        owner.go(path)
        owner.page.wait_for_load_state("networkidle")
    assert_shown_as_text(owner)
    owner.go(f"/invoices/{draft}")
    assert_shown_as_text(owner)
    with house.shop.inside(), transaction():
        issue_invoice(draft)
    owner.go(f"/invoices/{draft}/send")
    owner.page.locator(SAVE).click()
    owner.page.wait_for_url(f"**/invoices/{draft}")
    owner.go(f"/p/{house.shop.token(draft)}")
    expect(owner.page.locator("body")).to_contain_text("Maison <script>alert('x')</script>")


def test_what_was_typed_stays_with_a_word_beside_each_field(owner: Window, house: House) -> None:
    page = owner.page
    owner.go("/customers/new")
    page.locator("#name").fill(HOSTILE)
    page.locator("#siren").fill("123 456 789")
    page.locator("#address1").fill("x" * 10_000)
    page.locator("#postcode").fill("6900")
    page.locator("#city").fill("Lyon")
    page.locator("#contacts-0-email").fill("pas une adresse")
    page.locator(SAVE).click()
    page.locator(".error-summary").wait_for()
    assert page.locator("#name").input_value() == HOSTILE
    assert page.locator("#siren").input_value() == "123 456 789"
    assert len(page.locator("#address1").input_value()) == 10_000
    for field in ("siren", "address1", "contacts-0-email"):
        expect(page.locator(f"#{field}-error")).to_be_visible()
        assert page.locator(f"#{field}").get_attribute("aria-invalid") == "true"
    assert page.locator("main script").count() == 0
    # The summary leads to the field, by keyboard too.
    expect(page.locator(".error-summary")).to_be_focused()
    page.locator(".error-summary a").first.click()
    expect(page.locator("main [aria-invalid=true]:focus")).to_have_count(1)
    page.keyboard.type(" x")
    owner.click("Invoices")
    page.wait_for_url("**/invoices")
    assert [dialog.partition(":")[0] for dialog in owner.watch.dialogs] == ["beforeunload"]
    owner.watch.dialogs.clear()


def test_impossible_numbers_in_a_draft_are_told_beside_them(owner: Window, house: House) -> None:
    draft = draft_of(house)
    page = owner.page
    owner.go(f"/invoices/{draft}/edit")
    page.locator("#lines-0-label").fill("x" * 10_000)
    page.locator("#lines-0-quantity").fill("deux")
    page.locator("#lines-0-unit_price").fill("-5")
    page.locator("#lines-0-discount").fill("200")
    page.locator(SAVE).click()
    page.locator(".error-summary").wait_for()
    assert page.locator("#lines-0-quantity").input_value() == "deux"
    expect(page.locator("#lines-0-quantity-error")).to_be_visible()
    page.locator("#lines-0-quantity").fill("-2")
    with page.expect_navigation():
        page.locator(SAVE).click()
    for field in ("label", "unit_price", "discount"):
        expect(page.locator(f"#lines-0-{field}-error")).to_be_visible()
    expect(page.locator("#lines-0-quantity-error")).to_have_count(0)
    page.locator("#lines-0-label").fill("Reprise")
    page.locator("#lines-0-unit_price").fill("5")
    page.locator("#lines-0-discount").fill("")
    page.locator(SAVE).click()
    page.wait_for_url(f"**/invoices/{draft}")


def test_an_error_summary_takes_the_focus_from_nobody(owner: Window, house: House) -> None:
    page = owner.page
    owner.go(f"/invoices/{draft_of(house)}/edit")
    page.locator("#lines-0-quantity").fill("deux")
    with page.expect_navigation():
        page.locator(SAVE).click()
    expect(page.locator(".error-summary")).to_be_focused()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/solde.mjs*", hold)
    page.locator(SAVE).click()
    expect(page.locator("html:not(.scripted) .error-summary")).to_be_visible()
    page.locator("#lines-0-quantity").fill("3")
    held.pop().continue_()
    page.locator("html.scripted").wait_for()
    expect(page.locator("#lines-0-quantity")).to_be_focused()


def click_twice(page: Page, selector: str) -> None:
    """Two clicks before the first can be answered, past the page's own guard: both reach the server."""
    page.evaluate(
        """async selector => {
            const button = document.querySelector(selector), form = button.form;
            const body = () => new URLSearchParams(new FormData(form, button));
            const send = () => fetch(form.getAttribute("action") || location.href, {method: "POST", body: body()});
            const answers = await Promise.all([send(), send()]);
            location.href = answers[1].url;
        }""",
        selector,
    )
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("past_the_guard", [False, True])
def test_issue_clicked_twice_gives_one_number(owner: Window, house: House, past_the_guard: bool) -> None:
    draft, before = draft_of(house), len(numbers(house))
    owner.go(f"/invoices/{draft}")
    owner.click("Issue")
    if past_the_guard:
        click_twice(owner.page, "#confirm-issue button.btn-primary")
    else:
        owner.page.locator("#confirm-issue button.btn-primary").dblclick()
    owner.page.locator("#invoice-entries table").first.wait_for()
    assert len(numbers(house)) == before + 1
    assert len(set(numbers(house))) == before + 1


@pytest.mark.parametrize("past_the_guard", [False, True])
def test_send_clicked_twice_sends_one_mail(owner: Window, house: House, past_the_guard: bool) -> None:
    invoice = invoice_of(house)
    owner.go(f"/invoices/{invoice}/send")
    click_twice(owner.page, SAVE) if past_the_guard else owner.page.locator(SAVE).dblclick()
    owner.page.wait_for_url(f"**/invoices/{invoice}")
    assert counted(house, Sending, document_id=invoice) == 1


@pytest.mark.parametrize("past_the_guard", [False, True])
def test_record_a_payment_clicked_twice_records_one(
    owner: Window, house: House, past_the_guard: bool
) -> None:
    invoice, before = invoice_of(house), counted(house, Payment)
    owner.go(f"/invoices/{invoice}/payments/new")
    click_twice(owner.page, SAVE) if past_the_guard else owner.page.locator(SAVE).dblclick()
    owner.page.wait_for_url(f"**/invoices/{invoice}")
    assert counted(house, Payment) == before + 1
    assert house.shop.balance(invoice).open_cents == 0


def test_a_draft_edited_in_one_window_and_issued_in_another(
    owner: Window, house: House, sqlite_installation: Installation
) -> None:
    draft = draft_of(house)
    second = new_window(owner.page.context, sqlite_installation)
    owner.go(f"/invoices/{draft}/edit")
    second.go(f"/invoices/{draft}")
    second.click("Issue")
    second.page.locator("#confirm-issue button.btn-primary").click()
    second.page.locator("#invoice-entries table").first.wait_for()

    owner.watch.allowed = {409}
    owner.page.locator("#lines-0-label").fill("Trop tard")
    owner.page.locator(SAVE).click()
    expect(owner.page.get_by_role("heading", level=1)).to_be_visible()
    assert len(owner.text("main")) > 40
    with house.shop.inside():
        document = db.session.get_one(Document, draft)
        assert [line.label for line in document.lines] == ["Prestation"]
    assert second.watch.complaints == []


def test_the_back_button_after_issue_cannot_change_what_was_issued(owner: Window, house: House) -> None:
    draft = draft_of(house)
    owner.go(f"/invoices/{draft}/edit")
    owner.page.locator(SAVE).click()
    owner.page.wait_for_url(f"**/invoices/{draft}")
    owner.click("Issue")
    owner.page.locator("#confirm-issue button.btn-primary").click()
    owner.page.locator("#invoice-entries table").first.wait_for()
    issued = numbers(house)

    owner.watch.allowed = {409}
    while not owner.page.url.endswith("/edit"):
        assert owner.page.go_back(timeout=PATIENCE_MS) is not None
    if owner.page.locator("#lines-0-label").count():
        # Taken back from the browser's memory: the form is there, the server refuses it.
        owner.page.locator("#lines-0-label").fill("Autre chose")
        owner.page.locator(SAVE).click()
        owner.page.wait_for_load_state("networkidle")
    assert owner.page.locator(SAVE).count() == 0
    with house.shop.inside():
        assert [line.label for line in db.session.get_one(Document, draft).lines] == ["Prestation"]
    assert numbers(house) == issued
