"""Deletes a draft; an issued document can never be deleted. Called by the document's page."""

from __future__ import annotations

from core.database import db
from core.event_log import record_event
from invoicing.locked_documents import locked_draft


def delete_draft(document_id: int, *, actor_id: int | None = None) -> None:
    """Delete a draft with its lines; the event log keeps that it existed.

    Raises:
        NotFoundError: there is no such document (any more).
        NotADraftError: it has been issued.
    """
    document = locked_draft(document_id)
    record_event(
        "draft.deleted",
        actor_id=actor_id,
        subject=("document", document_id),
        total_cents=document.total_cents,
    )
    db.session.delete(document)
    db.session.flush()
