"""Puts the e-invoice into a PDF while WeasyPrint writes it: the file, its relation to the page, the XMP that names it.

As the factur-x library does it to a finished PDF, whose every object it reads and writes again: that takes a fifth of
the time of drawing and makes the file two and a half times as large, for it undoes the compression of its objects.
`pdf_engine` calls this; factur-x and PDF/A-3 (ISO 19005-3, 6.8) say what must be there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pydyf

FILE_NAME: Final = "factur-x.xml"
LEVEL: Final = "EN 16931"
_NAMESPACE: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_SAYS: Final = {
    "DocumentFileName": (FILE_NAME, "The name of the embedded XML document"),
    "DocumentType": ("INVOICE", "The type of the hybrid document in capital letters"),
    "Version": ("1.0", "The version of the standard applying to the embedded XML document"),
    "ConformanceLevel": (LEVEL, "The conformance level of the embedded XML document"),
}
"""Properties of the Factur-X extension schema: value, and the description that PDF/A wants of each."""
_END: Final = b"</rdf:RDF>"


@dataclass(frozen=True)
class Embedded:
    """An e-invoice to put in: its bytes, and the time that the PDF tells of it (UTC)."""

    xml: bytes
    made_at: datetime


def embed(pdf: Any, embedded: Embedded) -> None:
    """Add the e-invoice to a `pydyf.PDF` that has all its objects. The same input gives the same bytes."""
    stream = pydyf.Stream([embedded.xml], _file_entry(embedded), compress=True)
    pdf.add_object(stream)
    name = pydyf.String(FILE_NAME)
    spec = pydyf.Dictionary(
        {
            "Type": "/Filespec",
            "F": name,
            "UF": name,
            "EF": pydyf.Dictionary({"F": stream.reference, "UF": stream.reference}),
            # The XML says what the page says; the page is no picture of it, nor the other way round.
            "AFRelationship": "/Data",
            "Desc": pydyf.String("Factur-X"),
        }
    )
    pdf.add_object(spec)
    names = pdf.catalog.setdefault("Names", pydyf.Dictionary())
    assert "EmbeddedFiles" not in names, "the template attaches nothing"
    names["EmbeddedFiles"] = pydyf.Dictionary({"Names": pydyf.Array([name, spec.reference])})
    pdf.catalog["AF"] = pydyf.Array([spec.reference])
    _name_in_xmp(pdf)


def _file_entry(embedded: Embedded) -> Any:
    checksum = hashlib.md5(embedded.xml, usedforsecurity=False).hexdigest()
    stamp = embedded.made_at.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ")
    return pydyf.Dictionary(
        {
            "Type": "/EmbeddedFile",
            "Subtype": "/text#2fxml",
            "Params": pydyf.Dictionary(
                {"CheckSum": f"<{checksum}>", "Size": len(embedded.xml), "ModDate": pydyf.String(stamp)}
            ),
        }
    )


def _name_in_xmp(pdf: Any) -> None:
    """Say in the XMP what kind of e-invoice is inside, by an extension schema (ISO 19005-3, 6.6.2.3)."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    (content,) = metadata.stream
    assert content.count(_END) == 1
    metadata.stream[0] = content.replace(_END, _extension().encode() + _END)


def _extension() -> str:
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        for name, (_, description) in _SAYS.items()
    )
    said = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _SAYS.items())
    return (
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
        f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">{said}</rdf:Description>'
    )
