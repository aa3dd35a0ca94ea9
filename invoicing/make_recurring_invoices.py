"""The sweep of recurring invoices: makes what is due, then issues and sends it, each in a transaction of its own.

One that fails does not stop the others; its problem stands in words on its page and on the dashboard, and it is tried
again each minute until somebody has mended it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog
from flask_babel import lazy_gettext as _l
from sqlalchemy import false, select

from core.clock import paris_today
from core.database import db, transaction
from core.errors import SoldeError
from core.jobs import sweep
from core.tenancy import in_company, unscoped
from core.todo import Todo
from invoicing.copy_pattern import copy_pattern
from invoicing.errors import InvalidInputError
from invoicing.finish_copy import finish_copy
from invoicing.lifecycle import TodoKind
from invoicing.locked_recurring import locked_recurring
from invoicing.models import Recurrence, RecurrenceRun
from invoicing.recurring import waiting_runs

log = structlog.get_logger(__name__)

UNFORESEEN = _l("Something unforeseen happened. It is tried again each minute; the details are in the log.")


@sweep("make_recurring_invoices")
def make_recurring_invoices() -> None:
    """Serve every recurring invoice that is due or has a copy to be issued, of all companies."""
    for company_id, document_id in _to_serve():
        with in_company(company_id):
            _serve(document_id)


def _to_serve() -> list[tuple[int, int]]:
    due = select(Recurrence.company_id, Recurrence.document_id).where(
        Recurrence.next_date <= paris_today(), Recurrence.paused == false()
    )
    waiting = (
        select(Recurrence.company_id, Recurrence.document_id)
        .join(RecurrenceRun, RecurrenceRun.recurrence_id == Recurrence.id)
        .join(Todo, Todo.subject_id == RecurrenceRun.id)
        .where(Todo.kind == TodoKind.RECURRING)
    )
    with unscoped():
        rows = [*db.session.execute(due), *db.session.execute(waiting)]
    return sorted({(row[0], row[1]) for row in rows})


def _serve(document_id: int) -> None:
    problems = _made(document_id)
    recurrence_id = db.session.scalars(
        select(Recurrence.id).where(Recurrence.document_id == document_id)
    ).one()
    for run_id in [run.id for run in waiting_runs(recurrence_id)]:
        problems += _tried(document_id, partial(finish_copy, run_id))
    _note(document_id, problems[0] if problems else "")


def _made(document_id: int) -> list[str]:
    """Make the copies that are due, one transaction each, until nothing is due or one fails."""
    is_due = True

    def make() -> None:
        nonlocal is_due
        is_due = copy_pattern(document_id) is not None

    problems: list[str] = []
    while is_due and not problems:
        problems = _tried(document_id, make)
    return problems


def _tried(document_id: int, step: Callable[[], None]) -> list[str]:
    """Do one step in a transaction of its own; what keeps it from being done, in words."""
    try:
        with transaction():
            step()
    except InvalidInputError as error:
        return [" ".join(str(message) for message in error.errors.values())]
    except SoldeError as error:
        return [str(error)]
    except Exception:
        log.exception("recurring_invoice_failed", document_id=document_id)
        return [str(UNFORESEEN)]
    return []


def _note(document_id: int, problem: str) -> None:
    """Write the problem down, or that there is none any more; nothing is written when that is known."""
    known = select(Recurrence.problem).where(Recurrence.document_id == document_id)
    if db.session.scalars(known).one() == problem:
        return
    with transaction():
        locked_recurring(document_id).recurrence.problem = problem
