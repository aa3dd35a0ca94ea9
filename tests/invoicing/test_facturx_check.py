"""`solde facturx check`: right and faulty e-invoices, as XML and in a PDF, under both sets of rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import facturx
import pytest
from click.testing import Result
from flask import Flask
from weasyprint import HTML

from invoicing import facturx_cli

NOTES = {"PMT": "Indemnité forfaitaire de 40 €", "PMD": "Pénalités de retard", "AAB": "Pas d’escompte"}


def _invoice(bar: str = "B2B", buyer: dict[str, Any] | None = None) -> bytes:
    """A small invoice of a company to another, or to whom the test says."""
    place = {"addr_l1": "1 rue de l’Essai", "postcode": "38000", "city": "Grenoble", "country_code": "FR"}
    seller = {
        "name": "Atelier Exemple", "legal_identifier": "732829320", "legal_identifier_schemeid": "0002",
        "vat_identifier": "FR44732829320", "einvoicing_addr": "732829320", "einvoicing_addr_schemeid": "0225",
    }  # fmt: skip
    company = {
        "name": "Boulangerie Imaginaire", "legal_identifier": "404833048", "legal_identifier_schemeid": "0002",
        "einvoicing_addr": "404833048", "einvoicing_addr_schemeid": "0225",
    }  # fmt: skip
    values: dict[str, Any] = {
        "BT-1": "F2026-00001", "BT-2": date(2026, 11, 26), "BT-3": "380", "BT-5": "EUR", "BT-23": "S1",
        "BT-8": "payment", "BT-9": date(2026, 12, 26), "BT-72": date(2026, 11, 26),
        "BG-1": [
            *({"BT-21": code, "BT-22": text} for code, text in NOTES.items()), {"BT-21": "BAR", "BT-22": bar}
        ],
        "BG-4": seller | place, "BG-7": (company if buyer is None else buyer) | place,
        "BG-23": [
            {"BT-116": "100.00", "BT-117": "20.00", "BT-118": "S", "BT-119": "20.00"}
        ],
        "BG-25": [
            {"BT-126": "1", "BT-153": "Conseil", "BT-129": "1", "BT-130": "C62", "BT-146": "100.00",
             "BT-131": "100.00", "BT-151": "S", "BT-152": "20.00"},
        ],
        "BT-106": "100.00", "BT-109": "100.00", "BT-110": "20.00", "BT-112": "120.00", "BT-115": "120.00",
    }  # fmt: skip
    xml: bytes = facturx.generate_cii_xml(values, level="en16931", check_xsd=False, check_schematron=False)
    return xml


@pytest.fixture
def check(app: Flask, tmp_path: Path) -> Callable[..., Result]:
    def run(content: bytes, *options: str) -> Result:
        file = tmp_path / "facture"
        file.write_bytes(content)
        return app.test_cli_runner().invoke(args=["facturx", "check", str(file), *options])

    return run


def test_right_invoice_is_checked_against_all_rules(check):
    result = check(_invoice())
    assert (result.exit_code, result.stdout) == (
        0,
        "Vérifié selon\u00a0: XSD, EN 16931, règles françaises.\nLa facture électronique est correcte.\n",
    )


def test_invoice_inside_a_pdf_is_found(check):
    pdf = HTML(string="<p>Facture").write_pdf(pdf_variant="pdf/a-3b")
    result = check(facturx.generate_from_binary(pdf, _invoice(), flavor="factur-x", level="en16931"))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [
        (rb"<ram:DuePayableAmount>120.00", b"<ram:DuePayableAmount>121.00", "BR-CO-16"),
        (rb"<ram:Content>B2B<", b"<ram:Content>BTB<", "BR-FR-20"),
        (rb"<ram:SubjectCode>PMT<", b"<ram:SubjectCode>AAI<", "BR-FR-05"),
        (rb"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b"", "XSD"),
    ],
)
def test_faulty_invoice_names_the_rule(check, pattern, replacement, said):
    xml, count = re.subn(pattern, replacement, _invoice())
    assert count == 1
    result = check(xml)
    assert result.exit_code == 1
    assert said in result.stdout
    assert "La facture électronique est fautive." in result.stdout


def test_french_rules_do_not_bind_an_invoice_to_an_individual_without_address(check):
    result = check(_invoice("B2C", {"name": "Camille Modèle"}), "--lang", "en")
    assert (result.exit_code, result.stdout) == (
        0,
        "Checked against: XSD, EN 16931.\nThe e-invoice is right.\n",
    )


@pytest.mark.parametrize("content", [b"", b"<a/>", b"%PDF-1.7 broken", b"\x89PNG"])
def test_what_is_no_invoice_is_unreadable(check, content):
    result = check(content)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Ce fichier ne contient pas de facture électronique" in result.stderr


def test_pdf_without_invoice_is_unreadable(check):
    assert check(HTML(string="<p>Facture").write_pdf()).exit_code == 2


def test_missing_saxonche_is_said(check, monkeypatch):
    monkeypatch.setattr(facturx_cli, "can_run_rules", lambda: False)
    result = check(_invoice())
    assert result.exit_code == 2
    assert "saxonche" in result.stderr
