"""The outbox: mails are rows written in the transaction of what they tell; a worker hands them to the SMTP server.

A crash loses nothing: a row that is queued, or whose sender died, is sent by the next sweep. SMTP cannot promise
"exactly once" (a server may accept and the answer be lost), so each row keeps one Message-ID for ever and a mail that
goes out twice is recognised as the same.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from flask import current_app
from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, db, enum_type, lock, transaction
from core.files import read_bytes
from core.jobs import sweep, wake
from core.tenancy import entered_company_id

log = structlog.get_logger(__name__)

SMTP_TIMEOUT_SECONDS = 20
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 12
BATCH = 50


class MailState(StrEnum):
    """Where a mail is: waiting, being sent, accepted by the server, or given up."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Attachment:
    """A stored file that goes along. `name` is what the reader sees."""

    name: str
    sha256: str
    media_type: str


class OutboxMail(Base):
    """One mail to send. What it says never changes; how the sending goes does."""

    __tablename__ = "outbox_mail"
    __table_args__ = (Index("ix_outbox_mail_state_due_at", "state", "due_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    sender: Mapped[str] = mapped_column(String(320))
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    recipients: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    attachments: Mapped[str] = mapped_column(Text, default="[]")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    state: Mapped[MailState] = mapped_column(enum_type(MailState), default=MailState.QUEUED)
    attempts: Mapped[int] = mapped_column(BigInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    answer: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def queue_mail(
    *, to: list[str], subject: str, text: str, html: str = "", reply_to: str = "", sender_name: str = "",
    attachments: list[Attachment] | None = None,
) -> OutboxMail:
    """Write a mail into the outbox of the open transaction and wake the worker when it commits.

    Args:
        to: addresses, already validated.
        sender_name: shown before the installation's own address; that of the company when empty.
    """
    address = current_app.config["SOLDE"].mail_from
    mail = OutboxMail(
        company_id=entered_company_id(),
        message_id=make_msgid(domain=address.rsplit("@", 1)[-1]),
        sender=formataddr((sender_name, address)), reply_to=reply_to, recipients=json.dumps(to),
        subject=" ".join(subject.split())[:255], text=text, html=html,
        attachments=json.dumps([[a.name, a.sha256, a.media_type] for a in attachments or []]),
    )
    db.session.add(mail)
    db.session.flush()
    wake("send_mail")
    return mail


@sweep("send_mail")
def send_due_mail() -> None:
    """Send every mail that is due, one after another; each is claimed first so that two workers never share one."""
    for mail_id in _due_ids():
        if _claim(mail_id):
            _record(mail_id, *_deliver(mail_id))


def retry_mail(mail_id: int) -> None:
    """Queue a given-up mail again, in the open transaction."""
    mail = lock(select(OutboxMail).where(OutboxMail.id == mail_id))
    if mail is not None and mail.state is MailState.FAILED:
        mail.state, mail.attempts, mail.due_at = MailState.QUEUED, 0, utc_now()
        db.session.flush()
        wake("send_mail")


def _due_ids() -> list[int]:
    return list(db.session.scalars(
        select(OutboxMail.id)
        .where(OutboxMail.state.in_([MailState.QUEUED, MailState.SENDING]), OutboxMail.due_at <= utc_now())
        .order_by(OutboxMail.id)
        .limit(BATCH)
    ))


def _claim(mail_id: int) -> bool:
    """Take the mail for a while: when this process dies, the lease ends and the sweep sends it."""
    with transaction():
        mail = lock(select(OutboxMail).where(OutboxMail.id == mail_id))
        if mail is None or mail.state not in (MailState.QUEUED, MailState.SENDING) or mail.due_at > utc_now():
            return False
        mail.state, mail.attempts, mail.due_at = MailState.SENDING, mail.attempts + 1, utc_now() + LEASE
        return True


def _deliver(mail_id: int) -> tuple[MailState, str]:
    mail = db.session.get_one(OutboxMail, mail_id)
    message, attempts = compose(mail), mail.attempts
    db.session.rollback()
    try:
        return MailState.SENT, _hand_over(message)
    except smtplib.SMTPRecipientsRefused as error:
        answers = "; ".join(f"{who}: {code} {_decode(said)}" for who, (code, said) in error.recipients.items())
        permanent = all(code >= 500 for code, _ in error.recipients.values())
        return (MailState.FAILED if permanent else _next_state(attempts)), answers
    except smtplib.SMTPResponseException as error:
        permanent = error.smtp_code >= 500
        state = MailState.FAILED if permanent else _next_state(attempts)
        return state, f"{error.smtp_code} {_decode(error.smtp_error)}"
    except (OSError, smtplib.SMTPException) as error:
        return _next_state(attempts), str(error) or type(error).__name__


def _next_state(attempts: int) -> MailState:
    return MailState.FAILED if attempts >= MOST_ATTEMPTS else MailState.QUEUED


def _record(mail_id: int, state: MailState, answer: str) -> None:
    with transaction():
        mail = lock(select(OutboxMail).where(OutboxMail.id == mail_id))
        assert mail is not None
        mail.state, mail.answer = state, answer
        mail.sent_at = utc_now() if state is MailState.SENT else None
        mail.due_at = utc_now() + timedelta(seconds=min(3600, 15 * 2**mail.attempts))


def compose(mail: OutboxMail) -> EmailMessage:
    """The MIME message of a row: text, HTML beside it, stored files attached."""
    message = EmailMessage()
    message["From"], message["To"] = mail.sender, ", ".join(json.loads(mail.recipients))
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message["Subject"], message["Message-ID"] = mail.subject, mail.message_id
    message["Date"] = format_datetime(mail.created_at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for name, sha256, media_type in json.loads(mail.attachments):
        main, sub = media_type.split("/")
        message.add_attachment(read_bytes(sha256), maintype=main, subtype=sub, filename=name)
    return message


def _hand_over(message: EmailMessage) -> str:
    """One SMTP conversation. Returns the server's own answer to the message."""
    with _connect() as server:
        server.ehlo_or_helo_if_needed()
        refused = server.send_message(message)
        answer = "; ".join(f"{who}: {code} {_decode(said)}" for who, (code, said) in refused.items())
    return answer or "250 OK"


def _connect() -> smtplib.SMTP:
    parts = urlsplit(current_app.config["SOLDE"].smtp_url)
    options: dict[str, Any] = {"host": parts.hostname, "timeout": SMTP_TIMEOUT_SECONDS}
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            port=parts.port or 465, context=ssl.create_default_context(), **options
        )
    else:
        server = smtplib.SMTP(port=parts.port or 25, **options)
    if parts.scheme == "smtp+starttls":
        server.starttls(context=ssl.create_default_context())
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def _decode(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
