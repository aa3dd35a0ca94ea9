"""Issues a copy of a recurring invoice, and sends it where that was asked. Called by the sweep, after `copy_pattern`.

Issue and sending are one transaction: an invoice that nobody can be sent stays a draft until that is mended.
"""

from __future__ import annotations

from sqlalchemy import select

from core.database import db
from core.errors import ConflictError
from core.todo import Todo, strike_todo
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import DocumentState, TodoKind
from invoicing.locked_documents import locked_document
from invoicing.models import Document, Recurrence, RecurrenceRun, RecurringAction
from invoicing.recurring import is_late, late_message
from invoicing.send_to_contacts import send_to_contacts
from invoicing.sending_status import was_sent


def finish_copy(run_id: int) -> None:
    """Issue and send one copy, as its calendar says now; done twice, or by two workers, it is done once.

    Raises:
        ConflictError: it was made late, so a person has to look at it first.
        NotIssuableError: it would not be a legal invoice; names everything to mend.
        InvalidInputError: it cannot be sent.
    """
    run = db.session.get_one(RecurrenceRun, run_id)
    recurrence = db.session.get_one(Recurrence, run.recurrence_id)
    document = db.session.get(Document, run.document_id)
    if document is None:
        strike_todo(TodoKind.RECURRING, run_id)  # somebody has deleted the draft
        return
    document = locked_document(document.id)
    waits = select(Todo.id).where(Todo.kind == TodoKind.RECURRING, Todo.subject_id == run_id)
    if db.session.scalars(waits).one_or_none() is None:
        return  # another worker was faster
    is_draft = document.state is DocumentState.DRAFT
    if is_late(run):
        if is_draft:
            raise ConflictError(late_message(run))
    elif recurrence.action is not RecurringAction.DRAFT:
        if is_draft:
            issue_invoice(document.id)
        if recurrence.action is RecurringAction.SEND and not was_sent(document.id):  # by a person, meanwhile
            send_to_contacts(document)
    strike_todo(TodoKind.RECURRING, run_id)
