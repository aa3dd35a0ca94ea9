"""Tells of a card payment, in the transaction that records it: a receipt to the customer, a notice to the members.

Called by `record_payment`. A notice goes into the outbox here; a receipt waits for its PDF (`dispatch_receipts`). Each
is told once: a unique key holds it. Test payments are never recorded, so they are never told.
"""

from __future__ import annotations

import json
from datetime import timedelta

from flask import current_app
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from core.clock import paris_today
from core.database import db
from core.jobs import wake
from core.mail import queue_mail
from core.models import User
from core.money import format_cents
from core.sms import queue_chat
from core.todo import leave_todo
from invoicing.lifecycle import TodoKind
from invoicing.models import Document, NoticeKind, PaymentNotice
from invoicing.notice_settings import mailed_members, notice_settings
from invoicing.parties import read_buyer
from invoicing.payments import Payment
from invoicing.send_invoice import proposed_recipients

TOLD_DAYS = 14
"""What was paid longer ago is found by a late synchronisation or an import: a receipt weeks later frightens more than
it tells, and can still be sent by hand."""


def tell_payment(payment: Payment, invoice: Document) -> None:
    """Leave what is to be told about a payment just recorded; in the open transaction."""
    if payment.paid_on < paris_today() - timedelta(days=TOLD_DAYS):
        return
    settings = notice_settings()
    recipients = proposed_recipients(invoice.customer_id)
    if settings.sends_receipts and recipients:
        leave_receipt(payment, invoice.id, recipients)
    members = mailed_members()
    if members or settings.chat_url:
        _add(payment, invoice.id, NoticeKind.MEMBERS, tuple(user.email for user in members))
        for user in members:
            _mail(user, payment, invoice)
        if settings.chat_url:
            with force_locale("fr"):
                queue_chat(f"{_subject(payment, invoice)}\n{_address(invoice)}")


def leave_receipt(
    payment: Payment,
    document_id: int,
    recipients: tuple[str, ...],
    *,
    request_key: str = "",
    actor_id: int | None = None,
) -> PaymentNotice:
    """Note that the customer gets a receipt, and wake the worker that draws and sends it."""
    notice = _add(
        payment, document_id, NoticeKind.RECEIPT, recipients, request_key=request_key, actor_id=actor_id
    )
    leave_todo(TodoKind.RECEIPT, notice.id)
    wake("dispatch_receipts")
    return notice


def _add(
    payment: Payment,
    document_id: int,
    kind: NoticeKind,
    recipients: tuple[str, ...],
    *,
    request_key: str = "",
    actor_id: int | None = None,
) -> PaymentNotice:
    notice = PaymentNotice(
        payment_id=payment.id,
        document_id=document_id,
        kind=kind,
        recipients=json.dumps(recipients),
        request_key=request_key,
        requested_by_id=actor_id,
    )
    db.session.add(notice)
    db.session.flush()
    return notice


def _mail(user: User, payment: Payment, invoice: Document) -> None:
    """A short mail to one member, in her language; the address leads to the invoice."""
    with force_locale(user.language):
        buyer = read_buyer(invoice.buyer)
        lines = [
            _(
                "%(customer)s paid %(amount)s by card for invoice %(number)s.",
                customer=buyer.name,
                amount=format_cents(payment.amount_cents, get_locale()),
                number=invoice.number,
            ),
            payment.details,
            _address(invoice),
            _("You receive this because you are told of card payments; the company’s settings change that."),
        ]
        queue_mail(to=[user.email], subject=_subject(payment, invoice), text="\n\n".join(filter(None, lines)))


def _subject(payment: Payment, invoice: Document) -> str:
    return str(
        _(
            "Paid by card: invoice %(number)s, %(amount)s",
            number=invoice.number,
            amount=format_cents(payment.amount_cents, get_locale()),
        )
    )


def _address(invoice: Document) -> str:
    """Written here because a job has no request whose address it could take."""
    return f"{current_app.config['SOLDE'].public_url}/invoices/{invoice.id}"
