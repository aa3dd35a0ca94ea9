"""Customers: what is taken, what is refused beside which field, and how they are found."""

from __future__ import annotations

import threading

import pytest

from core.database import db, transaction
from core.tenancy import enter_company
from invoicing.customer_input import ContactInput, CustomerInput, checked_customer
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
