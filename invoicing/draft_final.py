"""Makes the draft of the invoice that follows an accepted quote: its lines in full, less the deposits invoiced on it.

Deposits are repeated as lines of negative quantity (XP Z12-014 §3.2.19), so that the invoice, its e-invoice and the
ledger say the same. Called by the quote's page.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.database import db
from core.errors import ConflictError
from core.versions import count_save, is_changed
from invoicing.deposits import deduction_lines, open_deposits
from invoicing.draft_content import rewrite_lines
from invoicing.draft_input import DraftInput, LineInput
from invoicing.draft_invoice import draft_invoice
from invoicing.lifecycle import DocumentKind, InvoiceType
from invoicing.locked_documents import locked_draft
from invoicing.models import Document
from invoicing.parties import read_address
from invoicing.quotes import accepted_quote

SAID = (
    "customer_id", "language", "prices_include_vat", "purchase_order", "note", "vat_case", "vat_ground",
    "discount_rate", "discount_cents", "discount_label", "period_start", "period_end", "buyer_reference",
    "contract_reference", "conditions", "payment_terms_days",
)  # fmt: skip


def draft_final(quote_id: int, *, request_key: str | None = None, actor_id: int | None = None) -> Document:
    """Draft the invoice of an accepted quote; a final invoice when deposits are to be deducted, else a plain one.

    Raises:
        NotFoundError: there is no such quote.
        ConflictError: the quote has not been accepted.
    """
    basis = accepted_quote(quote_id)
    quote = basis.quote
    deposits = open_deposits(quote.customer_id, quote.id)
    given = DraftInput(
        lines=(
            *basis.lines,
            *deduction_lines(deposits, quote.language, includes_vat=quote.prices_include_vat),
        ),
        delivery=read_address(quote.delivery),
        request_key=request_key,
        **{name: getattr(quote, name) for name in SAID},
    )
    draft = draft_invoice(given, actor_id=actor_id)
    draft.quote_id = quote.id
    draft.invoice_type = InvoiceType.FINAL if deposits else InvoiceType.STANDARD
    db.session.flush()
    return draft


def deduct_deposits(draft_id: int, *, version: int | None = None) -> int:
    """Put the deposits that may be deducted onto a draft, anew; returns how many there are.

    For the draft of a quote these are the quote's deposits; for another one those of its customer without a quote.

    Args:
        draft_id: the draft.
        version: the version the person's page showed; None for what comes from no page.

    Raises:
        OutdatedError: the draft was saved since that version, and deducts something else.
        ConflictError: it is no invoice, or asks for a deposit itself.
        NotFoundError: there is no such document.
        NotADraftError: it has been issued.
    """
    draft = locked_draft(draft_id)
    if draft.kind is not DocumentKind.INVOICE or draft.invoice_type is InvoiceType.DEPOSIT:
        raise ConflictError(_l("Deposits are deducted from a plain invoice."))
    deposits = open_deposits(draft.customer_id, draft.quote_id)
    kept = tuple(LineInput.of(line) for line in draft.lines if line.deposit_id is None)
    with db.session.no_autoflush:
        deducted = deduction_lines(deposits, draft.language, includes_vat=draft.prices_include_vat)
        rewrite_lines(draft, (*kept, *deducted))
        draft.invoice_type = InvoiceType.FINAL if deposits else InvoiceType.STANDARD
        if is_changed():
            count_save(draft, version)
    db.session.flush()
    return len(deposits)
