"""The editor of drafts: saved, changed, its lines worked on without scripts, its totals live."""

from __future__ import annotations

import re

import pytest

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
