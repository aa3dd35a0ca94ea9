"""The sweep of actions on many documents: does one after another, each in a transaction of its own.

One that is refused says why and does not stop the rest. A worker that dies leaves what is not done for the next run.
After some seconds the sweep lets other work of the queue go first and is woken again: a payment that arrives meanwhile
does not wait for a thousand invoices.
"""

from __future__ import annotations

import time

import structlog
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError

from core.database import db, transaction
from core.errors import SoldeError
from core.jobs import sweep, wake
from core.models import User
from core.tenancy import in_company
from core.todo import open_todos
from invoicing.bulk_items import finish_bulk_run, next_item, refuse_bulk_item
from invoicing.do_bulk_item import do_bulk_item
from invoicing.errors import InvalidInputError
from invoicing.lifecycle import TodoKind
from invoicing.models import BulkRun

log = structlog.get_logger(__name__)

SLICE_SECONDS = 5.0
UNFORESEEN = _l("Something unforeseen happened; the details are in the log. Try this one from its own page.")


@sweep("work_bulk_runs")
def work_bulk_runs() -> None:
    """Work on every run that is open, of all companies, each for some seconds."""
    for company_id, run_id in open_todos(TodoKind.BULK):
        with in_company(company_id):
            try:
                _work(run_id, time.monotonic() + SLICE_SECONDS)
            except Exception:
                db.session.rollback()
                log.exception("bulk_run_stopped", run_id=run_id)


def _work(run_id: int, end: float) -> None:
    language = _language_of(run_id)
    while (item_id := next_item(run_id)) is not None:
        if time.monotonic() > end:
            wake("work_bulk_runs")
            return
        problem = _tried(run_id, item_id, language)
        if problem:
            with transaction():
                refuse_bulk_item(run_id, item_id, problem)
    with transaction():
        finish_bulk_run(run_id)


def _language_of(run_id: int) -> str:
    """What is refused is told in the language of the person who ordered it."""
    actor_id = db.session.get_one(BulkRun, run_id).created_by_id
    actor = None if actor_id is None else db.session.get(User, actor_id)
    return "fr" if actor is None else actor.language


def _tried(run_id: int, item_id: int, language: str) -> str:
    """Do one; why it is refused, in words, or nothing.

    Raises:
        OperationalError: the database cannot be reached: that is no fault of the document, and it is tried again.
    """
    with force_locale(language):
        try:
            with transaction():
                do_bulk_item(run_id, item_id)
        except InvalidInputError as error:
            return " ".join(str(message) for message in error.errors.values())
        except SoldeError as error:
            return str(error)
        except OperationalError:
            raise
        except Exception:
            log.exception("bulk_item_failed", run_id=run_id, item_id=item_id)
            return str(UNFORESEEN)
    return ""
