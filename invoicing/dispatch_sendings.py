"""Turns each sending into one mail: waits for the PDF, composes, and writes mail and mark in one transaction.

Run by the job that `send_invoice` wakes and by the periodic sweep; run twice, or by two workers at once, it makes one
mail, because a sending is locked before its mark is looked for.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.orm import aliased

from core.database import db, lock, transaction
from core.helpers import has_helpers, spreadable
from core.jobs import sweep
from core.mail import Attachment
from core.tenancy import in_company, unscoped
from core.todo import Todo, open_todos
from invoicing.attachments import read_attachments
from invoicing.document_view import view_of
from invoicing.duplicate_pdf import pdf_with_link
from invoicing.invoice_mail import InvoiceMail, invoice_mail
from invoicing.lifecycle import TodoKind
from invoicing.message_texts import MessageText
from invoicing.models import Document, Sending, SendingMail
from invoicing.queue_once import queue_once
from invoicing.render_pdf import DRAWING, ensure_pdf, is_drawing

log = structlog.get_logger(__name__)


@sweep("dispatch_sendings")
def dispatch_sendings() -> None:
    """Make the mail of every sending that has none, of all companies; one that fails does not stop the others.

    What waits to be drawn is passed over where a run is at it or has helpers for it, and comes here again when that
    run ends: drawn here as well, it would be drawn twice, on one core.
    """
    in_hand = _in_hand() if is_drawing() or has_helpers() else set()
    for company_id, sending_id in open_todos(TodoKind.MAIL):
        if sending_id not in in_hand:
            with in_company(company_id):
                _tried(sending_id)


def _in_hand() -> set[int]:
    """The sendings, of all companies, whose documents wait to be drawn."""
    drawn = aliased(Todo)
    statement = (
        select(Sending.id)
        .join(Todo, Todo.subject_id == Sending.id)
        .join(drawn, drawn.subject_id == Sending.document_id)
        .where(Todo.kind == TodoKind.MAIL, drawn.kind == TodoKind.PDF)
    )
    with unscoped():
        return set(db.session.scalars(statement))


@spreadable(DRAWING)
def draw_and_dispatch(document_id: int) -> None:
    """Draw a document and make the mails that wait for it: what a helper does, so that every core is at both."""
    ensure_pdf(document_id)
    waits = select(Todo.subject_id).where(Todo.kind == TodoKind.MAIL)
    sendings = select(Sending.id).where(Sending.document_id == document_id, Sending.id.in_(waits))
    for sending_id in db.session.scalars(sendings).all():
        _tried(sending_id)


def _tried(sending_id: int) -> None:
    try:
        _dispatch(sending_id)
    except Exception:
        db.session.rollback()
        log.exception("sending_not_dispatched", sending_id=sending_id)


def _dispatch(sending_id: int) -> None:
    sending = db.session.get_one(Sending, sending_id)
    ensure_pdf(sending.document_id)
    document = db.session.get_one(Document, sending.document_id)
    view = view_of(document)
    mail = invoice_mail(view, MessageText(sending.subject, sending.text))
    attachments = [
        pdf_with_link(view),
        *read_attachments(document.attachments),
        *read_attachments(sending.attachments),
    ]
    with transaction():
        _queue(sending_id, mail, attachments, view.seller.name)


def _queue(sending_id: int, mail: InvoiceMail, attachments: list[Attachment], sender_name: str) -> None:
    sending = lock(select(Sending).where(Sending.id == sending_id))
    assert sending is not None, "sendings are never deleted"
    made = select(SendingMail).where(SendingMail.sending_id == sending_id)
    mail_id = queue_once(
        TodoKind.MAIL, sending, made, mail,
        reply_to=sending.reply_to, sender_name=sender_name, attachments=attachments,
    )  # fmt: skip
    if mail_id is not None:
        db.session.add(SendingMail(sending_id=sending_id, mail_id=mail_id))
        db.session.flush()
