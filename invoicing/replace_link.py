"""Gives an invoice a new payment address because the old one fell into wrong hands. Called by a button on the invoice.

The old address then says why it is dead, for ever. The frozen PDF is not drawn again: mails and the customer's page
give a marked duplicate that carries the new one (`duplicate_pdf`).
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.errors import ConflictError
from core.event_log import record_event
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.locked_documents import locked_document
from invoicing.payment_link import link_of, new_link


def replace_link(document_id: int, *, seen: str | None = None, actor_id: int | None = None) -> str:
    """Make a new link the one in use, in the open transaction; returns its token.

    Args:
        document_id: an issued invoice of the company entered.
        seen: the token of the link that the person's page showed: when it is replaced already (a double click), nothing
            is done. None when no page is behind it.
        actor_id: who does it.

    Raises:
        NotFoundError: this company has no such document.
        ConflictError: it is no issued invoice.
    """
    document = locked_document(document_id)
    if document.kind is not DocumentKind.INVOICE or document.state is not DocumentState.ISSUED:
        raise ConflictError(_l("Only an issued invoice has a payment link."))
    former = link_of(document_id)
    assert former is not None, "every issued invoice has a link"
    if seen is not None and seen != former.token:
        return former.token
    token = new_link(document_id)
    record_event("link.replaced", actor_id=actor_id, subject=("document", document_id), former_id=former.id)
    return token
