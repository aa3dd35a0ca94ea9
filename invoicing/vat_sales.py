"""What issued documents say of the VAT of a period, for the report of VAT: see `accounting.reading.vat_sales`."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import case, func, select

from accounting.facts import SupplyKind, VatRegime
from accounting.models import JournalEntry
from accounting.reading.vat_sales import VatSale
from core.database import db
from invoicing.lifecycle import DocumentKind, InvoiceType
from invoicing.models import Document, DocumentVat
from invoicing.vat_cases import treatment_of

_SIGN = case((Document.kind == DocumentKind.CREDIT_NOTE, -1), else_=1)
_KEYS = (
    DocumentVat.rate,
    DocumentVat.kind,
    DocumentVat.category,
    DocumentVat.ground,
    Document.vat_case,
    Document.regime,
    Document.invoice_type,
)


def vat_sales_of_documents(starts_on: date, ends_on: date) -> list[VatSale]:
    """The sums of the documents whose entry is booked in these days, few rows for any number of documents.

    By the day of the entry, so that a document dated in a closed period is declared with the day it was posted on.
    """
    rows = db.session.execute(
        select(*_KEYS, func.sum(_SIGN * DocumentVat.net_cents), func.sum(_SIGN * DocumentVat.vat_cents))
        .select_from(JournalEntry)
        .join(Document, Document.id == JournalEntry.source_id)
        .join(DocumentVat, DocumentVat.document_id == Document.id)
        .where(
            JournalEntry.source_kind == "document",
            JournalEntry.purpose == "sale",
            JournalEntry.entry_date.between(starts_on, ends_on),
        )
        .group_by(*_KEYS)
    )
    nets, vats = Counter[VatSale](), Counter[VatSale]()
    for row in rows:
        rate, kind, _, _, vat_case, regime, invoice_type, net, vat = row
        waits = invoice_type is InvoiceType.DEPOSIT or (
            kind is SupplyKind.SERVICE and regime is VatRegime.COLLECTION
        )
        key = VatSale(rate, treatment_of(vat_case, row), kind, bool(rate) and waits, 0, 0)
        nets[key] += int(net)
        vats[key] += int(vat)
    return [
        VatSale(key.rate, key.treatment, key.kind, key.on_collection, net, vats[key])
        for key, net in nets.items()
    ]
