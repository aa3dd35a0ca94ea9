"""Customers from a CSV file: all or nothing, nothing twice, every fault at its place."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core.cli.companies import add_company
from core.database import db, transaction
from core.models import Company
from core.seal import verify_chain
from core.tenancy import in_company
from invoicing.archive_customer import archive_customer
from invoicing.csv_files import ImportCount
from invoicing.customer_input import ContactInput
from invoicing.customers import find_by_reference
from invoicing.export_customers import export_customers
from invoicing.import_customers import import_customers
from invoicing.models import Customer, CustomerKind
from invoicing.vat_categories import VatCase
from tests.conftest import COMPANY
from tests.factories.invoicing import make_customer, make_individual
from tests.invoicing.importing import csv_of, faults_of, rows_everywhere, run

GOOD: dict[str, Any] = {
    "référence": "R1",
    "type": "entreprise",
    "nom": "Crêperie Imaginaire",
    "prénom": "",
    "siren": "404 833 048",
    "adresse": "3 place du Marché",
    "code postal": "38000",
    "ville": "Grenoble",
    "pays": "",
    "langue": "",
    "délai": "45",
    "contact": "Paule",
    "e-mail": "compta@creperie.example.org",
    "téléphone": "04 76 00 00 01",
}
PERSON = {
    **GOOD, "référence": "R2", "type": "Particulier", "nom": "Modèle", "prénom": "Zoé", "siren": "", "délai": "",
    "langue": "anglais",
}  # fmt: skip
FAULTS: list[tuple[dict[str, str], str]] = [
    ({"référence": ""}, "référence"),
    ({"référence": "R1"}, "référence"),
    ({"référence": "x" * 101}, "référence"),
    ({"type": "association"}, "type"),
    ({"nom": ""}, "nom"),
    ({"nom": "x" * 10_000}, "nom"),
    ({"siren": ""}, "siren"),
    ({"siren": "12345"}, "siren"),
    ({"adresse": " "}, "adresse"),
    ({"code postal": "3800"}, "code postal"),
    ({"ville": ""}, "ville"),
    ({"pays": "ZZ", "téléphone": ""}, "pays"),
    ({"langue": "de"}, "langue"),
    ({"délai": "trente"}, "délai"),
    ({"délai": "366"}, "délai"),
    ({"e-mail": "paule chez example.org"}, "e-mail"),
    ({"téléphone": "appelez-moi"}, "téléphone"),
    ({"siret": "73282932000074"}, "siret"),
    ({"portable": "04 76 00 00 01"}, "portable"),
    ({"adresse de facturation électronique": "x"}, "adresse de facturation électronique"),
    ({"compte": "512"}, "compte"),
    ({"livraison ville": "Lyon", "livraison code postal": "69001"}, "delivery_address1"),
    ({"e-mail 3": "zoé chez"}, "e-mail 3"),
    ({"cas de TVA": "sans"}, "cas de TVA"),
    ({"cas de TVA": "UE", "fondement": "CGI261-4-1"}, "fondement"),
    ({"fondement": "CGI999"}, "fondement"),
    ({"reçoit les factures": "peut-être"}, "reçoit les factures"),
]


def _faults(**changes: Any) -> list[tuple[int, str, str]]:
    good = {**GOOD, **dict.fromkeys(changes.keys() - GOOD.keys(), "")}
    return faults_of(import_customers, csv_of(good, {**good, "référence": "R9", **changes}))


def test_customers_and_their_contact_are_made_as_the_file_says(each_company: Company) -> None:
    assert run(import_customers, csv_of(GOOD, PERSON)) == ImportCount(2, 0)
    first, second = db.session.scalars(select(Customer).order_by(Customer.number)).all()
    assert (first.number, first.kind, first.siren, first.payment_terms_days, first.language, first.country) == (
        "C00001", CustomerKind.BUSINESS, "404833048", 45, "fr", "FR",
    )  # fmt: skip
    assert [(c.name, c.email, c.phone, c.receives_invoices) for c in first.contacts] == [
        ("Paule", "compta@creperie.example.org", "+33 4 76 00 00 01", True)
    ]
    assert (second.full_name, second.kind, second.language) == ("Zoé Modèle", CustomerKind.INDIVIDUAL, "en")


def test_a_second_run_adds_nothing_and_changes_nothing(each_company: Company) -> None:
    run(import_customers, csv_of(GOOD))
    before = rows_everywhere()
    assert run(import_customers, csv_of({**GOOD, "nom": "Autre nom"})) == ImportCount(0, 1)
    assert rows_everywhere() == before
    found = find_by_reference("R1")
    assert found is not None
    assert found.name == "Crêperie Imaginaire"


def test_a_file_may_bring_new_rows_beside_known_ones(company: Company) -> None:
    run(import_customers, csv_of(GOOD))
    assert run(import_customers, csv_of(PERSON, GOOD)) == ImportCount(1, 1)


def test_one_bad_row_keeps_the_whole_file_out_and_the_next_file_is_sealed_as_usual(
    each_company: Company,
) -> None:
    assert _faults(siren="404833049") == [
        (3, "siren", "This SIREN does not exist: one of its digits is wrong.")
    ]
    run(import_customers, csv_of(GOOD))
    assert list(verify_chain(each_company.id)) == []


def test_each_fault_is_told_at_its_line_and_column(company: Company) -> None:
    found = [(_faults(**changes), column) for changes, column in FAULTS]
    assert [[(line, name) for line, name, _reason in faults] for faults, _column in found] == [
        [(3, column)] for _changes, column in FAULTS
    ]
    assert all(reason for faults, _column in found for _line, _name, reason in faults)


def test_all_faults_of_all_rows_are_told_in_one_run(company: Company) -> None:
    rows = ({**GOOD, "nom": "", "ville": ""}, {**PERSON, "e-mail": "zoé@@x"}, {**GOOD, "siren": "1"})
    found = faults_of(import_customers, csv_of(*rows))
    assert {(line, column) for line, column, _reason in found} == {
        (2, "nom"), (2, "ville"), (3, "e-mail"), (4, "siren"), (4, "référence"),
    }  # fmt: skip
    assert (4, "référence", "Line 2 has this reference too.") in found


def test_what_looks_like_code_is_kept_as_text(company: Company) -> None:
    formula, markup = "=cmd|' /C calc'!A0", "<script>alert(1)</script>"
    run(import_customers, csv_of({**GOOD, "nom": formula, "adresse": markup, "contact": "a\tb\x07\nc"}))
    found = find_by_reference("R1")
    assert found is not None
    assert (found.name, found.address1, found.contacts[0].name) == (formula, markup, "a b c")


def test_an_export_is_taken_back_unchanged(each_company: Company) -> None:
    with transaction():
        make_customer(
            siret="40483304800022", vat_number="FR83404833048", einvoice_address="404833048_ACHATS",
            address2="=HYPERLINK(1)", note="Deux\nlignes ; « et » \"guillemets\"", ledger_account="411BOUL",
            delivery_name="'=Dépôt", delivery_address1="-1 quai", delivery_postcode="69001", delivery_city="Lyon",
            payment_terms_days=0, external_reference="CRM-7", language="en",
            vat_case=VatCase.EXEMPT, vat_ground="CGI261-4-4",
            contacts=(
                ContactInput(name="Paule", email="p@example.org", phone="04 72 00 00 00", mobile="06 12 34 56 78"),
                ContactInput(name="+Zoé", receives_invoices=False), ContactInput(email="c@example.org"),
            ),
        )  # fmt: skip
        make_individual(contacts=())
        make_customer(
            kind=CustomerKind.PUBLIC, country="DE", postcode="10115", siren="", contacts=(), vat_case=VatCase.INTRA_EU
        )  # fmt: skip
        archive_customer(make_individual(name="Archivée").id)
    for language in ("fr", "en"):
        content = export_customers(language=language)
        assert b"Archiv" not in content
        assert b";'=HYPERLINK" in content
        # Here again, everybody is known by reference or number.
        assert run(import_customers, content) == ImportCount(0, 3)
        with in_company(_other_company(language)):
            assert run(import_customers, content) == ImportCount(3, 0)
            assert export_customers(language=language) == content
    assert "Archivée".encode() in export_customers(archived=True)


def _other_company(language: str) -> int:
    siren = {"fr": "404833048", "en": "552100554"}[language]
    return add_company({**COMPANY, "siren": siren, "siret": "", "vat_number": "", "name": language}).id
