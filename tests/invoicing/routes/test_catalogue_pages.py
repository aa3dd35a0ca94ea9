"""The catalogue in the browser: written, changed, searched, archived, proposed to the editor."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from core.database import transaction
from core.models import Role
from core.tenancy import in_company
from tests.conftest import make_company, signed_in_client
from tests.factories.invoicing import make_individual, make_item
from tests.invoicing.routes.conftest import page, plain

ITEM = {
    "label": "Lampe à poser", "code": "l-12", "unit_price": "49,90", "price": "net", "vat_rate": "2000", "unit": "H87",
    "kind": "goods", "description": "Laiton", "sales_account": "",
}  # fmt: skip


def test_an_item_is_written_changed_and_found(owner):
    assert owner.post("/catalogue/new", data=ITEM).status_code == 303
    shown = page(owner, "/catalogue?q=a+poser")
    assert "Lampe à poser" in shown
    assert "L-12" in shown
    assert "49.90" in shown
    where = "/catalogue/1/edit"
    assert 'value="49.90"' in page(owner, where)
    changed = {**ITEM, "label": "Lampe de bureau", "version": "1"}
    assert owner.post(where, data=changed).status_code == 303
    assert "Lampe de bureau" in page(owner, "/catalogue")
    stale = owner.post(where, data={**ITEM, "label": "Autre", "version": "1"})
    assert stale.status_code == 409
    assert 'value="Autre"' in stale.get_data(as_text=True)


def test_a_form_sent_twice_makes_one_item(owner):
    for _twice in range(2):
        assert owner.post("/catalogue/new", data={**ITEM, "request_key": "a" * 32}).status_code == 303
    assert page(owner, "/catalogue").count("Lampe à poser") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ""),
        ("unit_price", "cher"),
        ("unit_price", ""),
        ("vat_rate", "12"),
        ("sales_account", "411"),
        ("unit", "?"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_kept(owner, field, value):
    text = owner.post("/catalogue/new", data={**ITEM, field: value}).get_data(as_text=True)
    assert f'id="{field}-error"' in text
    assert "Laiton" in text
    assert "No items yet" in page(owner, "/catalogue")


def test_an_item_goes_to_the_archive_and_comes_back(owner):
    owner.post("/catalogue/new", data=ITEM)
    assert owner.post("/catalogue/1/archive").status_code == 303
    assert "Lampe" not in page(owner, "/catalogue?q=lampe").replace('value="lampe"', "")
    assert "Lampe à poser" in page(owner, "/catalogue?state=archived")
    assert owner.post("/catalogue/1/take-back").status_code == 303
    assert "Lampe à poser" in page(owner, "/catalogue")


def test_proposals_are_the_fields_of_a_line(owner, customer_id):
    owner.post("/catalogue/new", data=ITEM)
    found = owner.get(f"/catalogue/search.json?q=poser&prices=gross&customer={customer_id}").get_json()[
        "items"
    ]
    assert len(found) == 1
    assert found[0] == {
        "item_id": 1, "code": "L-12", "label": "Lampe à poser", "description": "Laiton", "unit": "H87",
        "unit_price": "59.88", "vat_rate": 2000, "vat_rate_text": "20\u00a0%", "kind": "goods", "sales_account": "",
        "vat_ground": "",
        "hint": "59.88\u00a0€ · piece",
    }  # fmt: skip
    assert owner.get("/catalogue/search.json?q=").get_json() == {"items": []}


def test_an_individual_reads_prices_with_vat(app, company_id, owner):
    owner.post("/catalogue/new", data=ITEM)
    with app.app_context(), in_company(company_id), transaction():
        person = make_individual().id
    proposed = owner.get(f"/catalogue/search.json?q=l-12&prices=&customer={person}").get_json()["items"]
    assert proposed[0]["unit_price"] == "59.88"
    proposed = owner.get("/catalogue/search.json?q=l-12&customer=999999999999999999999").get_json()["items"]
    assert proposed[0]["unit_price"] == "49.90"


def test_proposals_are_those_of_the_company_alone(app, owner):
    other = make_company(app, siren="404833048")
    with app.app_context(), in_company(other), transaction():
        make_item(label="Lampe du voisin")
    assert owner.get("/catalogue/search.json?q=lampe").get_json() == {"items": []}


def test_who_only_reads_is_shown_no_buttons(app, company_id, owner):
    owner.post("/catalogue/new", data=ITEM)
    reader: FlaskClient = signed_in_client(app, company_id, Role.VIEWER)
    shown = plain(page(reader, "/catalogue"))
    assert "Lampe à poser" in shown
    assert "New item" not in shown
    assert "/catalogue/1/edit" not in shown
    assert reader.get("/catalogue/search.json?q=lampe").status_code == 403
    assert reader.post("/catalogue/1/archive").status_code == 403
