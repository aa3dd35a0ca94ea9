"""Customers: what is taken, what is refused beside which field, and how they are found."""

from __future__ import annotations

import threading

import pytest

from accounting.models import Account
from core.database import db, transaction
from core.tenancy import enter_company
from invoicing.customer_input import ContactInput, CustomerInput, Zone, checked_customer, zone_of
from invoicing.customers import find_customer, save_customer, search_customers
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.models import Contact, Customer, CustomerKind
from tests.factories.invoicing import BUSINESS, make_customer, make_individual


def errors_of(**changes) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        checked_customer(CustomerInput(**{**BUSINESS, **changes}))
    return list(caught.value.errors)


def test_customers_are_numbered_one_after_the_other(each_company):
    with transaction():
        first, second = make_customer(), make_individual()
        assert (first.number, second.number) == ("C00001", "C00002")


def test_a_customer_is_kept_in_normal_form(company):
    with transaction():
        customer = make_customer(
            siren="404 833 048",
            vat_number="fr 83 404 833 048",
            name="  Boulangerie\x00 Imaginaire\n ",
            contacts=(ContactInput(email="Compta@EXAMPLE.org", phone="04 72 00 00 00"), ContactInput()),
        )
    assert (customer.siren, customer.vat_number) == ("404833048", "FR83404833048")
    assert customer.name == "Boulangerie Imaginaire"
    assert [(c.email, c.phone) for c in customer.contacts] == [("Compta@example.org", "+33 4 72 00 00 00")]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("siren", {"siren": ""}),
        ("siren", {"siren": "404833049"}),
        ("siren", {"siren": "40483304"}),
        ("siren", {"siren": "000000000"}),
        ("siren", {"siren": "<script>"}),
        ("vat_number", {"vat_number": "FR44732829320"}),
        ("vat_number", {"vat_number": "DE136695976"}),
        ("vat_number", {"country": "DE", "siren": "", "vat_number": "DE136695977"}),
        ("name", {"name": "  "}),
        ("name", {"name": "x" * 256}),
        ("address1", {"address1": ""}),
        ("postcode", {"postcode": "3800"}),
        ("postcode", {"postcode": "ABCDE"}),
        ("city", {"city": ""}),
        ("country", {"country": "XX"}),
        ("country", {"country": "EU"}),
        ("language", {"language": "de"}),
        ("payment_terms_days", {"payment_terms_days": -1}),
        ("payment_terms_days", {"payment_terms_days": 61}),
        ("payment_terms_days", {"kind": CustomerKind.INDIVIDUAL, "payment_terms_days": 366}),
        ("contacts-0-email", {"contacts": (ContactInput(email="paule(at)example.org"),)}),
        ("contacts-1-email", {"contacts": (ContactInput(email="a@example.org"), ContactInput(email="a@b"))}),
        ("contacts-0-phone", {"contacts": (ContactInput(phone="call me"),)}),
        ("siret", {"siret": "4048330480002"}),
        ("siret", {"siret": "40483304800023"}),
        ("siret", {"siret": "73282932000074"}),
        ("siret", {"siret": "00000000000000"}),
        ("siren", {"kind": CustomerKind.PUBLIC, "siren": ""}),
        ("einvoice_address", {"einvoice_address": "404833048 ACHATS"}),
        ("einvoice_address", {"einvoice_address": "732829320_ACHATS"}),
        ("einvoice_address", {"einvoice_address": "404833048" + "x" * 117}),
        ("ledger_account", {"ledger_account": "512000"}),
        ("ledger_account", {"ledger_account": "411-DUPONT"}),
        ("note", {"note": "x" * 2001}),
        (
            "delivery_address1",
            {"delivery_name": "Dépôt", "delivery_postcode": "69001", "delivery_city": "Lyon"},
        ),
        ("delivery_city", {"delivery_address1": "1 quai", "delivery_postcode": "69001"}),
        ("delivery_postcode", {"delivery_address1": "1 quai", "delivery_city": "Lyon"}),
        ("delivery_country", {"delivery_address1": "1 quai", "delivery_city": "X", "delivery_country": "XX"}),
        ("contacts-0-mobile", {"contacts": (ContactInput(mobile="04 72 00 00 00"),)}),
        ("contacts-0-mobile", {"contacts": (ContactInput(mobile="call me"),)}),
        ("contacts", {"contacts": tuple(ContactInput(name=str(i)) for i in range(21))}),
    ],
)
def test_wrong_input_is_refused_beside_its_field(field, changes):
    assert errors_of(**changes) == [field]


@pytest.mark.parametrize(
    "changes",
    [{"payment_terms_days": 60}, {"kind": CustomerKind.INDIVIDUAL, "payment_terms_days": 365}],
)
def test_terms_that_the_law_allows_are_taken(changes):
    # C. com. L441-10: the 60 days bind businesses among each other.
    given = CustomerInput(**{**BUSINESS, **changes})
    assert checked_customer(given).payment_terms_days == given.payment_terms_days


def test_all_errors_are_told_at_once():
    assert set(errors_of(name="", siren="1", postcode="", city="")) == {"name", "siren", "postcode", "city"}


def test_a_refused_customer_is_not_written_and_takes_no_number(company):
    with pytest.raises(InvalidInputError), transaction():
        make_customer(siren="1")
    assert search_customers() == []
    with transaction():
        assert make_customer().number == "C00001"


def test_an_individual_needs_no_siren_and_keeps_none(company):
    with transaction():
        customer = make_individual(siren="404833048", vat_number="FR83404833048")
    assert (customer.siren, customer.vat_number, customer.full_name) == ("", "", "Camille Modèle")


def test_a_foreign_business_needs_no_siren(company):
    with transaction():
        customer = make_customer(country="de", siren="", vat_number="DE136695976", postcode="D-10115")
    assert (customer.country, customer.siren) == ("DE", "")


def test_everything_a_customer_has_is_kept_in_normal_form(each_company):
    with transaction():
        customer_id = make_customer(
            siren="", siret="404 833 048 00022", einvoice_address=" 404833048_ACHATS ", ledger_account=" 411boul ",
            note="  Porte\r\nbleue ", delivery_address1="1 quai", delivery_city="Genève", delivery_country="ch",
            contacts=(ContactInput(mobile="06 12 34 56 78"), ContactInput(name="Zoé", mobile="+41 78 123 45 67")),
        ).id  # fmt: skip
    db.session.expire_all()
    customer = find_customer(customer_id)
    assert (customer.siren, customer.siret) == ("404833048", "40483304800022")
    assert (customer.einvoice_address, customer.ledger_account) == ("404833048_ACHATS", "411BOUL")
    assert (customer.note, customer.delivery_city, customer.delivery_country) == (
        "Porte\nbleue",
        "Genève",
        "CH",
    )
    assert [c.mobile for c in customer.contacts] == ["+33 6 12 34 56 78", "+41 78 123 45 67"]
    account = db.session.scalars(db.select(Account).where(Account.number == "411BOUL")).one()
    assert (account.label, account.role) == ("Boulangerie Imaginaire", None)


def test_a_country_alone_is_no_delivery_address(company):
    with transaction():
        customer = make_customer(delivery_country="BE")
    assert (customer.delivery_address1, customer.delivery_country) == ("", "")


def test_a_public_body_has_the_numbers_of_a_business_and_the_country_says_where_it_is(company):
    with transaction():
        town = make_customer(kind=CustomerKind.PUBLIC, siret="40483304800022", first_name="Mairie")
    assert (town.siren, town.siret, town.first_name) == ("404833048", "40483304800022", "")
    assert [zone_of(code) for code in ("FR", "DE", "GR", "CH")] == [
        Zone.FRANCE,
        Zone.EU,
        Zone.EU,
        Zone.ABROAD,
    ]


def test_an_account_of_another_use_is_refused_beside_its_field(company):
    with transaction():
        db.session.add(Account(number="411PRIS", label="Autre", role="vat_waiting:9999"))
    with pytest.raises(InvalidInputError) as caught, transaction():
        make_customer(ledger_account="411PRIS")
    assert list(caught.value.errors) == ["ledger_account"]


def test_changing_a_customer_keeps_its_number_and_its_contacts_rows(company):
    with transaction():
        customer = make_customer(contacts=(ContactInput(name="One"), ContactInput(name="Two")))
        customer_id, one = customer.id, customer.contacts[0].id
    with transaction():
        changed = CustomerInput(
            **{
                **BUSINESS,
                "city": "Voiron",
                "contacts": (ContactInput(name="Uno", id=one), ContactInput(name="Three")),
            }
        )
        save_customer(changed, customer_id=customer_id)
    db.session.expire_all()
    customer = find_customer(customer_id)
    assert (customer.number, customer.city) == ("C00001", "Voiron")
    assert [(c.id == one, c.name) for c in customer.contacts] == [(True, "Uno"), (False, "Three")]
    assert db.session.query(Contact).count() == 2


def test_a_contact_of_another_customer_is_never_taken_over(company):
    with transaction():
        first = make_customer(contacts=(ContactInput(name="One"),))
        second = make_individual(contacts=())
        stolen = ContactInput(name="Stolen", id=first.contacts[0].id)
        save_customer(
            CustomerInput(**{**BUSINESS, "kind": CustomerKind.INDIVIDUAL, "contacts": (stolen,)}),
            customer_id=second.id,
        )
        db.session.expire_all()
        assert [c.name for c in first.contacts] == ["One"]


def test_an_import_run_twice_makes_one_customer(each_company):
    for _ in range(2):
        with transaction():
            make_customer(external_reference="CRM-7")
    assert [c.external_reference for c in search_customers()] == ["CRM-7"]


def test_a_reference_of_another_customer_is_refused_with_its_number(company):
    with transaction():
        make_customer(external_reference="CRM-7")
        other = make_individual()
    with pytest.raises(InvalidInputError) as caught, transaction():
        save_customer(CustomerInput(**{**BUSINESS, "external_reference": "CRM-7"}), customer_id=other.id)
    assert "C00001" in str(caught.value.errors["external_reference"])


def test_a_customer_that_is_not_there_is_not_found(company):
    with pytest.raises(NotFoundError):
        find_customer(12)
    with pytest.raises(NotFoundError), transaction():
        save_customer(CustomerInput(**BUSINESS), customer_id=12)


def test_customers_are_found_by_any_of_their_words(each_company):
    with transaction():
        make_customer()
        make_individual()
        make_individual(name="100%", contacts=())
    assert [c.name for c in search_customers("imaginaire GRENOBLE")] == ["Boulangerie Imaginaire"]
    assert [c.name for c in search_customers("camille@")] == ["Modèle"]
    assert [c.name for c in search_customers("C00002")] == ["Modèle"]
    assert [c.name for c in search_customers("%")] == ["100%"]
    assert [c.name for c in search_customers(limit=1, offset=1)] == ["Boulangerie Imaginaire"]


def test_customers_made_at_once_have_different_numbers(postgres_app):
    from tests.conftest import make_company

    company_id = make_company(postgres_app)
    failures: list[BaseException] = []

    def make() -> None:
        try:
            with postgres_app.app_context():
                enter_company(company_id)
                with transaction():
                    make_individual(contacts=())
        except BaseException as error:  # noqa: BLE001  # shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with postgres_app.app_context():
        enter_company(company_id)
        numbers = sorted(db.session.scalars(db.select(Customer.number)))
    assert numbers == [f"C{n:05d}" for n in range(1, 9)]
