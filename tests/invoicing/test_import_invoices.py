"""Invoices from a CSV file: lines put together, issued by the calendar, all or nothing, every fault at its place."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from accounting.facts import SupplyKind
from accounting.ledger_checks import check_ledger
from core.clock import paris_today
from core.database import db, transaction
from core.models import Company
from core.seal import verify_chain
from invoicing.csv_files import FileRefusedError, ImportCount
from invoicing.import_invoices import import_invoices
from invoicing.lifecycle import DocumentState
from invoicing.models import Document, InvoicingSettings, Sending
from invoicing.parties import Address, read_address
from invoicing.send_to_contacts import send_to_contacts
from invoicing.vat_categories import VatCase
from tests.factories.invoicing import make_customer, make_individual, make_item
from tests.invoicing.importing import csv_of, faults_of, rows_everywhere, run

GOOD: dict[str, Any] = {
    "facture": "F1", "client": "CLI", "date": "05/01/2026", "échéance": "", "délai": "", "date de livraison": "",
    "prix": "", "commande": "", "remarque": "", "nature": "bien", "libellé": "Lampe", "détail": "", "quantité": "2",
    "unité": "pièce", "prix unitaire": "10,50", "prix pour": "", "remise": "", "tva": "20",
}  # fmt: skip
MORE = {"facture": "F1", "nature": "service", "libellé": "Pose", "quantité": "1,5", "unité": "heure"} | {
    "prix unitaire": "40", "tva": "10 %",
}  # fmt: skip
FAULTS: list[tuple[dict[str, str], str]] = [
    ({"facture": ""}, "facture"),
    ({"facture": "x" * 101}, "facture"),
    ({"client": ""}, "client"),
    ({"client": "nobody"}, "client"),
    ({"date": "31/02/2026"}, "date"),
    ({"date": "01/01/1926"}, "date"),
    ({"échéance": "01/01/2026"}, "échéance"),
    ({"échéance": "demain"}, "échéance"),
    ({"délai": "-1"}, "délai"),
    ({"date de livraison": "2"}, "date de livraison"),
    ({"prix": "brut"}, "prix"),
    ({"commande": "x" * 101}, "commande"),
    ({"remarque": "x" * 10_000}, "remarque"),
    ({"nature": "autre"}, "nature"),
    ({"libellé": ""}, "libellé"),
    ({"libellé": "x" * 10_000}, "libellé"),
    ({"détail": "x" * 10_000}, "détail"),
    ({"quantité": ""}, "quantité"),
    ({"quantité": "deux"}, "quantité"),
    ({"quantité": "99999999999"}, "quantité"),
    ({"unité": "brassée"}, "unité"),
    ({"prix unitaire": ""}, "prix unitaire"),
    ({"prix unitaire": "1,2345678"}, "prix unitaire"),
    ({"remise": "101"}, "remise"),
    ({"tva": ""}, "tva"),
    ({"tva": "19,6"}, "tva"),
    ({"cas de TVA": "sans"}, "cas de TVA"),
    ({"cas de TVA": "exportation", "fondement": "CGI261-4-1"}, "fondement"),
    ({"fondement": "CGI999"}, "fondement"),
    ({"fondement de la ligne": "VATEX-EU-G"}, "fondement de la ligne"),
]


@pytest.fixture
def shop(company: Company) -> Company:
    """The company with the customer of the files."""
    with transaction():
        make_customer(external_reference="CLI")
    return company


@pytest.fixture
def each_shop(each_company: Company) -> Company:
    """The same on each engine."""
    with transaction():
        make_customer(external_reference="CLI")
    return each_company


def _documents() -> list[Document]:
    return list(db.session.scalars(select(Document).order_by(Document.id)))


def _faults(*rows: dict[str, Any], **options: Any) -> list[tuple[int, str, str]]:
    return faults_of(import_invoices, csv_of(*rows), **options)


def test_rows_with_one_reference_make_one_draft(each_shop: Company) -> None:
    assert run(import_invoices, csv_of(GOOD, MORE)) == ImportCount(1, 0)
    (document,) = _documents()
    assert (document.state, document.external_reference, document.issue_date) == (
        DocumentState.DRAFT, "F1", date(2026, 1, 5),
    )  # fmt: skip
    assert [(x.kind, x.label, x.quantity, x.unit, x.unit_price, x.vat_rate) for x in document.lines] == [
        (SupplyKind.GOODS, "Lampe", 20_000, "H87", 10_500_000, 2000),
        (SupplyKind.SERVICE, "Pose", 15_000, "HUR", 40_000_000, 1000),
    ]
    assert (document.net_cents, document.vat_cents, document.total_cents) == (8_100, 1_020, 9_120)


def test_what_concerns_the_document_may_stand_on_any_of_its_rows(shop: Company) -> None:
    said = {"client": "CLI", "échéance": "2026-02-04", "commande": "BC 1", "remarque": "Merci", "prix": "TTC"}
    rows = ({**GOOD, "client": "", "date": ""}, {**MORE, **said, "date": "2026-01-05"})
    run(import_invoices, csv_of(*rows))
    (document,) = _documents()
    assert (document.issue_date, document.due_date) == (date(2026, 1, 5), date(2026, 2, 4))
    assert (document.purchase_order, document.note, document.prices_include_vat) == ("BC 1", "Merci", True)


def test_prices_are_what_the_customer_is_used_to_when_the_file_does_not_say(shop: Company) -> None:
    with transaction():
        make_individual(external_reference="P")
    run(import_invoices, csv_of(GOOD, {**GOOD, "facture": "F2", "client": "P"}))
    assert [d.prices_include_vat for d in _documents()] == [False, True]


def test_a_customer_may_be_named_by_its_number(shop: Company) -> None:
    run(import_invoices, csv_of({**GOOD, "client": "C00001"}))
    assert _documents()[0].customer.external_reference == "CLI"


def test_a_price_for_several_units_is_divided_exactly_or_refused(shop: Company) -> None:
    run(import_invoices, csv_of({**GOOD, "prix unitaire": "441.00", "prix pour": "12"}))
    assert _documents()[0].lines[0].unit_price == 36_750_000
    (fault,) = _faults({**GOOD, "facture": "F2", "prix unitaire": "1", "prix pour": "3"})
    assert fault[:2] == (2, "prix unitaire")
    (fault,) = _faults({**GOOD, "facture": "F2", "prix pour": "0"})
    assert fault[:2] == (2, "prix pour")


def test_issued_documents_are_numbered_by_their_dates_whatever_the_order_of_the_file(
    each_shop: Company,
) -> None:
    rows = [{**GOOD, "facture": name, "date": day} for name, day in (
        ("late", "2026-03-01"), ("early", "2025-12-30"), ("middle", "2026-01-02"),
    )]  # fmt: skip
    assert run(import_invoices, csv_of(*rows), issue=True) == ImportCount(3, 0)
    given = {d.external_reference: (d.number, d.issue_date) for d in _documents()}
    assert given == {
        "early": ("F-2025-0001", date(2025, 12, 30)),
        "middle": ("F-2026-0001", date(2026, 1, 2)),
        "late": ("F-2026-0002", date(2026, 3, 1)),
    }
    assert check_ledger() == []
    assert list(verify_chain(each_shop.id)) == []


def test_a_second_run_makes_issues_and_sends_nothing_twice(each_shop: Company) -> None:
    content = csv_of(GOOD, MORE, {**GOOD, "facture": "F2"})
    options = {"issue": True, "send": send_to_contacts}
    assert run(import_invoices, content, **options) == ImportCount(2, 0)
    before = rows_everywhere()
    assert before[Sending.__tablename__] == 2
    assert run(import_invoices, content, **options) == ImportCount(0, 2)
    assert rows_everywhere() == before


def test_a_negative_quantity_is_a_return_and_a_negative_price_a_fault(shop: Company) -> None:
    run(import_invoices, csv_of(GOOD, {**MORE, "quantité": "-0,25"}), issue=True)
    assert _documents()[0].net_cents == 1_100
    (fault,) = _faults({**GOOD, "facture": "F2", "prix unitaire": "-1"})
    assert fault[:2] == (2, "prix unitaire")


def test_each_fault_is_told_at_its_line_and_column(shop: Company) -> None:
    found = [
        (_faults({**dict.fromkeys(changes, ""), **GOOD}, {**GOOD, "facture": "F2", **changes}), column)
        for changes, column in FAULTS
    ]
    assert [[(line, name) for line, name, _reason in faults] for faults, _column in found] == [
        [(3, column)] for _changes, column in FAULTS
    ]
    assert all(reason for faults, _column in found for _line, _name, reason in faults)


def test_the_faults_of_a_line_are_told_on_its_own_row(shop: Company) -> None:
    other = {**GOOD, "facture": "F2"}
    found = _faults(GOOD, other, MORE, {**MORE, "libellé": "", "facture": "F2"}, {**MORE, "tva": "7"})
    assert [(line, column) for line, column, _reason in found] == [(5, "libellé"), (6, "tva")]


def test_rows_of_one_invoice_that_contradict_each_other_are_told(shop: Company) -> None:
    (fault,) = _faults(GOOD, {**MORE, "date": "06/01/2026"})
    assert fault == (3, "date", "Line 2 of the same invoice says something else.")


def test_what_keeps_documents_from_being_issued_is_told_for_all_of_them(shop: Company) -> None:
    with transaction():
        abroad = make_customer(external_reference="NL", country="NL", siren="", postcode="1950 AB")
        abroad.vat_case = VatCase.INTRA_EU
    tomorrow = (paris_today() + timedelta(days=1)).isoformat()
    rows = (
        {**GOOD, "facture": "abroad", "client": "NL"},
        {**GOOD, "facture": "future", "date": tomorrow},
        {**GOOD, "facture": "exempt", "tva": "0"},
        {**GOOD, "facture": "negative", "quantité": "-1"},
        {**GOOD, "facture": "late", "échéance": "31/12/2026"},
        {**GOOD, "facture": "right"},
    )
    found = _faults(*rows, issue=True)
    assert [(line, column) for line, column, _reason in found] == [
        (2, "client"), (3, "date"), (4, "tva"), (5, ""), (6, "échéance"),
    ]  # fmt: skip
    assert run(import_invoices, csv_of(*rows)) == ImportCount(6, 0)


def test_a_date_before_the_last_number_is_told(shop: Company) -> None:
    run(import_invoices, csv_of({**GOOD, "date": "2026-02-01"}), issue=True)
    ((line, column, reason),) = _faults({**GOOD, "facture": "F2"}, issue=True)
    assert (line, column) == (2, "date")
    assert "01/02/2026" in reason


def test_what_the_company_must_mend_is_told_once(shop: Company) -> None:
    with transaction():
        db.session.get_one(Company, shop.id).legal_form = ""
        db.session.scalars(select(InvoicingSettings)).one().invoice_prefix = "été"
    found = _faults(GOOD, {**GOOD, "facture": "F2"}, issue=True)
    assert [(line, column) for line, column, _reason in found] == [(2, ""), (2, "")]
    assert "legal form" in found[0][2]


def test_a_customer_whom_nobody_can_write_to_is_told_and_nothing_is_issued(shop: Company) -> None:
    with transaction():
        make_customer(external_reference="MUTE", contacts=())
    rows = (GOOD, {**GOOD, "facture": "F2", "client": "MUTE"})
    ((line, column, _reason),) = _faults(*rows, issue=True, send=send_to_contacts)
    assert (line, column) == (3, "client")


def test_what_looks_like_code_is_kept_as_text(shop: Company) -> None:
    formula, markup = "=cmd|' /C calc'!A0", "<script>alert(1)</script>"
    run(
        import_invoices, csv_of({**GOOD, "libellé": formula, "remarque": markup, "détail": "a\r\nb\x00c"[:4]})
    )
    (document,) = _documents()
    assert (document.lines[0].label, document.note, document.lines[0].description) == (
        formula,
        markup,
        "a\nb",
    )


def test_everything_a_document_can_say_is_taken(each_company):
    with transaction():
        customer = make_customer(external_reference="BOUL")
        assert customer.id
        item_id = make_item(
            "120", "20", code="L-12", price_includes_vat=True, unit="H87", sales_account="707100"
        ).id
    content = (
        "facture;client;ligne;article;libellé;quantité;prix unitaire;tva;code service;contrat;début de période;"
        "fin de période;remise globale;libellé de la remise;livraison adresse;livraison ville;conditions;compte\n"
        "A1;BOUL;intertitre;;Fourniture;;;;SERVICE-9;M-7;01/01/2026;31/01/2026;10;Fidélité;1 quai;Lyon;Port compris;\n"
        "A1;;;l-12;;3;;;;;;;;;;;;\n"
        "A1;;;L-12;Lampe réparée;1;50;5,5;;;;;;;;;;706500\n"
        "A1;;sous-total;;;;;;;;;;;;;;;\n"
    )
    with transaction():
        assert import_invoices(content.encode()).created == 1
    document = db.session.scalars(select(Document)).one()
    assert (document.buyer_reference, document.contract_reference, document.conditions) == (
        "SERVICE-9", "M-7", "Port compris",
    )  # fmt: skip
    assert (document.period_start, document.period_end) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (document.discount_rate, document.discount_label) == (1000, "Fidélité")
    assert read_address(document.delivery) == Address("", "1 quai", "", "", "Lyon", "FR")
    said = [
        (line.role.value, line.label, line.unit_price, line.vat_rate, line.item_id) for line in document.lines
    ]
    assert said == [
        ("section", "Fourniture", 0, 0, None),
        ("item", "Lampe", 100_000_000, 2000, item_id),
        ("item", "Lampe réparée", 50_000_000, 550, item_id),
        ("subtotal", "", 0, 0, None),
    ]
    assert [line.sales_account for line in document.lines[1:3]] == ["707100", "706500"]
    # 300 + 50 net, less 10 %
    assert document.net_cents == 31500


def test_what_is_wrong_in_the_new_columns_is_told_beside_the_cell(company):
    with transaction():
        make_customer(external_reference="BOUL")
    content = (
        "facture;client;ligne;article;libellé;quantité;prix unitaire;tva;remise globale;remise globale en euros;"
        "livraison adresse;compte\n"
        "A1;BOUL;;RIEN;x;1;1;20;5;3;1 quai;411\n"
        "A1;;chapitre;;x;1;1;20;;;;\n"
        "A1;;intertitre;;;;;;;;;\n"
    )
    with pytest.raises(FileRefusedError) as caught, transaction():
        import_invoices(content.encode())
    assert {(fault.line, fault.column) for fault in caught.value.faults} == {
        (2, "article"), (2, "remise globale en euros"), (2, "delivery_city"), (2, "compte"), (3, "ligne"),
        (4, "libellé"),
    }  # fmt: skip


def test_the_case_of_vat_and_its_ground_are_read_for_the_whole_and_for_a_line(each_shop: Company) -> None:
    titles = {**GOOD, "cas de TVA": "", "fondement": "", "fondement de la ligne": ""}
    rows = (
        {**titles, "cas de TVA": "Exonération", "fondement": "cgi261-4-4", "tva": "", "nature": "service"},
        {**titles, "facture": "F2"},
        {**MORE, "facture": "F2", "fondement de la ligne": "VATEX-EU-79-C", "tva": ""},
        {**titles, "facture": "F3", "cas de TVA": "outside_scope", "fondement": "O-NO-SALE", "tva": ""},
    )
    assert run(import_invoices, csv_of(*rows), issue=True) == ImportCount(3, 0)
    made = select(Document).order_by(Document.external_reference)
    exempt, mixed, outside = db.session.scalars(made).all()
    assert (exempt.vat_case, exempt.vat_ground, exempt.vat_cents) == (VatCase.EXEMPT, "CGI261-4-4", 0)
    assert (mixed.vat_case, mixed.vat_cents) == (VatCase.STANDARD, 420)
    assert [(line.vat_ground, line.vat_rate) for line in mixed.lines] == [("", 2000), ("VATEX-EU-79-C", 0)]
    assert (outside.vat_case, outside.vat_ground) == (VatCase.OUTSIDE_SCOPE, "O-NO-SALE")
