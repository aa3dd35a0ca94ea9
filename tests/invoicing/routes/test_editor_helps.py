"""What the editor and the draft's page offer: texts of the library, options of quotes, deposits, exempt items."""

from __future__ import annotations

import re

import pytest

from core.database import db, transaction
from core.models import Role
from core.tenancy import in_company
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import InvoiceType, LineRole
from invoicing.models import Document, TextKind
from invoicing.set_invoice_type import set_deposit
from invoicing.text_library import TextInput, save_text
from tests.conftest import signed_in_client
from tests.invoicing.routes.conftest import page, plain
from tests.invoicing.routes.test_two_windows import hidden

LINE = {
    "lines-0-label": "Cuisine", "lines-0-quantity": "1", "lines-0-unit": "C62", "lines-0-unit_price": "100",
    "lines-0-vat_rate": "2000", "lines-0-kind": "service",
}  # fmt: skip


@pytest.fixture
def typed(customer_id) -> dict[str, str]:
    return {"customer_id": str(customer_id), "prices": "net", **LINE}


@pytest.fixture
def library(app, company_id) -> None:
    """A note in two languages, another one, and conditions."""
    with app.app_context(), in_company(company_id), transaction():
        for kind, name, text, language in (
            (TextKind.NOTE, "Merci", "Merci de votre confiance.", "fr"),
            (TextKind.NOTE, "Merci", "Thank you.", "en"),
            (TextKind.NOTE, "Méthode", "Payable\npar virement.", "fr"),
            (TextKind.CONDITIONS, "CGV", "Nos conditions.", "fr"),
        ):
            save_text(TextInput(kind, name, text, language))


def note_in(text: str) -> str:
    found = re.search(r'<textarea[^>]*name="note"[^>]*>\s*(.*?)</textarea>', text, re.DOTALL)
    assert found
    return found[1].replace("\r\n", "\n")


@pytest.mark.usefixtures("library")
def test_a_text_is_taken_by_a_few_letters_without_scripts(owner, typed):
    assert 'list="texts-note"' in page(owner, "/invoices/new")
    use = {**typed, "note": "Bonjour.", "note_text": "metho", "action": "use-note"}
    text = plain(owner.post("/invoices/new", data=use).get_data(as_text=True))
    assert note_in(text) == "Bonjour.\n\nPayable\npar virement."
    for letters in ("m", "nothing"):
        refused = owner.post("/invoices/new", data={**use, "note_text": letters}).get_data(as_text=True)
        assert 'id="note_text-error"' in refused
        assert note_in(refused) == "Bonjour."
        assert f'value="{letters}"' in refused
    # Letters left in the field are not lost when the draft is saved.
    saved = owner.post("/invoices/new", data={**typed, "note_text": "merci", "conditions_text": "cgv"})
    shown = page(owner, saved.headers["Location"])
    assert "Merci de votre confiance." in shown
    assert "Nos conditions." in shown
    assert owner.post("/invoices/new", data={**typed, "note_text": "nothing"}).status_code == 200


@pytest.mark.usefixtures("library")
def test_texts_are_proposed_to_the_script_in_the_customers_language_first(
    app, company_id, owner, customer_id
):
    def found(query: str) -> list[tuple[str, str]]:
        items = owner.get(f"/invoices/texts.json?{query}").get_json()["items"]
        return [(item["identifier"], item["text"]) for item in items]

    assert [text for _, text in found(f"kind=note&q=merci&customer={customer_id}")] == [
        "Merci de votre confiance.", "Thank you.",
    ]  # fmt: skip
    assert len(found("kind=note&q=")) == 3
    assert found("kind=conditions&q=zzz") == []
    assert owner.get("/invoices/texts.json?kind=poem").status_code == 404
    assert (
        signed_in_client(app, company_id, Role.VIEWER).get("/invoices/texts.json?kind=note").status_code
        == 403
    )


def test_a_quote_gets_options_and_an_end_in_the_editor(app, company_id, owner, typed):
    new = page(owner, "/invoices/new?kind=quote")
    assert 'data-line-template="option"' in new
    assert 'name="valid_until"' in new
    assert 'data-line-template="option"' not in page(owner, "/invoices/new")
    option = {name.replace("lines-0", "lines-1"): value for name, value in LINE.items()}
    option |= {"lines-1-role": "option", "lines-1-label": "Tiroir", "lines-1-unit_price": "30"}
    sent = {**typed, **option, "valid_until": "2099-12-31"}
    totals = plain(owner.post("/invoices/totals", data=sent).get_data(as_text=True))
    assert '<template data-totals-for="lines-1-total">€30.00</template>' in totals
    assert "€120.00" in totals
    added = owner.post("/invoices/new?kind=quote", data={**typed, "action": "add-option"}).get_data(
        as_text=True
    )
    assert re.search(r'name="lines-1-role"[^>]*value="option"', added)
    where = owner.post("/invoices/new?kind=quote", data=sent).headers["Location"]
    quote_id = int(where.rpartition("/")[2])
    with app.app_context(), in_company(company_id):
        quote = db.session.get_one(Document, quote_id)
        assert [line.role for line in quote.lines] == [LineRole.ITEM, LineRole.OPTION]
        assert str(quote.valid_until) == "2099-12-31"
    edit = page(owner, f"/invoices/{quote_id}/edit")
    assert 'value="2099-12-31"' in edit
    refused = owner.post("/invoices/new", data=sent).get_data(as_text=True)
    assert "Only a quote has options." in refused


def test_a_quote_that_was_changed_meanwhile_is_not_issued(owner, typed):
    where = owner.post("/invoices/new?kind=quote", data=typed).headers["Location"]
    quote_id = where.rpartition("/")[2]
    seen = hidden(page(owner, f"/quotes/{quote_id}"), "seen")
    version = hidden(page(owner, f"/invoices/{quote_id}/edit"), "version")
    owner.post(f"/invoices/{quote_id}/edit", data={**typed, "lines-0-unit_price": "999", "version": version})
    answer = owner.post(f"/quotes/{quote_id}/issue", data={"seen": seen})
    assert answer.status_code == 409
    text = plain(answer.get_data(as_text=True))
    assert "nothing was issued" in text
    assert "€1,198.80" in text
    assert owner.post(f"/quotes/{quote_id}/issue", data={"seen": hidden(text, "seen")}).status_code == 303


def test_a_draft_that_was_changed_meanwhile_is_not_deleted(owner, typed):
    where = owner.post("/invoices/new", data=typed).headers["Location"]
    seen = hidden(page(owner, where), "version")
    owner.post(f"{where}/edit", data={**typed, "note": "Ajouté", "version": seen})
    answer = owner.post(f"{where}/delete", data={"version": seen})
    assert answer.status_code == 409
    assert "not deleted" in answer.get_data(as_text=True)
    assert (
        owner.post(f"{where}/delete", data={"version": hidden(page(owner, where), "version")}).status_code
        == 303
    )
    quote = owner.post("/invoices/new?kind=quote", data=typed).headers["Location"]
    gone = owner.post(f"/invoices/{quote.rpartition('/')[2]}/delete")
    assert gone.headers["Location"].endswith("/quotes")


def test_a_draft_becomes_a_deposit_invoice_and_another_one_deducts_it(app, company_id, owner, draft):
    first, second = draft(), draft("1", "500")
    where = f"/invoices/{first}"
    version = hidden(page(owner, where), "version")
    for _ in range(2):  # a double click
        assert owner.post(f"{where}/deposit", data={"is_deposit": "1", "version": version}).status_code == 303
    assert "Make it a plain invoice" in page(owner, where)
    stale = owner.post(f"{where}/deposit", data={"is_deposit": "0", "version": version})
    assert stale.status_code == 409
    with app.app_context(), in_company(company_id), transaction():
        set_deposit(first, is_deposit=False)
        set_deposit(first, is_deposit=True)
        number = issue_invoice(first).number
    shown = page(owner, f"/invoices/{second}")
    assert f"that no invoice has deducted yet: {number}." in shown
    version = hidden(shown, "version")
    for _ in range(2):
        assert owner.post(f"/invoices/{second}/deduct", data={"version": version}).status_code == 303
    deducted = page(owner, f"/invoices/{second}")
    assert "that no invoice has deducted yet" not in deducted
    assert "€480.00" in deducted  # 600 - 120
    with app.app_context(), in_company(company_id):
        assert db.session.get_one(Document, second).invoice_type is InvoiceType.FINAL
    assert owner.post(f"/invoices/{first}/deduct").status_code == 409


def test_an_item_that_is_exempt_by_itself_brings_its_ground_along(owner, customer_id, typed):
    item = {
        "label": "Timbres avancés", "code": "T-1", "kind": "service", "unit_price": "12", "price": "gross",
        "vat_rate": "2000", "unit": "C62", "vat_ground": "VATEX-EU-79-C",
    }  # fmt: skip
    assert owner.post("/catalogue/new", data=item).status_code == 303
    assert owner.post("/catalogue/new", data={**item, "code": "", "vat_ground": "none"}).status_code == 200
    found = owner.get("/catalogue/search.json?q=t-1&prices=net").get_json()["items"][0]
    assert (found["vat_ground"], found["vat_rate"], found["unit_price"]) == ("VATEX-EU-79-C", 0, "12.00")
    line = {
        "lines-1-label": "t-1",
        "lines-1-quantity": "1",
        "lines-1-unit": "C62",
        "lines-1-vat_rate": "2000",
    }
    filled = owner.post("/invoices/new", data={**typed, **line, "lines-1-unit_price": "", "action": "totals"})
    assert '<option selected value="VATEX-EU-79-C">' in filled.get_data(as_text=True)


def test_proposed_items_follow_the_case_of_vat_chosen_in_the_editor(owner):
    owner.post(
        "/catalogue/new",
        data={
            "label": "Lampe", "code": "L", "kind": "goods", "unit_price": "120", "price": "gross",
            "vat_rate": "2000", "unit": "C62",
        },
    )  # fmt: skip
    for case, rate, price in (("", 2000, "120.00"), ("export", 0, "100.00"), ("nonsense", 2000, "120.00")):
        found = owner.get(f"/catalogue/search.json?q=lampe&prices=gross&vat_case={case}").get_json()["items"][
            0
        ]
        assert (found["vat_rate"], found["unit_price"]) == (rate, price), case
