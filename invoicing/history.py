"""What happened to a document, in order: drawn up, issued, sent, paid, cancelled, credited. Shown on its page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.database import db
from core.event_log import Event, events_about
from core.mail import OutboxMail
from core.models import User
from core.sms import OutboxSms
from invoicing.models import (
    Document,
    NoticeKind,
    PaymentNotice,
    PaymentNoticeMail,
    Sending,
    SendingMail,
    SmsSending,
)
from invoicing.payments import Payment, PaymentReversal

# Rows say these in more detail than their events do.
_TOLD_BY_ROWS = ("payment.", "invoice.sent", "sending.")


@dataclass(frozen=True)
class HistoryItem:
    """One thing that happened. At most one of the rows is set; `kind` names the rest.

    Attributes:
        at: when it was recorded, UTC.
        kind: `drafted`, `payment`, `payment_cancelled`, `sending`, `sms`, `receipt`, or the kind of an event
            (`invoice.issued`).
        actor: the person's name, or her address; empty when the program did it by itself.
        settled_cents: of a payment, what it settled here when it came (its surplus became credit).
        mail: of a sending or a receipt, its mail once composed: it says how the delivery goes.
    """

    at: datetime
    kind: str
    actor: str = ""
    event: Event | None = None
    payment: Payment | None = None
    reversal: PaymentReversal | None = None
    settled_cents: int = 0
    sending: Sending | None = None
    mail: OutboxMail | None = None
    sms: OutboxSms | None = None
    receipt: PaymentNotice | None = None


def history(document: Document) -> list[HistoryItem]:
    """Everything that happened to the document, oldest first."""
    events = events_about("document", document.id)
    # What was taken over was never a draft for anybody to see.
    drafted = HistoryItem(document.created_at, "drafted", _name(document.created_by_id))
    items = [
        *(() if document.is_taken_over else (drafted,)),
        *(
            HistoryItem(event.at, event.kind, _name(event.actor_id), event=event)
            for event in events
            if not event.kind.startswith(_TOLD_BY_ROWS)
        ),
        *_payments(events),
        *_sendings(document.id),
        *_texts(document.id),
        *_receipts(document.id),
    ]
    return sorted(items, key=lambda item: item.at)


def _payments(events: Iterable[Event]) -> Iterator[HistoryItem]:
    """Payments recorded for the document, also those that found nothing open, and what was taken back of any."""
    told = {event: json.loads(event.details) for event in events if event.kind.startswith("payment.")}
    for payment_id in dict.fromkeys(details["payment_id"] for details in told.values()):
        payment = db.session.get_one(Payment, payment_id)
        for event, details in told.items():
            if details["payment_id"] == payment_id and event.kind == "payment.recorded":
                yield HistoryItem(
                    event.at, "payment", _name(event.actor_id), payment=payment,
                    settled_cents=details["settled_cents"],
                )  # fmt: skip
        reversal = payment.reversal
        if reversal is not None:
            yield HistoryItem(
                reversal.recorded_at, "payment_cancelled", _name(reversal.recorded_by_id), payment=payment,
                reversal=reversal,
            )  # fmt: skip


def _sendings(document_id: int) -> Iterator[HistoryItem]:
    rows = db.session.execute(
        select(Sending, OutboxMail)
        .outerjoin(SendingMail, SendingMail.sending_id == Sending.id)
        .outerjoin(OutboxMail, OutboxMail.id == SendingMail.mail_id)
        .where(Sending.document_id == document_id)
        .order_by(Sending.id)
    )
    for sending, mail in rows:
        yield HistoryItem(
            sending.requested_at, "sending", _name(sending.requested_by_id), sending=sending, mail=mail
        )


def _texts(document_id: int) -> Iterator[HistoryItem]:
    rows = db.session.execute(
        select(SmsSending, OutboxSms)
        .join(OutboxSms, OutboxSms.id == SmsSending.sms_id)
        .where(SmsSending.document_id == document_id)
        .order_by(SmsSending.id)
    )
    for sending, sms in rows:
        yield HistoryItem(sending.requested_at, "sms", _name(sending.requested_by_id), sms=sms)


def _receipts(document_id: int) -> Iterator[HistoryItem]:
    rows = db.session.execute(
        select(PaymentNotice, OutboxMail)
        .outerjoin(PaymentNoticeMail, PaymentNoticeMail.notice_id == PaymentNotice.id)
        .outerjoin(OutboxMail, OutboxMail.id == PaymentNoticeMail.mail_id)
        .where(PaymentNotice.document_id == document_id, PaymentNotice.kind == NoticeKind.RECEIPT)
        .order_by(PaymentNotice.id)
    )
    for notice, mail in rows:
        yield HistoryItem(
            notice.requested_at, "receipt", _name(notice.requested_by_id), receipt=notice, mail=mail
        )


def _name(user_id: int | None) -> str:
    user = db.session.get(User, user_id) if user_id is not None else None
    return "" if user is None else user.name or user.email
