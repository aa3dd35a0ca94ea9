"""Sends the receipt of a payment because somebody asks for it: of a transfer or a cheque, or of a card once more.

Called by the page of the payment. What goes out by itself is in `tell_payment`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db, lock
from core.errors import ConflictError
from core.event_log import record_event
from core.mail import OutboxMail
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.models import NoticeKind, PaymentNotice, PaymentNoticeMail
from invoicing.payments import Payment, Settlement
from invoicing.send_invoice import LONGEST_REQUEST_KEY, proposed_recipients
from invoicing.send_to_contacts import NO_RECIPIENT
from invoicing.sending_status import SendingState, state_of_mail
from invoicing.tell_payment import leave_receipt


def send_receipt(payment_id: int, *, request_key: str, actor_id: int | None = None) -> PaymentNotice:
    """Send the receipt to the contacts that receive invoices. The same `request_key` twice (a double click) is one.

    Raises:
        NotFoundError: this company has no such payment.
        ConflictError: it was cancelled, or settled no invoice.
        InvalidInputError: the customer has no address to send to.
    """
    assert 0 < len(request_key) <= LONGEST_REQUEST_KEY, "the form makes the key"
    payment = lock(select(Payment).where(Payment.id == payment_id))
    if payment is None:
        raise NotFoundError
    same = (
        PaymentNotice.payment_id == payment_id,
        PaymentNotice.kind == NoticeKind.RECEIPT,
        PaymentNotice.request_key == request_key,
    )
    earlier = db.session.scalars(select(PaymentNotice).where(*same)).one_or_none()
    if earlier is not None:
        return earlier
    if payment.reversal is not None:
        raise ConflictError(_l("This payment was cancelled: there is nothing to give a receipt for."))
    document_id = invoice_of(payment_id)
    if document_id is None:
        raise ConflictError(_l("This payment has settled no invoice yet, so it has no receipt."))
    recipients = proposed_recipients(payment.customer_id)
    if not recipients:
        raise InvalidInputError({"recipients": NO_RECIPIENT})
    notice = leave_receipt(payment, document_id, recipients, request_key=request_key, actor_id=actor_id)
    record_event(
        "payment.receipt_asked", actor_id=actor_id, subject=("payment", payment_id), notice_id=notice.id
    )
    return notice


def invoice_of(payment_id: int) -> int | None:
    """The invoice that a payment settled first; of a card charged once too often, the one it was made for."""
    first = (
        select(Settlement.invoice_id)
        .where(Settlement.payment_id == payment_id, Settlement.invoice_id.is_not(None))
        .order_by(Settlement.id)
        .limit(1)
    )
    told = select(PaymentNotice.document_id).where(PaymentNotice.payment_id == payment_id).limit(1)
    return db.session.scalars(first).one_or_none() or db.session.scalars(told).one_or_none()


@dataclass(frozen=True)
class ReceiptSending:
    """A receipt that went out or is to. `answer` are the mail server's words, empty before the first attempt."""

    requested_at: datetime
    recipients: tuple[str, ...]
    state: SendingState
    answer: str


def receipts_of(payment_id: int) -> list[ReceiptSending]:
    """The receipts sent of a payment of the company entered, newest first."""
    rows = db.session.execute(
        select(PaymentNotice, OutboxMail)
        .outerjoin(PaymentNoticeMail, PaymentNoticeMail.notice_id == PaymentNotice.id)
        .outerjoin(OutboxMail, OutboxMail.id == PaymentNoticeMail.mail_id)
        .where(PaymentNotice.payment_id == payment_id, PaymentNotice.kind == NoticeKind.RECEIPT)
        .order_by(PaymentNotice.id.desc())
    )
    return [_sending(notice, mail) for notice, mail in rows]


def _sending(notice: PaymentNotice, mail: OutboxMail | None) -> ReceiptSending:
    return ReceiptSending(
        notice.requested_at,
        tuple(json.loads(notice.recipients)),
        SendingState.QUEUED if mail is None else state_of_mail(mail.state),
        "" if mail is None else mail.answer,
    )
