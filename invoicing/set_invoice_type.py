"""Makes a draft a deposit invoice, or a plain one again: for a deposit that no quote stands behind.

A deposit is due on receipt, and its amount is no sale yet. Called by the draft's page.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.database import db
from core.errors import ConflictError
from core.versions import count_save
from invoicing.lifecycle import DocumentKind, InvoiceType
from invoicing.locked_documents import locked_draft
from invoicing.models import Document


def set_deposit(draft_id: int, *, is_deposit: bool, version: int | None = None) -> Document:
    """Say whether a draft invoice asks for a deposit. Said again, nothing changes.

    Args:
        draft_id: the draft.
        is_deposit: what it is to be.
        version: the version the person's page showed; None for what comes from no page.

    Raises:
        OutdatedError: the draft was saved since that version.
        NotFoundError: there is no such document.
        NotADraftError: it has been issued.
        ConflictError: it is no invoice, or deducts deposits itself.
    """
    draft = locked_draft(draft_id)
    if draft.kind is not DocumentKind.INVOICE or any(line.deposit_id is not None for line in draft.lines):
        raise ConflictError(_l("This document cannot become a deposit invoice."))
    if (draft.invoice_type is InvoiceType.DEPOSIT) is is_deposit:
        return draft
    count_save(draft, version)
    draft.invoice_type = InvoiceType.DEPOSIT if is_deposit else InvoiceType.STANDARD
    if is_deposit:
        draft.payment_terms_days, draft.due_date = 0, None
    db.session.flush()
    return draft
