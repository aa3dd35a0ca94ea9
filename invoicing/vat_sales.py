"""What issued documents say of the VAT of a period, for the report of VAT: see `accounting.reading.vat_sales`."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from accounting.facts import SupplyKind, VatRegime
from accounting.models import JournalEntry
from accounting.reading.vat_sales import VatSale
from core.database import db
from invoicing.lifecycle import DocumentKind, InvoiceType
from invoicing.models import DepositUse, Document, DocumentLine, DocumentVat
from invoicing.vat_cases import treatment_of

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
    nets, vats = Counter[VatSale](), Counter[VatSale]()
    for statement in (_of_documents(), _of_deposits()):
        in_period = statement.where(
            JournalEntry.source_kind == "document",
            JournalEntry.purpose == "sale",
            JournalEntry.entry_date.between(starts_on, ends_on),
        )
        for row in db.session.execute(in_period.group_by(*_KEYS)):
            key = _key_of(row)
            nets[key] += int(row[-2])
            vats[key] += int(row[-1])
    return [
        VatSale(key.rate, key.treatment, key.kind, key.on_collection, net, vats[key])
        for key, net in nets.items()
    ]


def _key_of(row: Any) -> VatSale:
    rate, kind, _, _, vat_case, regime, invoice_type, _, _ = row
    waits = invoice_type is InvoiceType.DEPOSIT or (
        kind is SupplyKind.SERVICE and regime is VatRegime.COLLECTION
    )
    return VatSale(rate, treatment_of(vat_case, row), kind, bool(rate) and waits, 0, 0)


def _sums(sign: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    nets, vats = func.sum(sign * DocumentVat.net_cents), func.sum(sign * DocumentVat.vat_cents)
    return select(*_KEYS, nets, vats).select_from(JournalEntry)


@cache
def _of_documents() -> Select[*tuple[Any, ...]]:
    return (
        _sums(_sign_of(Document))
        .join(Document, Document.id == JournalEntry.source_id)
        .join(DocumentVat, DocumentVat.document_id == Document.id)
    )


@cache
def _of_deposits() -> Select[*tuple[Any, ...]]:
    """Deposits that are booked when they are paid, with the invoice that deducts them: less their credit notes then.

    They have no entry of their own: the final invoice's has their VAT, and the credit note of all of it takes it back.
    """
    final, deposit = aliased(Document), aliased(Document)
    says_deposit = select(DocumentLine.id).where(
        DocumentLine.document_id == final.id, DocumentLine.deposit_id == DepositUse.deposit_id
    )
    is_note_before = and_(Document.credits_id == deposit.id, Document.id <= DepositUse.last_note_id)
    return (
        _sums(_sign_of(final) * _sign_of(Document))
        .join(final, final.id == JournalEntry.source_id)
        .join(DepositUse, DepositUse.final_id == func.coalesce(final.credits_id, final.id))
        .join(deposit, and_(deposit.id == DepositUse.deposit_id, deposit.booked_when_paid))
        .join(Document, or_(Document.id == deposit.id, is_note_before))
        .join(DocumentVat, DocumentVat.document_id == Document.id)
        .where(says_deposit.exists())
    )


def _sign_of(document: Any) -> ColumnElement[int]:
    return case((document.kind == DocumentKind.CREDIT_NOTE, -1), else_=1)
