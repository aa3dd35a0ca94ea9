"""Recurring invoices under lock: every verb that decides on one reads it here, inside its transaction."""

from __future__ import annotations

from sqlalchemy import select

from core.database import lock
from core.todo import strike_todo
from invoicing.errors import NotFoundError
from invoicing.lifecycle import TodoKind
from invoicing.locked_documents import locked_document
from invoicing.models import Recurrence
from invoicing.recurring import NO_RECURRING, Recurring, waiting_runs


def locked_recurring(document_id: int) -> Recurring:
    """The pattern and its calendar, both locked and re-read, the document first.

    Raises:
        NotFoundError: this company has none.
    """
    pattern = locked_document(document_id)
    recurrence = lock(select(Recurrence).where(Recurrence.document_id == document_id))
    if recurrence is None:
        raise NotFoundError(NO_RECURRING)
    return Recurring(pattern, recurrence)


def forget_waiting(recurrence: Recurrence) -> None:
    """Strike off what was still to be issued of a locked one, and its problem: the copies stay drafts."""
    for run in waiting_runs(recurrence.id):
        strike_todo(TodoKind.RECURRING, run.id)
    recurrence.problem = ""
