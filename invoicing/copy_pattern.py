"""Makes the invoice of one date of a recurring invoice: a draft, and the note that it is to be issued.

Called by the sweep `make_recurring_invoices`. The copy, its place in the calendar and the note are one transaction:
whoever dies meanwhile has made nothing, and two workers make one copy (the calendar is locked, and a date is unique).
"""

from __future__ import annotations

from datetime import date

from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.todo import leave_todo
from invoicing.calendar_input import next_of
from invoicing.draft_invoice import draft_invoice
from invoicing.duplicate_invoice import copied_input
from invoicing.lifecycle import TodoKind
from invoicing.locked_recurring import locked_recurring
from invoicing.models import Customer, Document, RecurrenceRun, RecurringAction
from invoicing.recurring import ARCHIVED, calendar_of, copy_key, period_on


def copy_pattern(document_id: int, *, today: date | None = None) -> RecurrenceRun | None:
    """Make the copy of the next date, when that date has come; None when nothing is due.

    A date that passed while the program did not run is made up for, one call for each. The invoice date is left open:
    it is the day of issue, as the rules of numbering ask; the period of service says which month it is for.

    Raises:
        NotFoundError: there is no such recurring invoice.
        ConflictError: its customer is archived.
        InvalidInputError: the copy cannot be made as it stands (a VAT rate of the company's own has ended).
    """
    found = locked_recurring(document_id)
    pattern, recurrence, day = found.pattern, found.recurrence, today or paris_today()
    if recurrence.paused or recurrence.next_date is None or recurrence.next_date > day:
        return None
    run_date = recurrence.next_date
    copy = _copied(pattern, recurrence.first_date, run_date, copy_key(recurrence.id, run_date), day)
    run = RecurrenceRun(recurrence_id=recurrence.id, run_date=run_date, document_id=copy.id)
    db.session.add(run)
    calendar = calendar_of(recurrence)
    recurrence.next_date = next_of(calendar, run_date, {run_date})
    db.session.flush()
    if recurrence.action is not RecurringAction.DRAFT:
        leave_todo(TodoKind.RECURRING, run.id)
    record_event(
        "recurring.copied", subject=("document", copy.id), pattern_id=pattern.id, date=run_date.isoformat()
    )
    return run


def _copied(pattern: Document, first_date: date, run_date: date, key: str, today: date) -> Document:
    customer = db.session.get_one(Customer, pattern.customer_id)
    if customer.archived_at is not None:
        raise ConflictError(ARCHIVED)
    start, end = period_on(pattern, first_date, run_date)
    given = copied_input(
        pattern,
        today,
        request_key=key,
        period_start=start,
        period_end=end,
        purchase_order=pattern.purchase_order,
    )
    return draft_invoice(given)
