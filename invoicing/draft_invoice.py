"""Makes a draft invoice: no number yet, free to change. Called by the editor page, the import and the demo."""

from __future__ import annotations

from sqlalchemy import or_, select

from core.database import db
from invoicing.draft_content import customer_of_draft, write_content
from invoicing.draft_input import DraftInput, LineInput, checked_draft
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document

__all__ = ["DraftInput", "LineInput", "draft_invoice"]


def draft_invoice(
    given: DraftInput, *, kind: DocumentKind = DocumentKind.INVOICE, actor_id: int | None = None
) -> Document:
    """Make a draft invoice. A known external reference (an import run twice) or request key (a form sent twice) returns
    the document made before.

    Args:
        given: what was typed; amounts are scaled integers, see `LineInput`.
        kind: an invoice, or a quote.
        actor_id: who does it.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    checked = checked_draft(given)
    customer = customer_of_draft(checked.customer_id)
    earlier = _earlier(checked)
    if earlier is not None:
        return earlier
    document = Document(
        kind=kind,
        state=DocumentState.DRAFT,
        created_by_id=actor_id,
        request_key=checked.request_key,
    )
    write_content(document, checked, customer)
    db.session.add(document)
    db.session.flush()
    return document


def _earlier(given: DraftInput) -> Document | None:
    keys = []
    if given.external_reference is not None:
        keys.append(Document.external_reference == given.external_reference)
    if given.request_key is not None:
        keys.append(Document.request_key == given.request_key)
    return db.session.scalars(select(Document).where(or_(*keys))).one_or_none() if keys else None
