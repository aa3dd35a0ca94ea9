"""Checks of documents that `solde verify` runs in each company: that no work the worker owes was forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, select

from core.database import db
from core.todo import Todo
from invoicing.lifecycle import DocumentState, TodoKind
from invoicing.models import (
    Document,
    DocumentFile,
    FileKind,
    NoticeKind,
    PaymentNotice,
    PaymentNoticeMail,
    Sending,
    SendingMail,
)
from invoicing.payments import PaymentReversal


def check_documents() -> Iterator[str]:
    """What is wrong with the documents of the company entered, one English sentence each."""
    yield from _never_drawn()
    yield from _never_sent()
    yield from _never_receipted()


def _never_drawn() -> Iterator[str]:
    drawn = exists().where(DocumentFile.document_id == Document.id, DocumentFile.kind == FileKind.PDF)
    waits = exists().where(Todo.kind == TodoKind.PDF, Todo.subject_id == Document.id)
    issued = select(Document.number).where(Document.state == DocumentState.ISSUED)
    for number in db.session.scalars(issued.where(~drawn, ~waits).order_by(Document.id)):
        yield f"{number} has no PDF, and nothing says that one is to be drawn"


def _never_sent() -> Iterator[str]:
    composed = exists().where(SendingMail.sending_id == Sending.id)
    waits = exists().where(Todo.kind == TodoKind.MAIL, Todo.subject_id == Sending.id)
    for sending_id in db.session.scalars(select(Sending.id).where(~composed, ~waits).order_by(Sending.id)):
        yield f"sending {sending_id} has no mail, and nothing says that one is to be made"


def _never_receipted() -> Iterator[str]:
    """A payment that was cancelled before its receipt was drawn gets none."""
    composed = exists().where(PaymentNoticeMail.notice_id == PaymentNotice.id)
    waits = exists().where(Todo.kind == TodoKind.RECEIPT, Todo.subject_id == PaymentNotice.id)
    cancelled = exists().where(PaymentReversal.payment_id == PaymentNotice.payment_id)
    owed = select(PaymentNotice.id).where(PaymentNotice.kind == NoticeKind.RECEIPT)
    for notice_id in db.session.scalars(owed.where(~composed, ~waits, ~cancelled).order_by(PaymentNotice.id)):
        yield f"receipt {notice_id} has no mail, and nothing says that one is to be made"
