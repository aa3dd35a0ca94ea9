"""Changes a draft invoice; called by the editor page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db
from core.versions import count_save, is_changed
from invoicing.draft_content import customer_of_draft, write_content
from invoicing.draft_input import DraftInput, checked_draft
from invoicing.errors import InvalidInputError
from invoicing.locked_documents import locked_draft
from invoicing.models import Document


def update_draft(document_id: int, given: DraftInput, *, version: int | None = None) -> Document:
    """Replace everything a draft says, lines included.

    Args:
        document_id: the draft.
        given: what was typed.
        version: the version the person's page showed; None for what comes from no page.

    Raises:
        OutdatedError: the draft was saved since that version, and says something else.
        InvalidInputError: naming every field that is wrong; the draft stays as it was.
        NotFoundError: there is no such document.
        NotADraftError: it has been issued meanwhile.
    """
    checked = checked_draft(given)
    document = locked_draft(document_id)
    customer = customer_of_draft(checked.customer_id)
    if checked.external_reference is not None:
        _refuse_taken_reference(checked.external_reference, document_id)
    with db.session.no_autoflush:
        write_content(document, checked, customer)
        if is_changed():
            count_save(document, version)
    db.session.flush()
    return document


def _refuse_taken_reference(reference: str, document_id: int) -> None:
    holder = db.session.scalars(
        select(Document.id).where(Document.external_reference == reference)
    ).one_or_none()
    if holder not in (None, document_id):
        raise InvalidInputError({"external_reference": _l("Another document already has this reference.")})
