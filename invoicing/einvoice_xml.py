"""The XML of a document: built and checked before its number is taken, finished and stored with its issue.

Used by `issue_invoice` and `credit_invoice`; `render_pdf` embeds what is stored, the document's page offers it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from xml.sax.saxutils import escape

import structlog
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import Base, db
from core.tenancy import insert_row
from invoicing.einvoice import Einvoice
from invoicing.errors import NotIssuableError, Place, Problem
from invoicing.facturx_xml import LINK, NUMBER, values_of
from invoicing.models import DocumentXml, EinvoiceRules

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/xml"
_TABLE = Base.metadata.tables["document_xml"]


@dataclass(frozen=True)
class PreparedXml:
    """An e-invoice that waits for its number and its link; `rules` is what it was checked against."""

    rules: EinvoiceRules
    text: str


def prepare_xml(einvoice: Einvoice) -> PreparedXml:
    """Build the XML of what the gate has passed, with placeholders, and check it by the XSD.

    Raises:
        NotIssuableError: the XSD refuses it all the same; nothing that a form takes is known to do that.
    """
    # The library takes a third of a second to import: only a process that issues waits for it.
    from invoicing.facturx_library import generated_xml, schema_faults  # noqa: PLC0415

    xml = generated_xml(values_of(einvoice))
    faults = schema_faults(xml)
    if faults:
        log.error("einvoice_refused", document_id=einvoice.document.id, faults=faults)
        message = _l(
            "The e-invoice of this document is not valid (%(fault)s). Tell your administrator.",
            fault=faults[0],
        )
        raise NotIssuableError([Problem(Place.DOCUMENT, "lines", message)])
    return PreparedXml(einvoice.why_rules.rules, xml.decode())


def write_xml(document_id: int, prepared: PreparedXml, number: str, link: str = "") -> str:
    """Put number and link into a prepared XML and store it for good, in the open transaction; returns its SHA-256.

    Args:
        document_id: the document that is being issued.
        prepared: made from the same draft in the same transaction.
        number: given to the document.
        link: the full address of its payment page; empty for a credit note.
    """
    content = prepared.text.replace(NUMBER, escape(number)).replace(LINK, escape(link))
    digest = sha256_of(content)
    insert_row(_TABLE, document_id=document_id, rules=prepared.rules, content=content, sha256=digest)
    return digest


def sha256_of(content: str) -> str:
    """The hash that the seal keeps of an XML."""
    return hashlib.sha256(content.encode()).hexdigest()


def xml_of(document_id: int) -> DocumentXml | None:
    """The e-invoice of an issued document of the company entered; None when it was issued before there were any."""
    return db.session.scalars(select(DocumentXml).where(DocumentXml.document_id == document_id)).one_or_none()
