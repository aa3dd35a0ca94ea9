"""How the SMS of a document stand, and which SMS of the company did not arrive. Read-only.

A failed one stays on the list until it was sent, its document was sent by SMS anew, or somebody let it be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from core.database import db
from core.event_log import Event
from core.sms import OutboxSms, SmsState
from core.tenancy import current_company_id
from invoicing.models import Document, SmsSending
from invoicing.sending_status import SendingState

GIVEN_UP = "sms.given_up"
"""The event by which somebody lets a failed SMS be."""
MOST_NAMED = 50

_STATES = {SmsState.SENT: SendingState.SENT, SmsState.FAILED: SendingState.FAILED}


@dataclass(frozen=True)
class SmsStatus:
    """One SMS.

    `recipient` is in the form E.164, empty for a notice to the company's own chat; `answer` are the words of who was
    to take it, empty before the first attempt; `document` is None for what carries none.
    """

    sms_id: int
    recipient: str
    text: str
    parts: int
    state: SendingState
    answer: str
    attempts: int
    created_at: datetime
    document: Document | None = None


def sms_status(document_id: int) -> list[SmsStatus]:
    """Every SMS of a document of the company entered, newest first."""
    rows = (
        select(OutboxSms)
        .join(SmsSending, SmsSending.sms_id == OutboxSms.id)
        .where(SmsSending.document_id == document_id)
    )
    return [_status(row, None) for row in db.session.scalars(rows.order_by(OutboxSms.id.desc()))]


def failed_sms() -> list[SmsStatus]:
    """What nobody tries any more by itself, the newest first."""
    rows = db.session.execute(_of_company(_failed()).order_by(OutboxSms.id.desc()).limit(MOST_NAMED))
    return [_status(sms, document) for sms, document in rows]


def waiting_sms() -> list[SmsStatus]:
    """What was refused at least once and is tried again by itself, the newest first."""
    open_ = OutboxSms.state.in_([SmsState.QUEUED, SmsState.SENDING])
    rows = _of_company(open_ & (OutboxSms.answer != "")).order_by(OutboxSms.id.desc()).limit(MOST_NAMED)
    return [_status(sms, document) for sms, document in db.session.execute(rows)]


def count_failed_sms() -> int:
    """How many SMS there are that nobody tries any more."""
    ids = _of_company(_failed()).with_only_columns(OutboxSms.id, maintain_column_froms=True)
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _of_company(condition: ColumnElement[bool]) -> Select[OutboxSms, Document]:
    return (
        select(OutboxSms, Document)
        .outerjoin(SmsSending, SmsSending.sms_id == OutboxSms.id)
        .outerjoin(Document, Document.id == SmsSending.document_id)
        .where(OutboxSms.company_id == current_company_id(), condition)
    )


def _failed() -> ColumnElement[bool]:
    later = aliased(SmsSending)
    sent_anew = exists().where(later.document_id == SmsSending.document_id, later.id > SmsSending.id)
    # One that failed once more since somebody let it be is a new trouble.
    given_up = exists().where(
        Event.company_id == OutboxSms.company_id,
        Event.subject_kind == "sms",
        Event.subject_id == OutboxSms.id,
        Event.kind == GIVEN_UP,
        Event.at >= OutboxSms.due_at,
    )
    return (OutboxSms.state == SmsState.FAILED) & ~sent_anew & ~given_up


def _status(sms: OutboxSms, document: Document | None) -> SmsStatus:
    return SmsStatus(
        sms_id=sms.id,
        recipient=sms.recipient,
        text=sms.text,
        parts=sms.parts,
        state=_STATES.get(sms.state, SendingState.QUEUED),
        answer=sms.answer,
        attempts=sms.attempts,
        created_at=sms.created_at,
        document=document,
    )
