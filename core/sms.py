"""The outbox of short texts: SMS to customers, and notices to a company's own chat. Rows are written in the transaction
of what they tell; a worker hands them to Apprise.

A crash loses nothing: a row that is queued, or whose sender died, is sent by the next sweep. As with mail nobody can
promise "exactly once": a provider may take a text and its answer be lost, and then it goes out again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

import phonenumbers
import structlog
from flask import Flask, current_app
from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from core.apprise_library import Handed, hand_to_apprise
from core.clock import utc_now
from core.database import Base, BigId, UtcDateTime, db, enum_type, lock, transaction
from core.jobs import sweep, wake
from core.sms_text import sms_size
from core.tenancy import entered_company_id, in_company

log = structlog.get_logger(__name__)

PLACE = "{to}"
"""Where the number of who receives it goes in `SOLDE_SMS_URL`."""
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 8
BATCH = 50
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
CHAT = ""
"""The recipient of a notice to the company's own chat: its address holds secrets and is not copied into rows."""

FindChat = Callable[[], str | None]
_EXTENSION = "solde_chat_target"


class SmsState(StrEnum):
    """Where a text is: waiting, being sent, taken by the provider, or given up."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class OutboxSms(Base):
    """One text to send. What it says never changes; how the sending goes does.

    `recipient` is a number in the form E.164 (`+33612345678`), or `CHAT`. `parts` is what a provider will bill.
    """

    __tablename__ = "outbox_sms"
    __table_args__ = (Index("ix_outbox_sms_state_due_at", "state", "due_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    recipient: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    parts: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    state: Mapped[SmsState] = mapped_column(enum_type(SmsState), default=SmsState.QUEUED)
    attempts: Mapped[int] = mapped_column(BigInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    answer: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def sms_is_offered() -> bool:
    """Whether this installation has an SMS provider (`SOLDE_SMS_URL`)."""
    return bool(current_app.config["SOLDE"].sms_url)


def e164(number: str) -> str:
    """A number that was checked, in the form providers take: `+33612345678`.

    Raises:
        phonenumbers.NumberParseException: it is no international number; the caller has checked it.
    """
    return phonenumbers.format_number(phonenumbers.parse(number, None), phonenumbers.PhoneNumberFormat.E164)


def queue_sms(recipient: str, text: str) -> OutboxSms:
    """Write an SMS into the outbox of the open transaction and wake the worker when it commits.

    Args:
        recipient: in the form E.164, already checked.
        text: all of it; cut nowhere.
    """
    assert recipient.startswith("+"), "numbers are international"
    return _queue(recipient, text)


def queue_chat(text: str) -> OutboxSms:
    """Write a notice to the chat of the company entered; where that is, is looked up when it is sent."""
    return _queue(CHAT, text)


def _queue(recipient: str, text: str) -> OutboxSms:
    row = OutboxSms(
        company_id=entered_company_id(), recipient=recipient, text=text, parts=sms_size(text).parts
    )
    db.session.add(row)
    db.session.flush()
    wake("send_sms")
    return row


def set_chat_target(app: Flask, find: FindChat) -> None:
    """Say who knows the chat of the company entered (an Apprise address); called by the `wiring.py` of a package."""
    app.extensions[_EXTENSION] = find


def retry_sms(sms_id: int) -> None:
    """Queue a given-up text again, in the open transaction."""
    row = lock(select(OutboxSms).where(OutboxSms.id == sms_id))
    if row is not None and row.state is SmsState.FAILED:
        row.state, row.attempts, row.due_at = SmsState.QUEUED, 0, utc_now()
        db.session.flush()
        wake("send_sms")


@sweep("send_sms")
def send_due_sms() -> None:
    """Send every text that is due, one after another; each is claimed first so that two workers never share one."""
    while due := _due_ids():
        claimed = [sms_id for sms_id in due if _send(sms_id)]
        if not claimed:
            return  # another worker is at them


def _due_ids() -> list[int]:
    open_ = OutboxSms.state.in_([SmsState.QUEUED, SmsState.SENDING])
    due = select(OutboxSms.id).where(open_, OutboxSms.due_at <= utc_now())
    return list(db.session.scalars(due.order_by(OutboxSms.due_at, OutboxSms.id).limit(BATCH)))


def _send(sms_id: int) -> bool:
    """Claim, deliver and record one text. False when another worker has it."""
    with transaction():
        row = lock(select(OutboxSms).where(OutboxSms.id == sms_id))
        open_ = row is not None and row.state in (SmsState.QUEUED, SmsState.SENDING)
        if row is None or not open_ or row.due_at > utc_now():
            return False
        # When this process dies, the lease ends and the sweep sends it.
        row.state, row.attempts, row.due_at = SmsState.SENDING, row.attempts + 1, utc_now() + LEASE
    _record(sms_id, _deliver(sms_id))
    return True


def _deliver(sms_id: int) -> Handed:
    row = db.session.get_one(OutboxSms, sms_id)
    company_id, recipient, text = row.company_id, row.recipient, row.text
    try:
        url = _address(company_id, recipient)
    finally:
        db.session.rollback()  # no read transaction is kept open while the provider is talked to
    if url is None:
        return Handed(accepted=False, words="no address to send to is set any more")
    try:
        return hand_to_apprise(url, text)
    except Exception as error:
        # What a provider's module trips over must not stop the texts behind this one.
        log.exception("sms_not_handed_over", sms_id=sms_id)
        return Handed(accepted=False, words=type(error).__name__)


def _address(company_id: int | None, recipient: str) -> str | None:
    if recipient != CHAT:
        url: str | None = current_app.config["SOLDE"].sms_url
        # Providers write the plus themselves, or want none; in an address it would be a space to some.
        return url and url.replace(PLACE, recipient.removeprefix("+"))
    find: FindChat | None = current_app.extensions.get(_EXTENSION)
    if find is None or company_id is None:
        return None
    with in_company(company_id):
        return find()


def _record(sms_id: int, handed: Handed) -> None:
    with transaction():
        row = lock(select(OutboxSms).where(OutboxSms.id == sms_id))
        assert row is not None
        if row.state is SmsState.SENT:
            return  # a slow worker whose lease ended comes back last: an acceptance is never overwritten
        row.answer = handed.words
        if handed.accepted:
            row.state, row.sent_at = SmsState.SENT, utc_now()
            return
        row.state = SmsState.FAILED if row.attempts >= MOST_ATTEMPTS else SmsState.QUEUED
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**row.attempts)
        row.due_at = utc_now() + timedelta(seconds=wait)
