"""Makes a draft invoice: no number yet, free to change. Called by the editor page, the import and the demo."""

from __future__ import annotations

from sqlalchemy import select

from core.database import db
from invoicing.draft_content import customer_of_draft, write_content
from invoicing.draft_input import DraftInput, LineInput, checked_draft
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document

__all__ = ["DraftInput", "LineInput", "draft_invoice"]


def draft_invoice(given: DraftInput, *, actor_id: int | None = None) -> Document:
    """Make a draft invoice. An import run twice is harmless: a known external reference returns the earlier document.

    Args:
        given: what was typed; amounts are scaled integers, see `LineInput`.
        actor_id: who does it.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    checked = checked_draft(given)
    customer = customer_of_draft(checked.customer_id)
    earlier = _earlier(checked.external_reference)
    if earlier is not None:
        return earlier
    document = Document(kind=DocumentKind.INVOICE, state=DocumentState.DRAFT, created_by_id=actor_id)
    write_content(document, checked, customer)
    db.session.add(document)
    db.session.flush()
    return document


def _earlier(external_reference: str | None) -> Document | None:
    if external_reference is None:
        return None
    return db.session.scalars(
        select(Document).where(Document.external_reference == external_reference)
    ).one_or_none()
