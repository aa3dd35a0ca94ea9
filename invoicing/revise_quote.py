"""Makes the draft of a quote that is to stand instead of an issued one. Called by the quote's page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db
from core.errors import ConflictError
from invoicing.attachments import read_attachments
from invoicing.draft_final import SAID
from invoicing.draft_input import DraftInput, LineInput
from invoicing.draft_invoice import draft_invoice
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.locked_documents import locked_document
from invoicing.models import Document
from invoicing.parties import read_address
from invoicing.quotes import answer_of, find_quote


def revise_quote(quote_id: int, *, actor_id: int | None = None) -> Document:
    """Copy a quote that nobody has answered; once the copy is issued, the old one can no longer be accepted.

    Asked again (a double click, another window), the draft made before is returned.

    Raises:
        NotFoundError: this company has no such quote.
        ConflictError: it is a draft, or was answered.
    """
    locked_document(quote_id)
    quote = find_quote(quote_id)
    if quote.state is not DocumentState.ISSUED or answer_of(quote_id) is not None:
        raise ConflictError(_l("Only a quote that waits for its answer can be replaced."))
    drafts = select(Document).where(
        Document.quote_id == quote_id,
        Document.kind == DocumentKind.QUOTE,
        Document.state == DocumentState.DRAFT,
    )
    earlier = db.session.scalars(drafts.limit(1)).one_or_none()
    if earlier is not None:
        return earlier
    given = DraftInput(
        lines=tuple(LineInput.of(line) for line in quote.lines),
        delivery=read_address(quote.delivery),
        attachments=read_attachments(quote.attachments),
        **{name: getattr(quote, name) for name in SAID},
    )
    draft = draft_invoice(given, kind=DocumentKind.QUOTE, actor_id=actor_id)
    draft.quote_id = quote.id
    db.session.flush()
    return draft
