"""Mails of the company that did not arrive: given up by the outbox, or waiting for another try. Read-only.

All kinds of mails: documents, and what the program writes to members. A failed mail stays on the list until it was
sent, its document was sent anew, or somebody let it be (`give_up_mail`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import LazyString
from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from core.clock import utc_now
from core.database import db
from core.event_log import Event
from core.mail import MailState, OutboxMail, outcomes_of
from core.tenancy import current_company_id
from core.todo import Todo
from invoicing.lifecycle import TodoKind
from invoicing.models import Document, Sending, SendingMail
from invoicing.smtp_words import meaning_of

LATE_MINUTES, MOST_NAMED = 10, 10
GIVEN_UP = "mail.given_up"
"""The event by which somebody lets a failed mail be."""


@dataclass(frozen=True)
class Trouble:
    """One address that did not get the mail: what the answer means, and the server's own words."""

    address: str
    meaning: LazyString | str
    said: str


@dataclass(frozen=True)
class TroubledMail:
    """A mail that did not arrive everywhere, and the document it carries if it carries one."""

    mail: OutboxMail
    document: Document | None
    troubles: tuple[Trouble, ...]


def failed_mails(*, limit: int, offset: int = 0) -> list[TroubledMail]:
    """Mails that nobody tries any more by itself, the newest first."""
    return _read(_failed(), limit, offset)


def count_failed_mails() -> int:
    """How many there are."""
    return _count(_failed())


def failed_mail_ids() -> list[int]:
    """The ids of all of them, the oldest first."""
    return [mail.id for mail, _document in db.session.execute(_failed().order_by(OutboxMail.id))]


def waiting_mails(*, limit: int, offset: int = 0) -> list[TroubledMail]:
    """Mails that were refused at least once and are tried again by themselves, the newest first."""
    return _read(_waiting(), limit, offset)


def count_waiting_mails() -> int:
    """How many there are."""
    return _count(_waiting())


def documents_not_composed() -> list[Document]:
    """Documents whose mail could not be made for a while: their PDF cannot be drawn, or its file cannot be read."""
    late = utc_now() - timedelta(minutes=LATE_MINUTES)
    statement = (
        select(Document)
        .join(Sending, Sending.document_id == Document.id)
        .join(Todo, (Todo.subject_id == Sending.id) & (Todo.kind == TodoKind.MAIL))
        .where(Sending.requested_at < late)
        .order_by(Sending.id)
        .limit(MOST_NAMED)
    )
    return list(db.session.scalars(statement))


def _mails() -> Select[OutboxMail, Document]:
    return (
        select(OutboxMail, Document)
        .outerjoin(SendingMail, SendingMail.mail_id == OutboxMail.id)
        .outerjoin(Sending, Sending.id == SendingMail.sending_id)
        .outerjoin(Document, Document.id == Sending.document_id)
        .where(OutboxMail.company_id == current_company_id())
    )


def _failed() -> Select[OutboxMail, Document]:
    later = aliased(Sending)
    sent_anew = exists().where(later.document_id == Sending.document_id, later.id > Sending.id)
    # A mail that failed once more since somebody let it be is a new trouble.
    given_up = exists().where(
        Event.company_id == OutboxMail.company_id,
        Event.subject_kind == "mail",
        Event.subject_id == OutboxMail.id,
        Event.kind == GIVEN_UP,
        Event.at >= OutboxMail.due_at,
    )
    return _mails().where(OutboxMail.state == MailState.FAILED, ~sent_anew, ~given_up)


def _waiting() -> Select[OutboxMail, Document]:
    return _mails().where(
        OutboxMail.state.in_([MailState.QUEUED, MailState.SENDING]), OutboxMail.answer != ""
    )


def _read(mails: Select[OutboxMail, Document], limit: int, offset: int) -> list[TroubledMail]:
    rows = db.session.execute(mails.order_by(OutboxMail.id.desc()).limit(limit).offset(offset))
    return [TroubledMail(mail, document, _troubles(mail)) for mail, document in rows]


def _count(mails: Select[OutboxMail, Document]) -> int:
    ids = mails.with_only_columns(OutboxMail.id, maintain_column_froms=True)
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _troubles(mail: OutboxMail) -> tuple[Trouble, ...]:
    return tuple(
        Trouble(who, "" if said is None else meaning_of(said), "" if said is None else str(said))
        for who, said in outcomes_of(mail).items()
        if said is None or not said.accepted
    )
