"""Documents under lock: every verb that decides on a document reads it here, inside its transaction."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from core.database import db, for_update, lock_prepared
from core.tenancy import scoped
from invoicing.errors import NotADraftError, NotFoundError
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document, DocumentLine

_DOCUMENT = scoped(for_update(select(Document).where(Document.id == bindparam("document_id"))))
_LINES = scoped(
    select(DocumentLine)
    .where(DocumentLine.document_id == bindparam("document_id"))
    .order_by(DocumentLine.position)
    .execution_options(populate_existing=True)
)


def locked_document(document_id: int) -> Document:
    """The document, locked and re-read.

    Raises:
        NotFoundError: this company has none of that id.
    """
    document = lock_prepared(_DOCUMENT, document_id=document_id)
    if document is None:
        raise NotFoundError(_l("This document does not exist, or was deleted."))
    return document


def read_lines(document: Document) -> None:
    """Read the lines of a locked document anew, in half the time of the first use of `document.lines`."""
    lines = db.session.scalars(_LINES, {"document_id": document.id}).all()
    set_committed_value(document, "lines", list(lines))


def locked_draft(document_id: int) -> Document:
    """The draft, locked and re-read.

    Raises:
        NotFoundError: this company has none of that id.
        NotADraftError: it has been issued.
    """
    document = locked_document(document_id)
    if document.state is not DocumentState.DRAFT:
        raise NotADraftError
    return document


def locked_issued_invoice(document_id: int) -> Document:
    """The issued invoice, locked and re-read.

    Raises:
        NotFoundError: this company has no issued invoice of that id.
    """
    document = locked_document(document_id)
    if document.kind is not DocumentKind.INVOICE or document.state is not DocumentState.ISSUED:
        raise NotFoundError(_l("This is not an issued invoice."))
    return document
