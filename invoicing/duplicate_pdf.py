"""The marked duplicate of an invoice whose link was replaced: the frozen document, drawn with the link in use.

Attached to mails and served by the customer's page in place of the original, which carries the dead address. It holds
no e-invoice: the one inside the original was issued once, and a program that reads the mail must not count it twice.
"""

from __future__ import annotations

from dataclasses import replace

from flask_babel import force_locale, gettext
from sqlalchemy import select

from core.database import db, transaction
from core.files import put_bytes, register_file
from core.mail import Attachment
from invoicing.document_view import DocumentView
from invoicing.locked_documents import locked_document
from invoicing.models import PaymentLinkDuplicate
from invoicing.payment_link import link_of
from invoicing.render_pdf import MEDIA_TYPE, ensure_pdf, file_name, pdf_bytes


def pdf_with_link(view: DocumentView) -> Attachment:
    """The PDF of an issued document whose link works: the original, or the duplicate once its link was replaced.

    Draws what is not drawn yet; opens transactions.
    """
    original = ensure_pdf(view.document_id)
    if not view.link_was_replaced:
        return Attachment(file_name(view), original.stored_file.sha256, MEDIA_TYPE)
    return Attachment(name_with_link(view), _ensure_duplicate(view.document_id, view), MEDIA_TYPE)


def name_with_link(view: DocumentView) -> str:
    """What that PDF is called: `Facture F2026-00042 – Duplicata.pdf` when it is the duplicate."""
    if not view.link_was_replaced:
        return file_name(view)
    with force_locale(view.language):
        words = gettext("Duplicate copy")
    return f"{file_name(view).removesuffix('.pdf')} – {words}.pdf"


def _ensure_duplicate(document_id: int, view: DocumentView) -> str:
    """The hash of the stored duplicate of the link in use; drawn now when there is none."""
    link = link_of(document_id)
    assert link is not None, "its link was replaced, so it has one"
    found = _stored(link.id)
    if found is not None:
        return found.stored_file.sha256
    link_id = link.id
    db.session.rollback()  # the read transaction ends before the drawing begins
    content = pdf_bytes(replace(view, is_duplicate=True))
    digest = put_bytes(content)
    with transaction():
        locked_document(document_id)
        if _stored(link_id) is None:
            stored = register_file(digest, len(content), MEDIA_TYPE)
            db.session.add(PaymentLinkDuplicate(link_id=link_id, stored_file_id=stored.id))
            db.session.flush()
    return digest


def _stored(link_id: int) -> PaymentLinkDuplicate | None:
    found = select(PaymentLinkDuplicate).where(PaymentLinkDuplicate.link_id == link_id)
    return db.session.scalars(found).one_or_none()
