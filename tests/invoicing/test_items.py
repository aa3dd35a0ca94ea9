"""The catalogue: items saved, found by a few letters, archived; and their price on a document."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from accounting.models import Account
from core.database import db, transaction
from core.errors import OutdatedError
from core.money import parse_scaled
from invoicing.archive_item import archive_item
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.item_input import ItemInput
from invoicing.item_prices import price_on_document, rate_on_document
from invoicing.items import count_items, find_by_code, find_item, save_item, search_items
from invoicing.models import Item
from invoicing.search_text import folded
from invoicing.vat_categories import VatCase
from tests.factories.invoicing import make_item


def labels(text: str, **how: Any) -> list[str]:
    return [item.label for item in search_items(text, **how)]


def test_an_item_is_saved_with_its_code_in_capitals_and_its_own_account(each_company):
    with transaction():
        item_id = make_item(code=" lampe  12 ", sales_account="707 lum").id
    item = db.session.get_one(Item, item_id)
    assert (item.code, item.sales_account, item.version) == ("LAMPE 12", "707LUM", 1)
    assert (
        db.session.scalars(select(Account.label).where(Account.number == "707LUM")).one() == "Ventes 707LUM"
    )


def test_an_account_the_books_have_keeps_its_name(company):
    with transaction():
        db.session.add(Account(number="707LUM", label="Luminaires"))
    with transaction():
        make_item(sales_account="707LUM")
    assert db.session.scalars(select(Account.label).where(Account.number == "707LUM")).one() == "Luminaires"


def test_a_form_sent_twice_makes_one_item(each_company):
    with transaction():
        first = make_item(request_key="k" * 32).id
    with transaction():
        assert make_item(request_key="k" * 32).id == first
    assert count_items() == 1


def test_the_second_window_does_not_silently_win(each_company):
    with transaction():
        item_id = make_item().id
    given = ItemInput(label="Lampe rouge", unit_price=5_000_000, vat_rate=2000)
    with transaction():
        assert save_item(given, item_id=item_id, version=1).version == 2
    with transaction():
        assert save_item(given, item_id=item_id, version=1).version == 2, (
            "what is there already is no second save"
        )
    other = ItemInput(label="Lampe bleue", unit_price=5_000_000, vat_rate=2000)
    with pytest.raises(OutdatedError), transaction():
        save_item(other, item_id=item_id, version=1)
    assert find_item(item_id).label == "Lampe rouge"


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("label", {"label": "  "}),
    ("label", {"label": "x" * 256}),
    ("code", {"code": "x" * 41}),
    ("description", {"description": "x" * 2001}),
    ("unit", {"unit": "XYZ"}),
    ("vat_rate", {"rate": "19.6"}),
    ("unit_price", {"price": "-1"}),
    ("unit_price", {"price": "1000000000"}),
    ("sales_account", {"sales_account": "411000"}),
    ("sales_account", {"sales_account": "70"}),
    ("sales_account", {"sales_account": "707" + "0" * 15}),
]


@pytest.mark.parametrize(("field", "changes"), WRONG)
def test_what_is_wrong_is_named(company, field, changes):
    with pytest.raises(InvalidInputError) as caught, transaction():
        make_item(**changes)
    assert list(caught.value.errors) == [field]
    assert count_items() == 0


def test_a_code_is_given_once_also_when_its_item_is_archived(each_company):
    with transaction():
        first = make_item(code="A1").id
        other = make_item(code="B1", label="Autre").id
    for item_id in (None, other):
        with pytest.raises(InvalidInputError) as caught, transaction():
            save_item(ItemInput("Autre", 1_000_000, 2000, code="a1"), item_id=item_id)
        assert "Lampe" in str(caught.value.errors["code"])
    with transaction():
        archive_item(first)
    with pytest.raises(InvalidInputError) as caught, transaction():
        make_item(code="a1")
    assert "archive" in str(caught.value.errors["code"])


def test_a_few_letters_find_an_item_whatever_the_accents(each_company):
    with transaction():
        make_item(label="Étude d’éclairage", code="ETU")
        make_item(label="Lampe", description="À poser sur l’œuvre")
        make_item(label="Câble", code="ECL 50%")
    assert labels("etude") == labels("ÉTUDE ECL") == ["Étude d’éclairage"]
    assert labels("oeuvre") == ["Lampe"]
    assert labels("50%") == ["Câble"]
    assert labels("_") == labels("%%%%") == []
    assert count_items("éclair") == 1
    assert count_items("e") == 3


def test_words_that_begin_with_the_letters_come_first(each_company):
    with transaction():
        make_item(label="Abat-lampe")
        make_item(label="Zone lampe")
        make_item(label="Barre", code="LAM")
    assert labels("lam") == ["Barre", "Zone lampe", "Abat-lampe"]


def test_the_archive_is_out_of_sight_and_gives_back(each_company):
    with transaction():
        item_id = make_item(code="A1").id
    for _twice in range(2):
        with transaction():
            archive_item(item_id)
    assert labels("lampe") == []
    assert labels("lampe", archived=True) == ["Lampe"]
    assert find_by_code("a1") is None
    with transaction():
        archive_item(item_id, archived=False)
    found = find_by_code("a1")
    assert found is not None
    assert found.id == item_id
    with pytest.raises(NotFoundError), transaction():
        archive_item(item_id + 1)


PRICES = [
    # price and rate of the item, whether they are gross; whether the document's are, its case; what the line says
    (("100", "20", False), (False, VatCase.STANDARD), ("100", 2000)),
    (("100", "20", False), (True, VatCase.STANDARD), ("120", 2000)),
    (("120", "20", True), (False, VatCase.STANDARD), ("100", 2000)),
    (("119.99", "5.5", True), (True, VatCase.STANDARD), ("119.99", 550)),
    (("10", "5.5", True), (False, VatCase.STANDARD), ("9.478673", 550)),  # 9.4786729…
    (("0.000001", "20", False), (True, VatCase.STANDARD), ("0.000001", 2000)),
    (("120", "20", True), (False, VatCase.EXPORT), ("100", 0)),
    (("120", "20", True), (True, VatCase.FRANCHISE), ("100", 0)),
    (("100", "20", False), (True, VatCase.INTRA_EU), ("100", 0)),
]


@pytest.mark.parametrize(("own", "shown", "expected"), PRICES)
def test_the_price_on_a_document(own, shown, expected):
    price, rate, gross = own
    item = Item(unit_price=parse_scaled(price, 6), price_includes_vat=gross, vat_rate=parse_scaled(rate, 2))
    found = price_on_document(item, includes_vat=shown[0], case=shown[1])
    assert (found, rate_on_document(item, shown[1])) == (parse_scaled(expected[0], 6), expected[1])


def test_texts_are_folded_as_french_is_written():
    assert folded("  Œuvre\tÉté ", "L’AIGÜE") == "oeuvre ete l'aigue"
