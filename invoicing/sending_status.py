"""How the sendings of a document stand: read from the outbox, for the document's page. Nothing of it is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask_babel import LazyString
from sqlalchemy import select

from core.database import db
from core.mail import MailState, OutboxMail, outcomes_of
from invoicing.attachments import ShownFile, read_attachments, shown_files
from invoicing.models import Sending, SendingMail, SmsSending
from invoicing.smtp_words import meaning_of


class SendingState(StrEnum):
    """What the page shows of a sending."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class RecipientStatus:
    """One address: whether its server took the mail, the server's own words and what they mean (both empty before the
    first attempt)."""

    address: str
    state: SendingState
    answer: str
    meaning: LazyString | str = ""


@dataclass(frozen=True)
class SendingStatus:
    """One sending. `sent_at` (UTC) is when all recipients were accepted; `mail_id` is None while the PDF is awaited."""

    sending_id: int
    mail_id: int | None
    state: SendingState
    recipients: tuple[RecipientStatus, ...]
    subject: str
    text: str
    answer: str
    requested_at: datetime
    requested_by_id: int | None
    sent_at: datetime | None
    attachments: tuple[ShownFile, ...] = ()


def sending_status(document_id: int) -> list[SendingStatus]:
    """Every sending of a document of the company entered, newest first."""
    rows = db.session.execute(
        select(Sending, OutboxMail)
        .outerjoin(SendingMail, SendingMail.sending_id == Sending.id)
        .outerjoin(OutboxMail, OutboxMail.id == SendingMail.mail_id)
        .where(Sending.document_id == document_id)
        .order_by(Sending.id.desc())
    )
    return [_status(sending, mail) for sending, mail in rows]


def was_sent(document_id: int) -> bool:
    """Whether somebody has decided to send the document, by mail or by SMS, whatever became of it."""
    ways = (select(way.id).where(way.document_id == document_id).limit(1) for way in (Sending, SmsSending))
    return any(db.session.scalars(sent).first() is not None for sent in ways)


def _status(sending: Sending, mail: OutboxMail | None) -> SendingStatus:
    return SendingStatus(
        sending_id=sending.id,
        mail_id=None if mail is None else mail.id,
        state=SendingState.QUEUED if mail is None else state_of_mail(mail.state),
        recipients=_waiting(sending) if mail is None else _recipients(mail),
        subject=sending.subject,
        text=sending.text,
        answer="" if mail is None else mail.answer,
        requested_at=sending.requested_at,
        requested_by_id=sending.requested_by_id,
        sent_at=None if mail is None else mail.sent_at,
        attachments=tuple(shown_files(read_attachments(sending.attachments))),
    )


def _waiting(sending: Sending) -> tuple[RecipientStatus, ...]:
    return tuple(RecipientStatus(who, SendingState.QUEUED, "") for who in json.loads(sending.recipients))


def _recipients(mail: OutboxMail) -> tuple[RecipientStatus, ...]:
    mail_state = state_of_mail(mail.state)
    return tuple(
        RecipientStatus(
            who,
            SendingState.SENT
            if said is not None and said.accepted
            else SendingState.FAILED
            if said is not None and said.permanent
            else mail_state,
            "" if said is None else str(said),
            "" if said is None else meaning_of(said),
        )
        for who, said in outcomes_of(mail).items()
    )


def state_of_mail(state: MailState) -> SendingState:
    """A mail that is being sent this second still waits, for those who look."""
    return {MailState.SENT: SendingState.SENT, MailState.FAILED: SendingState.FAILED}.get(
        state, SendingState.QUEUED
    )
