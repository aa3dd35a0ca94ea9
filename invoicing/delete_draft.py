"""Deletes a draft; an issued document can never be deleted. Called by the document's page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from invoicing.lifecycle import DocumentKind
from invoicing.locked_documents import locked_draft


def delete_draft(document_id: int, *, actor_id: int | None = None) -> None:
    """Delete a draft with its lines; the event log keeps that it existed.

    Raises:
        NotFoundError: there is no such document (any more).
        NotADraftError: it has been issued.
        ConflictError: it is the pattern of a recurring invoice.
    """
    document = locked_draft(document_id)
    if document.kind is DocumentKind.RECURRING:
        raise ConflictError(_l("A recurring invoice is not deleted: end it instead."))
    record_event(
        "draft.deleted",
        actor_id=actor_id,
        subject=("document", document_id),
        total_cents=document.total_cents,
    )
    db.session.delete(document)
    db.session.flush()
