"""Customers are found although accents are left out, or a letter is wrong; archived ones only when asked for."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.database import db, transaction
from invoicing.archive_customer import archive_customer
from invoicing.customer_search import nearest, plain_text
from invoicing.customers import count_found, customer_ids_matching, found_customers, search_customers
from tests.factories.invoicing import make_customer, make_individual


def names(query: str, **options) -> list[str]:
    found = [customer.name for customer in search_customers(query, **options)]
    assert count_found(found_customers(query, **options)) == len(found)
    return found


@pytest.fixture
def three(each_company):
    with transaction():
        make_customer(name="Crêperie de l’Œuf", city="Saint-Étienne")
        make_customer()
        make_individual(first_name="Jérôme", name="Lefèvre")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("creperie oeuf", "Crêperie de l’Œuf"),
        ("CRÊPERIE", "Crêperie de l’Œuf"),
        ("l'oeuf saint etienne", "Crêperie de l’Œuf"),
        ("jerome lefevre", "Lefèvre"),
        ("boulangrie", "Boulangerie Imaginaire"),
        ("boulagnerie imaginiare", "Boulangerie Imaginaire"),
        ("grenble boulangerie", "Boulangerie Imaginaire"),
        ("lefebvre", "Lefèvre"),
        ("404833049 boulangerie", "Boulangerie Imaginaire"),
    ],
)
def test_accents_capitals_and_slips_are_forgiven(three, query, found):
    assert names(query)[0] == found


@pytest.mark.parametrize("query", ["nobody", "xyz", "zzzzzzzz", "boulangerie tokyo", "_", "\\"])
def test_what_resembles_nothing_finds_nobody(three, query):
    assert names(query) == []


def test_what_is_written_right_is_not_mixed_with_what_is_near(three):
    with transaction():
        make_customer(name="Boulangerie Imaginette")
    assert names("imaginaire") == ["Boulangerie Imaginaire"]


def test_the_likest_comes_first():
    texts = {1: "boulonnerie dupond", 2: "boulangerie dupond", 3: "fleurs"}
    assert nearest("boulangerie dupont", texts)[0] == 2
    assert 3 not in nearest("boulangerie dupont", texts)
    assert plain_text("  L’Œuvre-À  ÉTÉ ") == "l'oeuvre a ete"


def test_archived_customers_are_shown_only_when_asked_for(each_company):
    with transaction():
        kept, gone = make_customer(), make_individual()
        for _ in range(2):
            archive_customer(gone.id)
    assert names("") == [kept.name]
    assert names("camille") == []
    assert names("", archived=True) == ["Modèle"]
    # Their documents are still found by their name.
    assert db.session.scalars(customer_ids_matching("camille")).all() == [gone.id]
    with transaction():
        archive_customer(gone.id, archived=False)
    assert names("camille") == ["Modèle"]


def test_an_archived_customer_is_not_invoiced(company):
    from invoicing.errors import InvalidInputError
    from tests.factories.invoicing import make_draft

    with transaction():
        gone = archive_customer(make_customer().id)
    with pytest.raises(InvalidInputError), transaction():
        make_draft(customer=gone)


def test_the_migration_writes_the_search_text_as_saving_does(three):
    import importlib

    migration = importlib.import_module("migrations.versions.0004_customers_found_and_merged")
    for name, stored in db.session.execute(text("SELECT name, search_text FROM customer")):
        assert plain_text(name) in stored
        assert migration._plain(name) == plain_text(name)
