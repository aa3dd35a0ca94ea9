"""Copies an invoice, a draft or an issued one, as a new draft; called by its page."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from core.clock import paris_today
from core.errors import ConflictError
from invoicing.attachments import read_attachments
from invoicing.documents import find_document
from invoicing.draft_input import DraftInput, LineInput
from invoicing.draft_invoice import draft_invoice
from invoicing.lifecycle import DocumentKind, LineRole
from invoicing.models import Document, DocumentLine
from invoicing.parties import Address, read_address
from invoicing.vat_rates import rate_now

_COPIED = (
    "language", "prices_include_vat", "vat_case", "vat_ground", "payment_terms_days", "note", "conditions",
    "discount_rate", "discount_cents", "discount_label", "buyer_reference", "contract_reference",
)  # fmt: skip
_COPIED_OF_LINE = (
    "label", "quantity", "unit_price", "kind", "description", "unit", "discount", "vat_ground", "sales_account",
    "item_id",
)  # fmt: skip
_KEPT = (LineRole.ITEM, LineRole.SECTION, LineRole.SUBTOTAL)


def duplicate_invoice(
    document_id: int, *, request_key: str | None = None, actor_id: int | None = None
) -> Document:
    """Make a draft that says the same, at the VAT rates of today. A request key seen before returns its copy.

    What belongs to the one sale stays behind: number, dates and period, the customer's order number, deposits deducted.

    Raises:
        NotFoundError: there is no such document.
        ConflictError: it is no invoice.
        InvalidInputError: its customer was archived, or a rate of the company's own has ended.
    """
    document = find_document(document_id)
    if document.kind is not DocumentKind.INVOICE:
        raise ConflictError(_l("Only an invoice can be duplicated."))
    if document.is_taken_over:
        raise ConflictError(
            _l("This invoice was taken over from other software: its lines are not known here.")
        )
    return draft_invoice(copied_input(document, paris_today(), request_key=request_key), actor_id=actor_id)


def copied_input(document: Document, today: date, **more: Any) -> DraftInput:
    """What a copy of a document says, at the VAT rates of that day; `more` is what it says besides."""
    return DraftInput(
        customer_id=document.customer_id,
        lines=tuple(_line(line, today) for line in document.lines if line.role in _KEPT),
        delivery=read_address(document.delivery) or Address(),
        attachments=read_attachments(document.attachments),
        **{name: getattr(document, name) for name in _COPIED},
        **more,
    )


def _line(line: DocumentLine, today: date) -> LineInput:
    same = {name: getattr(line, name) for name in _COPIED_OF_LINE}
    return LineInput(**same, role=line.role, vat_rate=rate_now(line.vat_rate, today))
