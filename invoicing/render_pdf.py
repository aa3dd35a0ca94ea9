"""The PDF of a document: drawn once from the frozen copy with its e-invoice inside, stored, its hash sealed. Drafts get
a marked preview.

Rendering takes a tenth of a second and holds no transaction, so many can be drawn at once; when two workers draw the
same document, one row wins and the other's file, equal to the byte, is harmless. Called by the document's page, by
`dispatch_sendings` and by the job that issue wakes.
"""

from __future__ import annotations

import threading
from pathlib import Path

import structlog
from flask import current_app, render_template
from flask_babel import force_locale
from sqlalchemy import select

from core.colours import text_colour
from core.database import db, transaction
from core.files import put_bytes, register_file
from core.helpers import spread
from core.jobs import sweep, wake
from core.seal import seal
from core.tenancy import in_company
from core.todo import open_todos, strike_todo
from invoicing.document_columns import columns_of
from invoicing.document_view import DocumentView, document_view
from invoicing.document_words import is_long, unit_text, words_of
from invoicing.einvoice_xml import xml_of
from invoicing.lifecycle import TodoKind
from invoicing.locked_documents import locked_document
from invoicing.logo import logo_address
from invoicing.models import DocumentFile, FileKind
from invoicing.payment_codes import link_code, transfer_code

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/pdf"
_TEMPLATE = "pdf/document.html"
_STYLESHEET = "templates/pdf/document.css"


def ensure_pdf(document_id: int) -> DocumentFile:
    """The stored PDF of an issued document of the company entered; drawn now when there is none. Opens a transaction.

    Raises:
        NotFoundError: this company has none of that id.
    """
    found = pdf_of(document_id)
    if found is not None:
        return found
    view, xml = document_view(document_id), xml_of(document_id)
    einvoice = "" if xml is None else xml.content
    assert not view.is_draft, "a draft has no PDF for ever: use draft_pdf()"
    db.session.rollback()  # the read transaction ends before the drawing begins
    content = issued_pdf(view, einvoice)
    digest = put_bytes(content)
    with transaction():
        return _record(document_id, digest, len(content))


def _record(document_id: int, digest: str, size_bytes: int) -> DocumentFile:
    locked_document(document_id)
    strike_todo(TodoKind.PDF, document_id)
    found = pdf_of(document_id)
    if found is not None:
        return found
    stored = register_file(digest, size_bytes, MEDIA_TYPE)
    file = DocumentFile(document_id=document_id, kind=FileKind.PDF, stored_file_id=stored.id)
    db.session.add(file)
    db.session.flush()
    seal("document_pdf", file.id)
    return file


def pdf_of(document_id: int) -> DocumentFile | None:
    """The stored PDF of a document, if it was drawn already."""
    return db.session.scalars(
        select(DocumentFile).where(DocumentFile.document_id == document_id, DocumentFile.kind == FileKind.PDF)
    ).one_or_none()


def draft_pdf(document_id: int) -> bytes:
    """A preview of a draft with its watermark; nothing is stored.

    Raises:
        NotFoundError: this company has none of that id.
    """
    return pdf_bytes(document_view(document_id))


def issued_pdf(view: DocumentView, einvoice: str) -> bytes:
    """The PDF of an issued document with its e-invoice inside; without one when `einvoice` is empty (a quote has none).

    The same view and the same text give the same bytes.
    """
    # WeasyPrint takes as long to import as all the rest: only who draws waits for it.
    from invoicing.pdf_einvoice import Embedded  # noqa: PLC0415
    from invoicing.pdf_engine import html_to_pdf  # noqa: PLC0415

    assert view.issued_at is not None or not einvoice, "a draft has no e-invoice"
    inside = Embedded(einvoice.encode(), view.issued_at) if einvoice and view.issued_at else None
    return html_to_pdf(document_html(view), Path(current_app.root_path) / _STYLESHEET, inside)


def pdf_bytes(view: DocumentView) -> bytes:
    """Draw a view in its own language, without e-invoice. The same view gives the same bytes."""
    return issued_pdf(view, "")


def document_html(view: DocumentView) -> str:
    """The HTML that becomes the PDF."""
    with force_locale(view.language):
        words = words_of(view)
        return render_template(
            _TEMPLATE,
            view=view,
            words=words,
            columns=columns_of(view, words.rows),
            accent=text_colour(view.seller.colour),
            logo=logo_address(view.seller.logo_sha256),
            link_qr=link_code(view.payment_url if view.asks_for_money else view.answer_url),
            transfer_qr=_transfer_code(view),
            unit_text=unit_text,
            is_long=is_long,
        )


def _transfer_code(view: DocumentView) -> str:
    if not (view.asks_for_money and view.number and view.seller.iban):
        return ""
    return transfer_code(view.seller, view.number, view.total_cents)


def file_name(view: DocumentView) -> str:
    """What the PDF is called when it is saved: `Facture F2026-00042.pdf`, without what a file system refuses."""
    with force_locale(view.language):
        heading = words_of(view).heading
    return f"{heading.replace('/', '-')}.pdf"


DRAWING = "draw_document"
"""The work that a worker's helpers do: draw a document, then make the mails that wait for it."""

_drawing = threading.Lock()


def is_drawing() -> bool:
    """Whether `render_documents` is at work in this process: what it has in hand must not be drawn twice."""
    return _drawing.locked()


@sweep("render_documents")
def render_documents() -> None:
    """Draw every issued document that has no PDF yet, of all companies; one that fails does not stop the others.

    Many are spread over the worker's helpers. What was not sent meanwhile, because it was in hand here, is sent then.
    """
    waiting = open_todos(TodoKind.PDF)
    with _drawing:
        if not spread(DRAWING, waiting):
            for company_id, document_id in waiting:
                with in_company(company_id):
                    _tried(document_id)
    if waiting:
        wake("dispatch_sendings")


def _tried(document_id: int) -> None:
    try:
        ensure_pdf(document_id)
    except Exception:
        db.session.rollback()
        log.exception("document_not_rendered", document_id=document_id)
