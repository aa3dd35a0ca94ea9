"""How documents, payments and settlements are written into the seal.

Each settlement has a link of its own: it may come long after the payment it uses, and one slipped in, changed or taken
out is found. A later change of a payload registers a new version and leaves the old one as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import select

from core.database import Base, db
from core.files import StoredFile
from core.seal import Payload, Serializer, register_serializer
from invoicing.einvoice_xml import sha256_of, xml_of
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import CustomerMerge, Document, DocumentFile, DocumentVat, QuoteAnswer
from invoicing.payments import Payment, PaymentReversal, Settlement
from invoicing.receivables import DoubtfulDebt, KeptSurplus, WriteOff
from invoicing.refunds import DisputeWin, InvoiceClaim, Refund, ReopenedInvoice
from invoicing.vat import VatTotals

_DOCUMENT = (
    "kind", "number", "sequence", "customer_id", "external_reference", "language", "prices_include_vat", "issue_date",
    "supply_date", "due_date", "purchase_order", "note", "credits_id", "reason", "issued_at", "regime", "seller",
    "buyer", "mentions", "net_cents", "vat_cents", "rounding_cents", "total_cents",
)  # fmt: skip
_LINE = (
    "position", "kind", "label", "description", "quantity", "unit", "unit_price", "discount", "vat_rate",
    "amount_cents", "net_cents",
)  # fmt: skip
_VAT = ("rate", "kind", "net_cents", "vat_cents")
# What version 2 seals besides: everything that a document may say since.
_DOCUMENT_V2 = (
    *_DOCUMENT, "invoice_type", "vat_case", "vat_ground", "discount_rate", "discount_cents", "discount_label",
    "period_start", "period_end", "valid_until", "buyer_reference", "contract_reference", "delivery", "conditions",
    "quote_id", "attachments",
)  # fmt: skip
# What version 3 of an invoice seals besides: how a deposit is booked.
_INVOICE_V3 = (*_DOCUMENT_V2, "booked_when_paid")
_LINE_V2 = (*_LINE, "role", "vat_ground", "sales_account", "item_id", "deposit_id")
_VAT_V2 = (*_VAT, "category", "ground", "account", "is_deposit", "discount_cents")
_PAYMENT = (
    "customer_id", "method", "amount_cents", "paid_on", "paid_at", "reference", "details", "external_id",
    "recorded_at", "recorded_by_id",
)  # fmt: skip
_REVERSAL = ("payment_id", "kind", "amount_cents", "reversed_on", "reason", "recorded_at", "recorded_by_id")
# What version 2 seals besides: what the bank charged.
_REVERSAL_V2 = (*_REVERSAL, "fee_cents")
_ANSWER = (
    "document_id", "answer", "name", "consent", "reason", "options", "address", "answered_at", "recorded_by_id",
)  # fmt: skip
_SETTLEMENT = (
    "invoice_id", "reversal_id", "payment_id", "credit_note_id", "amount_cents", "settled_on", "undoes_id",
    "created_at",
)  # fmt: skip

# What version 2 seals besides: that a settlement may match a refund.
_SETTLEMENT_V2 = (*_SETTLEMENT, "refund_id")
# What version 3 seals besides: a write-off or a kept surplus.
_SETTLEMENT_V3 = (*_SETTLEMENT_V2, "write_off_id", "kept_id")
_WRITE_OFF = (
    "invoice_id", "kind", "amount_cents", "reduces_price", "written_on", "reason", "undoes_id", "recorded_at",
    "recorded_by_id",
)  # fmt: skip
_DOUBT = (
    "invoice_id", "decided_on", "open_cents", "provision_rate", "provision_cents", "reason", "ends_id", "recorded_at",
    "recorded_by_id",
)  # fmt: skip
_KEPT = (
    "payment_id", "invoice_id", "kind", "amount_cents", "kept_on", "surplus_key", "reason", "undoes_id", "recorded_at",
    "recorded_by_id",
)  # fmt: skip
_REFUND = (
    "payment_id", "kind", "amount_cents", "refunded_on", "reason", "reference", "external_id", "credit_note_id",
    "recorded_at", "recorded_by_id",
)  # fmt: skip
_WIN = ("refund_id", "amount_cents", "won_on", "reference", "external_id", "recorded_at", "recorded_by_id")
_CLAIM = ("reopened_id", "invoice_id", "reason", "claimed_at", "claimed_by_id")

_MERGE = ("source_id", "target_id", "merged_on", "merged_at", "merged_by_id")


def _fields(row: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _document_v1(document_id: int) -> Payload | None:
    document = db.session.get(Document, document_id)
    if document is None:
        return None
    ordered = sorted(document.vat_lines, key=lambda row: (-row.rate, row.kind))
    return {
        **_fields(document, _DOCUMENT),
        "state": document.state,
        "lines": [_fields(line, _LINE) for line in document.lines],
        "vat": [_fields(row, _VAT) for row in ordered],
    }


def _document_v2(document_id: int) -> Payload | None:
    document = db.session.get(Document, document_id)
    if document is None:
        return None
    return _payload(document, _DOCUMENT_V2, document.vat_lines, _hash_of_xml(document_id))


def _invoice_v3(document_id: int) -> Payload | None:
    document = db.session.get(Document, document_id)
    if document is None:
        return None
    return payload_of_document(document, document.vat_lines, _hash_of_xml(document_id))


def _credit_note_v3(document_id: int) -> Payload | None:
    """Version 3 of a credit note says besides whether it is a discount granted after the sale."""
    document = db.session.get(Document, document_id)
    payload = _document_v2(document_id)
    if document is None or payload is None:
        return None
    return {**payload, "is_later_discount": document.is_later_discount}


def _hash_of_xml(document_id: int) -> str:
    """The hash of the e-invoice that is stored; of one that no longer has the hash it was stored with, both."""
    xml = xml_of(document_id)
    if xml is None:
        return ""
    now = sha256_of(xml.content)
    return now if now == xml.sha256 else f"{xml.sha256} {now}"


def payload_of_document(
    document: Document, vat: Iterable[DocumentVat | VatTotals], xml_sha256: str = ""
) -> Payload:
    """What the serializer reads of an issued invoice; the verb that wrote its VAT rows has them at hand.

    Args:
        xml_sha256: hash of its e-invoice; empty when it has none.
    """
    return _payload(document, _INVOICE_V3, vat, xml_sha256)


def _payload(
    document: Document, names: tuple[str, ...], vat: Iterable[DocumentVat | VatTotals], xml_sha256: str
) -> Payload:
    ordered = sorted(
        vat, key=lambda row: (-row.rate, row.kind, row.category, row.ground, row.account, row.is_deposit)
    )
    return {
        **_fields(document, names),
        "state": document.state,
        "lines": [_fields(line, _LINE_V2) for line in document.lines],
        "vat": [_fields(row, _VAT_V2) for row in ordered],
        "xml_sha256": xml_sha256,
    }


def payload_of_settlement(row: Mapping[str, Any]) -> Payload:
    """What the serializer will read of a settlement as it is written."""
    return {name: row[name] for name in _SETTLEMENT_V3}


def _row_v1(model: type[Base], names: tuple[str, ...]) -> Callable[[int], Payload | None]:
    def payload(row_id: int) -> Payload | None:
        row = db.session.get(model, row_id)
        return None if row is None else _fields(row, names)

    return payload


def _refund_v2(refund_id: int) -> Payload | None:
    """Version 2 says besides where the money went out."""
    payload = _refund_v1(refund_id)
    if payload is None:
        return None
    return {**payload, "treasury_account_id": db.session.get_one(Refund, refund_id).treasury_account_id}


def _refund_v1(refund_id: int) -> Payload | None:
    """A refund with what it opened again: such a row slipped in or taken away later is found."""
    refund = db.session.get(Refund, refund_id)
    if refund is None:
        return None
    rows = select(ReopenedInvoice).where(ReopenedInvoice.refund_id == refund_id).order_by(ReopenedInvoice.id)
    reopened = [_fields(row, ("id", "invoice_id", "amount_cents")) for row in db.session.scalars(rows)]
    return {**_fields(refund, _REFUND), "reopened": reopened}


def _write_off_v1(write_off_id: int) -> Payload | None:
    """A write-off with the VAT in it."""
    row = db.session.get(WriteOff, write_off_id)
    if row is None:
        return None
    vat = [_fields(part, ("id", "vat_rate", "is_waiting", "vat_cents")) for part in row.vat]
    return {**_fields(row, _WRITE_OFF), "vat": vat}


def _kept_v1(kept_id: int) -> Payload | None:
    """A kept surplus with the VAT in it."""
    row = db.session.get(KeptSurplus, kept_id)
    if row is None:
        return None
    return {
        **_fields(row, _KEPT),
        "vat": [_fields(part, ("id", "vat_rate", "vat_cents")) for part in row.vat],
    }


def _document_pdf_v1(file_id: int) -> Payload | None:
    row = db.session.get(DocumentFile, file_id)
    if row is None:
        return None
    stored = db.session.get_one(StoredFile, row.stored_file_id)
    return {
        "document_id": row.document_id, "kind": row.kind, "sha256": stored.sha256, "size_bytes": stored.size_bytes,
        "media_type": stored.media_type, "created_at": row.created_at,
    }  # fmt: skip


def _issued(kind: DocumentKind) -> Callable[[int | None], Iterable[int]]:
    def subjects(company_id: int | None) -> Iterable[int]:
        if company_id is None:
            return ()
        return db.session.scalars(
            select(Document.id).where(Document.kind == kind, Document.state == DocumentState.ISSUED)
        )

    return subjects


def _all_of(
    model: type[
        Payment
        | PaymentReversal
        | Refund
        | DisputeWin
        | InvoiceClaim
        | Settlement
        | DocumentFile
        | QuoteAnswer
        | CustomerMerge
        | WriteOff
        | DoubtfulDebt
        | KeptSurplus
    ],
) -> Callable[[int | None], Iterable[int]]:
    def subjects(company_id: int | None) -> Iterable[int]:
        return () if company_id is None else db.session.scalars(select(model.id))

    return subjects


for _kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
    register_serializer(Serializer(_kind.value, 1, _document_v1, _issued(_kind)))
for _kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE, DocumentKind.QUOTE):
    register_serializer(Serializer(_kind.value, 2, _document_v2, _issued(_kind)))
register_serializer(
    Serializer(DocumentKind.CREDIT_NOTE.value, 3, _credit_note_v3, _issued(DocumentKind.CREDIT_NOTE))
)
register_serializer(Serializer(DocumentKind.INVOICE.value, 3, _invoice_v3, _issued(DocumentKind.INVOICE)))
register_serializer(Serializer("payment", 1, _row_v1(Payment, _PAYMENT), _all_of(Payment)))
register_serializer(
    Serializer("payment_reversal", 1, _row_v1(PaymentReversal, _REVERSAL), _all_of(PaymentReversal))
)
register_serializer(
    Serializer("payment_reversal", 2, _row_v1(PaymentReversal, _REVERSAL_V2), _all_of(PaymentReversal))
)
register_serializer(Serializer("settlement", 1, _row_v1(Settlement, _SETTLEMENT), _all_of(Settlement)))
register_serializer(Serializer("settlement", 2, _row_v1(Settlement, _SETTLEMENT_V2), _all_of(Settlement)))
register_serializer(Serializer("settlement", 3, _row_v1(Settlement, _SETTLEMENT_V3), _all_of(Settlement)))
register_serializer(Serializer("write_off", 1, _write_off_v1, _all_of(WriteOff)))
register_serializer(Serializer("doubtful_debt", 1, _row_v1(DoubtfulDebt, _DOUBT), _all_of(DoubtfulDebt)))
register_serializer(Serializer("kept_surplus", 1, _kept_v1, _all_of(KeptSurplus)))
register_serializer(Serializer("refund", 1, _refund_v1, _all_of(Refund)))
register_serializer(Serializer("refund", 2, _refund_v2, _all_of(Refund)))
register_serializer(Serializer("dispute_win", 1, _row_v1(DisputeWin, _WIN), _all_of(DisputeWin)))
register_serializer(Serializer("invoice_claim", 1, _row_v1(InvoiceClaim, _CLAIM), _all_of(InvoiceClaim)))
register_serializer(Serializer("document_pdf", 1, _document_pdf_v1, _all_of(DocumentFile)))
register_serializer(Serializer("quote_answer", 1, _row_v1(QuoteAnswer, _ANSWER), _all_of(QuoteAnswer)))
register_serializer(Serializer("customer_merge", 1, _row_v1(CustomerMerge, _MERGE), _all_of(CustomerMerge)))
