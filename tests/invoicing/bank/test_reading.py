"""Files of banks: what is read of them, and what is refused. No database."""

from __future__ import annotations

from datetime import date

import pytest

from invoicing.bank.read_camt import read_camt
from invoicing.bank.read_csv import CsvColumn, csv_table, guess, read_csv
from invoicing.bank.reading import MOST_LINES, ReadStatement, StatementRefused
from tests.invoicing.bank.bank_files import camt, csv

LINES = (
    ("2026-11-03", "120.00", "VIR SEPA FACTURE F2026-00001", "Boulangerie Imaginaire", "FR1420041010050500013M02606"),
    ("2026-11-05", "-18.40", "COTISATION MENSUELLE & FRAIS", "", ""),
)  # fmt: skip


def read(content: bytes) -> ReadStatement:
    table = csv_table(content)
    return read_csv(table, guess(table.header))


def told(statement: ReadStatement) -> list[tuple[date, int, str]]:
    return [(line.booked_on, line.amount_cents, line.wording) for line in statement.lines]


@pytest.mark.parametrize("version", ["02", "03", "04", "06", "08", "13"])
def test_camt_is_read_in_every_version(version):
    found = read_camt(camt(*LINES, version=version))
    assert told(found) == [
        (date(2026, 11, 3), 12000, "VIR SEPA FACTURE F2026-00001"),
        (date(2026, 11, 5), -1840, "COTISATION MENSUELLE & FRAIS"),
    ]
    assert (found.opening_cents, found.closing_cents, found.missing_cents) == (100000, 110160, 0)
    first = found.lines[0]
    assert (first.party, first.iban, first.reference) == ("Boulangerie Imaginaire", LINES[0][4], "")


def test_a_statement_that_lacks_lines_or_is_overdrawn_says_so():
    assert read_camt(camt(*LINES, closing="2000.00")).missing_cents == 89840
    found = read_camt(camt(*LINES, opening="-50.00"))
    assert (found.opening_cents, found.closing_cents) == (-5000, 5160)


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">&b;</Document>'
)
READS_A_FILE = camt(*LINES).replace(
    b'encoding="UTF-8"?>', b'encoding="UTF-8"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
)
REFUSED = {
    "entities": BOMB,
    "a file of the machine": READS_A_FILE.replace(b"COTISATION", b"&x;"),
    "a document type": READS_A_FILE,
    "not XML": b"<Document",
    "other XML": b"<html></html>",
    "other ISO 20022": camt(*LINES).replace(b"camt.053", b"pain.001"),
    "too large": b"<a>" + b" " * 10_000_001,
    "very deep": b"<a>" * 100_000,
    "dollars": camt(*LINES, currency="USD"),
    "no amount": camt(*LINES).replace(b"120.00<", b"cent<"),
    "below zero": camt(*LINES).replace(b"120.00<", b"-120.00<"),
    "endless": camt(*LINES).replace(b"120.00<", b"1E+400<"),
    "more than a number holds": camt(*LINES).replace(b"120.00<", b"9E999999999<"),
    "no date": camt(*LINES).replace(b"2026-11-03", b"hier"),
    "two accounts": camt(*LINES).replace(
        b"</BkToCstmrStmt>", b"<Stmt><Acct><Id><IBAN>FR1</IBAN></Id></Acct></Stmt></BkToCstmrStmt>"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_statement_is_refused(name):
    with pytest.raises(StatementRefused):
        read_camt(REFUSED[name])


def test_a_pending_line_is_no_movement_yet():
    assert len(read_camt(camt(*LINES).replace(b"<Sts>BOOK</Sts>", b"<Sts>PDNG</Sts>", 1)).lines) == 1


EXPECTED = [
    (date(2026, 11, 3), 12000, "VIR FACTURE 12"),
    (date(2026, 11, 5), -1840, "Frais de tenue de compte"),
    (date(2026, 11, 6), 123456, "REMISE CHQ"),
]
LAYOUTS = {
    "debit and credit, newest first, account above": csv(
        "Date;Date de valeur;Libellé;Débit euros;Crédit euros;",
        "06/11/2026;06/11/2026;REMISE CHQ;;1 234,56;",
        "05/11/2026;05/11/2026;Frais de tenue de compte;-18,40;;",
        "03/11/2026;03/11/2026;VIR FACTURE 12;;120,00;",
        above=("Compte courant n° 12345678901;;;;;", "Solde au 06/11/2026;;;;2 336,16;"),
    ),
    "one signed amount, UTF-8 with BOM": csv(
        "Date opération,Libellé,Montant",
        '2026-11-03,VIR FACTURE 12,"120,00"',
        '2026-11-05,Frais de tenue de compte,"-18,40"',
        '2026-11-06,REMISE CHQ,"1.234,56"',
        encoding="utf-8-sig",
    ),
    "tabs, sign behind, euro sign": csv(
        "Date comptable\tIntitulé\tMontant",
        "03/11/26\tVIR FACTURE 12\t120,00+",
        "05/11/26\tFrais de tenue de compte\t18,40 €-",
        "06/11/26\tREMISE CHQ\t1\u00a0234,56 €",
    ),
    "debit above zero, points": csv(
        "Date,Libelle,Debit,Credit",
        "20261103,VIR FACTURE 12,,120.00",
        "20261105,Frais de tenue de compte,18.40,",
        "20261106,REMISE CHQ,,1234.56",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layouts_of_banks_are_understood_by_their_headers(name):
    found = read(LAYOUTS[name])
    if name.startswith("tabs"):
        # "18,40 €-": the sign stands behind the euro sign.
        assert [line.amount_cents for line in found.lines] == [12000, -1840, 123456]
    assert told(found) == EXPECTED


def test_a_column_with_the_balance_is_checked_also_within_one_day():
    header = "Date;Libellé;Montant;Solde"
    rows = ("03/11/2026;DEUX;-20,00;1 100,00", "03/11/2026;UN;120,00;1 120,00")
    for order in (rows, rows[::-1]):
        found = read(csv(header, *order))
        assert (found.opening_cents, found.closing_cents, found.missing_cents) == (100000, 110000, 0)
    assert read(csv(header, rows[1], "04/11/2026;TROIS;1,00;9 999,00")).missing_cents != 0


def test_rows_that_move_nothing_are_told_and_the_rest_is_read():
    found = read(
        csv(
            "Date;Libellé;Montant",
            "03/11/2026;UN;1,00",
            "Total;;1,00",
            "04/11/2026;RIEN;",
            "04/11/2026;X;beaucoup",
            f"04/11/2026;X;{'9' * 5000}",
        )
    )
    assert told(found) == [(date(2026, 11, 3), 100, "UN")]
    assert [number for number, _ in found.problems] == [3, 4, 5, 6]


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\0", b"bonjour", b"PK\x03\x04", csv("Nom;Ville", "a;b"), b"a" * 10_000_001],
    ids=["empty", "binary", "a word", "a ZIP", "another table", "too large"],
)  # fmt: skip
def test_what_is_no_statement_is_refused_as_csv(content):
    with pytest.raises(StatementRefused):
        read(content)


def test_more_lines_than_a_file_may_have_are_refused():
    with pytest.raises(StatementRefused):
        csv_table(csv("Date;Libellé;Montant", *["03/11/2026;UN;1,00"] * (MOST_LINES + 50)))


def test_two_equal_lines_of_one_day_are_two_and_the_same_file_says_the_same():
    twice = read(csv("Date;Libellé;Montant", *["03/11/2026;PARKING;-2,00"] * 2))
    assert len(set(twice.keys())) == 2
    assert twice.keys() == read(csv("Date;Libellé;Montant", *["03/11/2026;parking ;-2.00"] * 2)).keys()


def test_a_guess_takes_each_column_once():
    found = guess(["Date", "Libellé", "Montant", "Débit", "Crédit", "Solde", "Date"])
    assert found[CsvColumn.DATE] == 0
    assert CsvColumn.AMOUNT not in found
    assert len(set(found.values())) == len(found)
