"""Turns each receipt that is owed into one mail: draws the PDF, then writes mail and mark in one transaction.

Run by the job that `tell_payment` wakes and by the periodic sweep; run twice, or by two workers at once, it makes one
mail, because the notice is locked before its mark is looked for.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select

from core.database import db, lock, transaction
from core.files import put_bytes, register_file
from core.jobs import sweep
from core.mail import Attachment
from core.tenancy import in_company
from core.todo import open_todos, strike_todo
from invoicing.invoice_mail import InvoiceMail
from invoicing.lifecycle import TodoKind
from invoicing.models import PaymentNotice, PaymentNoticeMail
from invoicing.payments import Payment
from invoicing.queue_once import queue_once
from invoicing.receipt_view import ReceiptView, receipt_view
from invoicing.receipts import receipt_mail, receipt_name, receipt_pdf
from invoicing.render_pdf import MEDIA_TYPE

log = structlog.get_logger(__name__)


@sweep("dispatch_receipts")
def dispatch_receipts() -> None:
    """Make the mail of every receipt that has none, of all companies; one that fails does not stop the others."""
    for company_id, notice_id in open_todos(TodoKind.RECEIPT):
        with in_company(company_id):
            try:
                _dispatch(notice_id)
            except Exception:
                db.session.rollback()
                log.exception("receipt_not_dispatched", notice_id=notice_id)


def _dispatch(notice_id: int) -> None:
    notice = db.session.get_one(PaymentNotice, notice_id)
    if _is_cancelled(notice.payment_id):
        db.session.rollback()
        with transaction():
            strike_todo(TodoKind.RECEIPT, notice_id)
        return
    view = receipt_view(notice.payment_id, notice.document_id)
    mail = receipt_mail(view)
    db.session.rollback()  # the read transaction ends before the drawing begins
    content = receipt_pdf(view)
    digest = put_bytes(content)
    with transaction():
        register_file(digest, len(content), MEDIA_TYPE)
        _queue(notice_id, view, mail, Attachment(receipt_name(view), digest, MEDIA_TYPE))


def _is_cancelled(payment_id: int) -> bool:
    return db.session.get_one(Payment, payment_id).reversal is not None


def _queue(notice_id: int, view: ReceiptView, mail: InvoiceMail, attachment: Attachment) -> None:
    notice = lock(select(PaymentNotice).where(PaymentNotice.id == notice_id))
    assert notice is not None, "notices are never deleted"
    made = select(PaymentNoticeMail).where(PaymentNoticeMail.notice_id == notice_id)
    seller = view.invoice.seller
    mail_id = queue_once(
        TodoKind.RECEIPT, notice, made, mail,
        reply_to=seller.email, sender_name=seller.name, attachments=[attachment],
    )  # fmt: skip
    if mail_id is not None:
        db.session.add(PaymentNoticeMail(notice_id=notice_id, mail_id=mail_id))
        db.session.flush()
