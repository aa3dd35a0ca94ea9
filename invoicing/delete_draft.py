"""Deletes a draft; an issued document can never be deleted. Called by the document's page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.database import db
from core.errors import ConflictError, OutdatedError
from core.event_log import record_event
from invoicing.lifecycle import DocumentKind
from invoicing.locked_documents import locked_draft

_OUTDATED = _l("Meanwhile this draft was changed, so it was not deleted. Look at it again first.")


def delete_draft(document_id: int, *, version: int | None = None, actor_id: int | None = None) -> None:
    """Delete a draft with its lines; the event log keeps that it existed.

    Args:
        document_id: the draft.
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        OutdatedError: the draft was saved since that version; what somebody has just written is not thrown away.
        NotFoundError: there is no such document (any more).
        NotADraftError: it has been issued.
        ConflictError: it is the pattern of a recurring invoice.
    """
    document = locked_draft(document_id)
    if document.kind is DocumentKind.RECURRING:
        raise ConflictError(_l("A recurring invoice is not deleted: end it instead."))
    if version is not None and version != document.version:
        raise OutdatedError(document.version, _OUTDATED)
    record_event(
        "draft.deleted",
        actor_id=actor_id,
        subject=("document", document_id),
        total_cents=document.total_cents,
    )
    db.session.delete(document)
    db.session.flush()
