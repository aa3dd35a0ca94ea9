"""The editor of drafts: saved, changed, its lines worked on without scripts, its totals live."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.database import transaction
from core.tenancy import in_company
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.draft_deposit import DepositInput, draft_deposit
from invoicing.draft_final import draft_final
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.forms.documents import DocumentForm
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import AnswerKind, DocumentKind, LineRole
from invoicing.update_draft import update_draft
from tests.factories.invoicing import make_item, make_line
from tests.invoicing.routes.conftest import page, plain


@pytest.fixture
def typed(customer_id) -> dict[str, str]:
    """A draft as a browser sends it: two lines, one with decimals as the French write them."""
    return {
        "customer_id": str(customer_id), "prices": "net",
        "lines-0-label": "Conseil", "lines-0-quantity": "1,5", "lines-0-unit": "HUR", "lines-0-unit_price": "100",
        "lines-0-vat_rate": "2000", "lines-0-kind": "service", "lines-0-discount": "",
        "lines-1-label": "Affiche", "lines-1-quantity": "2", "lines-1-unit": "H87", "lines-1-unit_price": "10.50",
        "lines-1-vat_rate": "550", "lines-1-kind": "goods", "lines-1-discount": "10",
    }  # fmt: skip


def test_a_draft_is_saved_and_shown_with_its_totals(owner, typed):
    answer = owner.post("/invoices/new", data=typed)
    assert answer.status_code == 303
    shown = page(owner, answer.headers["Location"])
    # 150.00 + 18.90 net; 30.00 + 1.04 VAT
    assert "€168.90" in shown
    assert "€199.94" in shown


def test_a_double_click_makes_one_draft(owner, typed):
    assert 'name="request_key"' in page(owner, "/invoices/new")
    first, again = (owner.post("/invoices/new", data={**typed, "request_key": "a" * 32}) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    changed = owner.post("/invoices/new", data={**typed, "request_key": "a" * 32, "note": "Merci"})
    assert changed.headers["Location"] != first.headers["Location"]
    assert 'name="request_key"' not in page(owner, f"{first.headers['Location']}/edit")


def test_totals_while_typing_are_those_that_are_saved(owner, typed):
    text = plain(owner.post("/invoices/totals", data=typed).get_data(as_text=True))
    assert "€199.94" in text
    assert '<template data-totals-for="lines-1-total">€18.90</template>' in text


def test_totals_of_prices_with_vat(owner, typed):
    text = plain(owner.post("/invoices/totals", data={**typed, "prices": "gross"}).get_data(as_text=True))
    assert "€168.90" in text


def test_half_a_number_counts_as_nothing_while_typing(owner, typed):
    answer = owner.post("/invoices/totals", data={**typed, "lines-0-unit_price": "1,"})
    assert answer.status_code == 200
    assert "€19.94" in plain(answer.get_data(as_text=True))


def test_a_draft_is_changed(owner, typed):
    where = owner.post("/invoices/new", data=typed).headers["Location"]
    before = page(owner, f"{where}/edit")
    assert 'value="1.5"' in before
    assert 'value="10.50"' in before
    answer = owner.post(f"{where}/edit", data={**typed, "lines-0-quantity": "2", "note": "Merci"})
    assert answer.status_code == 303
    assert "Merci" in page(owner, where)
    assert "€218.90" in page(owner, where)


def test_lines_are_added_moved_and_removed_by_the_server(owner, typed):
    added = owner.post("/invoices/new", data={**typed, "action": "add-line"}).get_data(as_text=True)
    assert 'name="lines-2-label"' in added
    moved = owner.post("/invoices/new", data={**typed, "action": "line-down-0"}).get_data(as_text=True)
    assert moved.index('value="Affiche"') < moved.index('value="Conseil"')
    assert first_label(moved) == "Affiche"
    removed = owner.post("/invoices/new", data={**typed, "action": "remove-line-0"}).get_data(as_text=True)
    assert 'value="Conseil"' not in removed
    assert first_label(removed) == "Affiche"
    assert "No invoices yet" in page(owner, "/invoices")


def first_label(text: str) -> str:
    field = re.search(r'<input[^>]*name="lines-0-label"[^>]*>', text)
    assert field
    value = re.search(r'value="([^"]*)"', field[0])
    assert value
    return value[1]


def test_removing_the_last_line_leaves_an_empty_one(owner, typed):
    one = {name: value for name, value in typed.items() if not name.startswith("lines-1")}
    text = owner.post("/invoices/new", data={**one, "action": "remove-line-0"}).get_data(as_text=True)
    assert 'name="lines-0-label"' in text
    assert 'value="Conseil"' not in text


def test_a_negative_price_is_refused_beside_its_field_a_negative_quantity_is_not(owner, typed):
    text = owner.post("/invoices/new", data={**typed, "lines-1-unit_price": "-5"}).get_data(as_text=True)
    assert 'id="lines-1-unit_price-error"' in text
    assert 'href="#lines-1-unit_price"' in text
    assert 'value="-5"' in text
    assert owner.post("/invoices/new", data={**typed, "lines-1-quantity": "-2"}).status_code == 303


def test_five_hundred_lines_can_be_sent(owner, typed):
    many = {k: v for k, v in typed.items() if not k.startswith("lines-")}
    for index in range(500):
        many |= {f"lines-{index}-{k}": v for k, v in (
            ("label", "Ligne"), ("quantity", "1"), ("unit", "C62"), ("unit_price", "1"), ("vat_rate", "2000"),
            ("kind", "service"), ("description", "x" * 500),
        )}  # fmt: skip
    answer = owner.post("/invoices/new", data=many)
    assert answer.status_code == 303
    assert "€600.00" in page(owner, answer.headers["Location"])


def test_a_draft_is_deleted_an_issued_invoice_is_not(owner, draft, invoice):
    draft_id = draft()
    assert owner.post(f"/invoices/{draft_id}/delete").status_code == 303
    assert owner.get(f"/invoices/{draft_id}").status_code == 404
    issued = invoice()
    assert owner.post(f"/invoices/{issued}/delete").status_code == 409
    assert owner.get(f"/invoices/{issued}/edit").status_code == 409
    assert owner.get(f"/invoices/{issued}").status_code == 200


MORE = {
    "discount_rate": "10", "discount_cents": "", "discount_label": "Fidélité", "period_start": "2026-01-01",
    "period_end": "2026-01-31", "buyer_reference": "SERVICE-9", "contract_reference": "M-2026",
    "conditions": "Port compris",
    "delivers_to": "other", "delivery_name": "Dépôt Sud", "delivery_address1": "1 quai des Essais",
    "delivery_address2": "", "delivery_postcode": "69002", "delivery_city": "Lyon", "delivery_country": "FR",
}  # fmt: skip


def test_everything_rarely_used_is_saved_and_shown_again(owner, typed):
    where = owner.post("/invoices/new", data={**typed, **MORE}).headers["Location"]
    shown = page(owner, where)
    # 168.90 less 10 %: 135.00 + 17.01
    for text in (
        "€168.90",
        "-€16.89",
        "€152.01",
        "Fidélité",
        "SERVICE-9",
        "M-2026",
        "Port compris",
        "Dépôt Sud",
    ):
        assert text in shown, text
    editor = page(owner, f"{where}/edit")
    for name, value in MORE.items():
        if value and name not in ("conditions", "delivers_to", "delivery_country"):
            field = re.search(rf'<input[^>]*name="{name}"[^>]*>', editor)
            assert field, name
            assert f'value="{value}"' in field[0]
    assert editor.count('<details class="disclosure" open>') == 5
    assert '<option selected value="other">' in editor
    assert owner.post(f"{where}/edit", data={**typed, **MORE, "delivers_to": "customer"}).status_code == 303
    assert "Dépôt Sud" not in page(owner, where)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("discount_rate", {"discount_rate": "101"}),
        ("discount_cents", {"discount_cents": "10"}),
        ("discount_cents", {"discount_rate": "", "discount_cents": "dix"}),
        ("period_end", {"period_end": "2025-12-31"}),
        ("delivery_city", {"delivery_city": ""}),
        ("delivery_address1", {"delivery_address1": ""}),
        ("lines-0-sales_account", {"lines-0-sales_account": "411000"}),
        ("lines-0-label", {"lines-0-item_id": "77"}),
        ("lines-0-label", {"lines-0-item_id": "\u0663"}),
    ],
)
def test_what_is_wrong_with_them_is_told_beside_the_field_in_an_open_fold(owner, typed, field, changes):
    answer = owner.post("/invoices/new", data={**typed, **MORE, **changes})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert f'id="{field}-error"' in text
    before = text[: text.index(f'id="{field}-error"')]
    assert (
        before.rfind("<details") <= before.rfind("</details>")
        or "open" in before[before.rfind("<details") :][:40]
    )
    assert "No invoices yet" in page(owner, "/invoices")


def headed(typed: dict[str, str]) -> dict[str, str]:
    """A heading above the two lines and a sub-total below them."""
    moved = {
        name.replace("lines-1-", "lines-2-").replace("lines-0-", "lines-1-"): value
        for name, value in typed.items()
    }
    return {
        **moved, "lines-0-role": "section", "lines-0-label": "Première partie", "lines-0-quantity": "999",
        "lines-3-role": "subtotal", "lines-3-label": "",
    }  # fmt: skip


def test_headings_and_subtotals_are_kept_and_add_nothing(owner, typed):
    live = plain(owner.post("/invoices/totals", data=headed(typed)).get_data(as_text=True))
    assert '<template data-totals-for="lines-0-total"></template>' in live
    assert '<template data-totals-for="lines-3-total">€168.90</template>' in live
    where = owner.post("/invoices/new", data=headed(typed)).headers["Location"]
    shown = page(owner, where)
    assert "Première partie" in shown
    assert "Sub-total" in shown
    assert "€199.94" in shown
    again = page(owner, f"{where}/edit")
    assert 'value="section"' in again
    assert 'name="lines-0-quantity"' not in again
    assert 'name="lines-1-quantity"' in again
    assert owner.get(f"{where}/preview").status_code == 200
    nameless = owner.post("/invoices/new", data={**headed(typed), "lines-0-label": ""})
    assert 'id="lines-0-label-error"' in nameless.get_data(as_text=True)


def test_a_heading_is_added_and_moved_by_the_server(owner, typed):
    text = owner.post("/invoices/new", data={**typed, "action": "add-section"}).get_data(as_text=True)
    assert re.search(r'<input[^>]*name="lines-2-role"[^>]*value="section"', text)
    moved = owner.post("/invoices/new", data={**headed(typed), "action": "line-down-0"}).get_data(
        as_text=True
    )
    assert re.search(r'<input[^>]*name="lines-1-role"[^>]*value="section"', moved)
    assert first_label(moved) == "Conseil"


def test_a_code_typed_alone_fills_its_line_when_the_totals_are_updated(app, company_id, owner, typed):
    with app.app_context(), in_company(company_id), transaction():
        item_id = make_item(
            "49.90", "10", code="L-12", description="Laiton", unit="H87", sales_account="707100"
        ).id
    data = {**typed, "lines-1-label": " l-12", "lines-1-unit_price": "", "action": "totals"}
    text = plain(owner.post("/invoices/new", data=data).get_data(as_text=True))
    assert 'value="Lampe"' in text
    assert 'value="49.90"' in text
    assert 'value="707100"' in text
    assert "Laiton" in text
    assert re.search(rf'<input[^>]*name="lines-1-item_id"[^>]*value="{item_id}"', text)
    assert re.search(r'<select[^>]*name="lines-1-vat_rate".*?selected value="1000"', text, re.DOTALL)
    assert "No invoices yet" in page(owner, "/invoices")
    kept = owner.post("/invoices/new", data={**data, "lines-1-unit_price": "12", "action": "totals"})
    assert 'value=" l-12"' in kept.get_data(as_text=True)


def test_a_line_keeps_the_item_it_came_from(app, company_id, owner, typed):
    with app.app_context(), in_company(company_id), transaction():
        item_id = make_item(sales_account="707100").id
    data = {**typed, "lines-0-item_id": str(item_id), "lines-0-sales_account": "707100"}
    where = owner.post("/invoices/new", data=data).headers["Location"]
    text = page(owner, f"{where}/edit")
    assert re.search(rf'<input[^>]*name="lines-0-item_id"[^>]*value="{item_id}"', text)


def test_a_double_click_makes_one_copy(owner, draft):
    where = f"/invoices/{draft()}"
    key = re.search(r'name="request_key" value="([^"]+)"', page(owner, where))
    assert key
    first, again = (owner.post(f"{where}/duplicate", data={"request_key": key[1]}) for _ in range(2))
    assert first.status_code == 303
    assert first.headers["Location"] == again.headers["Location"] != f"{where}/edit"
    other = owner.post(f"{where}/duplicate", data={"request_key": "f" * 32})
    assert other.headers["Location"] != first.headers["Location"]
    assert "still a draft" in page(owner, first.headers["Location"])


def test_a_final_invoice_that_is_edited_still_deducts_its_deposit(app, company_id, customer_id):
    with app.test_request_context("/"), in_company(company_id):
        with transaction():
            offer = DraftInput(customer_id=customer_id, lines=(make_line("1", "1000"),))
            quote = draft_invoice(offer, kind=DocumentKind.QUOTE)
            issue_quote(quote.id)
            answer_quote(
                quote.id, AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", consent="Bon pour accord")
            )
            deposit = issue_invoice(draft_deposit(quote.id, DepositInput(rate=1000)).id)
            draft = draft_final(quote.id)
        typed = DocumentForm.of(draft).as_input()
        assert [(line.role, line.deposit_id) for line in typed.lines] == [
            (LineRole.ITEM, None), (LineRole.DEPOSIT, deposit.id),
        ]  # fmt: skip
        with transaction():
            update_draft(draft.id, replace(typed, note="Merci"))
            assert issue_invoice(draft.id).total_cents == 108_000


def test_a_deposit_that_nobody_invoiced_is_not_deducted(owner, typed):
    unknown = {**typed, "lines-1-role": "deposit", "lines-1-deposit_id": "999999"}
    text = plain(owner.post("/invoices/new", data=unknown).get_data(as_text=True))
    assert "This deposit does not exist" in text
