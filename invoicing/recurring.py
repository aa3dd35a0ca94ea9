"""Recurring invoices: finding them, how they stand, what comes next, and what keeps the next copy back. Read-only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import TypeVarTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import selectinload

from core.clock import paris_date
from core.database import db
from core.todo import Todo
from invoicing.balances import merged_ids
from invoicing.calendar_input import CalendarInput
from invoicing.document_page import problems_of_draft
from invoicing.errors import Message, NotFoundError, Place, Problem
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType, TodoKind
from invoicing.models import Document, Recurrence, RecurrenceRun, RecurringAction
from invoicing.recurring_dates import dates_from, months_between, moved_period
from invoicing.send_to_contacts import is_reachable

Columns = TypeVarTuple("Columns")

MOST_DAYS_LATE = 7
"""A copy made later than this after its date (the machine was off) stays a draft, whatever was asked: so long after,
a person decides whether it goes out (docs/decisions/0015)."""

ARCHIVED = _l("This customer is archived. Take it back into use, or end this recurring invoice.")
NO_CONTACT = _l("This customer has no contact with an e-mail address that receives invoices. Add one.")
NO_RECURRING = _l("This recurring invoice does not exist.")


def may_be_repeated(document: Document) -> bool:
    """Whether a document says what can be invoiced again: a deposit, or what deducts one, belongs to one sale; of what
    was taken over from other software nobody knows here what it sold."""
    is_plain = document.kind is DocumentKind.INVOICE and document.invoice_type is InvoiceType.STANDARD
    return is_plain and not document.is_taken_over


class RecurrenceState(StrEnum):
    """How a recurring invoice stands; the values stand in addresses."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True)
class Recurring:
    """A pattern with its calendar."""

    pattern: Document
    recurrence: Recurrence

    @property
    def state(self) -> RecurrenceState:
        """Ended when no date is left, else paused or active."""
        if self.recurrence.next_date is None:
            return RecurrenceState.ENDED
        return RecurrenceState.PAUSED if self.recurrence.paused else RecurrenceState.ACTIVE


@dataclass(frozen=True)
class Coming:
    """A copy that will be made: its date and the period it will be for."""

    day: date
    period_start: date | None
    period_end: date | None


@dataclass(frozen=True)
class Made:
    """A copy that was made. `document` is None when somebody has deleted the draft; `is_late`: left as a draft."""

    run: RecurrenceRun
    document: Document | None
    is_late: bool


def find_recurring(document_id: int) -> Recurring:
    """The recurring invoice of that pattern.

    Raises:
        NotFoundError: this company has none.
    """
    row = db.session.execute(_recurring().where(Document.id == document_id)).one_or_none()
    if row is None:
        raise NotFoundError(NO_RECURRING)
    return Recurring(row[0], row[1])


def _recurring() -> Select[Document, Recurrence]:
    return select(Document, Recurrence).join(Recurrence, Recurrence.document_id == Document.id)


def list_recurring(state: RecurrenceState | None, *, limit: int, offset: int = 0) -> list[Recurring]:
    """Recurring invoices with their customers: what comes first on top, those without a next date last."""
    rows = _narrowed(_recurring(), state).options(selectinload(Document.customer))
    rows = rows.order_by(Recurrence.next_date.is_(None), Recurrence.next_date, Recurrence.id)
    return [Recurring(row[0], row[1]) for row in db.session.execute(rows.limit(limit).offset(offset))]


def count_recurring(state: RecurrenceState | None) -> int:
    """How many there are."""
    found = _narrowed(select(Recurrence.id), state)
    return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0


def _narrowed(statement: Select[*Columns], state: RecurrenceState | None) -> Select[*Columns]:
    """`Recurring.state` in SQL."""
    if state is None:
        return statement
    if state is RecurrenceState.ENDED:
        return statement.where(Recurrence.next_date.is_(None))
    is_paused = Recurrence.paused == true()
    wanted = is_paused if state is RecurrenceState.PAUSED else ~is_paused
    return statement.where(Recurrence.next_date.is_not(None), wanted)


def recurring_of_customer(customer_id: int) -> list[Recurring]:
    """What is repeated for a customer, also for those merged into it."""
    rows = _recurring().where(Document.customer_id.in_(merged_ids(customer_id)))
    return [Recurring(row[0], row[1]) for row in db.session.execute(rows.order_by(Recurrence.id))]


def recurring_to_handle(limit: int) -> list[Recurring]:
    """Those whose last copy could not be made, issued or sent: for the dashboard."""
    rows = _recurring().where(Recurrence.problem != "").options(selectinload(Document.customer))
    return [
        Recurring(row[0], row[1]) for row in db.session.execute(rows.order_by(Recurrence.id).limit(limit))
    ]


def calendar_of(recurrence: Recurrence) -> CalendarInput:
    """The calendar as it was given."""
    return CalendarInput(
        months=recurrence.months,
        first_date=recurrence.first_date,
        last_date=recurrence.last_date,
        action=recurrence.action,
        label=recurrence.label,
    )


def period_on(pattern: Document, first_date: date, day: date) -> tuple[date | None, date | None]:
    """The period of service of the copy of a day: the pattern's own is that of the first date."""
    return moved_period(pattern.period_start, pattern.period_end, months_between(first_date, day))


def coming(pattern: Document, calendar: CalendarInput, next_date: date | None, count: int) -> list[Coming]:
    """The next copies that will be made, when nobody changes anything."""
    if next_date is None:
        return []
    days = dates_from(calendar.first_date, calendar.months, next_date, calendar.last_date)
    return [Coming(day, *period_on(pattern, calendar.first_date, day)) for day in islice(days, count)]


def dates_made(recurrence_id: int, since: date) -> set[date]:
    """The dates from a day on for which a copy was made."""
    made = select(RecurrenceRun.run_date).where(
        RecurrenceRun.recurrence_id == recurrence_id, RecurrenceRun.run_date >= since
    )
    return set(db.session.scalars(made))


def copies_made(recurrence: Recurrence, *, limit: int) -> list[Made]:
    """The copies made, the latest first."""
    runs = select(RecurrenceRun).where(RecurrenceRun.recurrence_id == recurrence.id)
    rows = db.session.scalars(runs.order_by(RecurrenceRun.run_date.desc()).limit(limit)).all()
    ids = [run.document_id for run in rows]
    found = {d.id: d for d in db.session.scalars(select(Document).where(Document.id.in_(ids)))}
    waiting = {run.id for run in waiting_runs(recurrence.id)}
    return [Made(run, found.get(run.document_id or 0), run.id in waiting and is_late(run)) for run in rows]


def is_late(run: RecurrenceRun) -> bool:
    """Whether a copy was made so long after its date that it waits for a person."""
    return (paris_date(run.created_at) - run.run_date).days > MOST_DAYS_LATE


def waiting_runs(recurrence_id: int) -> Sequence[RecurrenceRun]:
    """The copies that are still to be issued, or looked at by a person, oldest first."""
    waits = select(Todo.subject_id).where(Todo.kind == TodoKind.RECURRING)
    runs = select(RecurrenceRun).where(
        RecurrenceRun.recurrence_id == recurrence_id, RecurrenceRun.id.in_(waits)
    )
    return db.session.scalars(runs.order_by(RecurrenceRun.run_date)).all()


def origin_of(document: Document) -> tuple[Recurring, date] | None:
    """The recurring invoice that a document is a copy of, and its date; None for every other one.

    The request key of a copy names both, so that this is found without a search (`copy_key`).
    """
    parts = (document.request_key or "").split("-", 2)
    if len(parts) != 3 or parts[0] != _KEY or not parts[1].isdecimal():
        return None
    recurrence = db.session.get(Recurrence, int(parts[1]))
    if recurrence is None:
        return None
    return find_recurring(recurrence.document_id), date.fromisoformat(parts[2])


_KEY = "recurring"


def copy_key(recurrence_id: int, day: date) -> str:
    """The request key of a copy: the same date of the same calendar is one document."""
    return f"{_KEY}-{recurrence_id}-{day.isoformat()}"


def late_message(run: RecurrenceRun) -> Message:
    """Why a copy was left as a draft, and what to do."""
    return _l(
        "The invoice of %(day)s was made late, on %(made)s, because Solde was not running: it stays a draft. Look at"
        " it, then issue it or delete it.",
        day=run.run_date.strftime("%d/%m/%Y"),
        made=paris_date(run.created_at).strftime("%d/%m/%Y"),
    )


def problems_of_recurring(found: Recurring) -> list[Problem]:
    """What keeps copies from being made, issued or sent as things stand today; told before the date comes, too."""
    pattern, action = found.pattern, found.recurrence.action
    problems = [] if pattern.customer.archived_at is None else [Problem(Place.CUSTOMER, "", ARCHIVED)]
    if action is not RecurringAction.DRAFT:
        problems += problems_of_draft(pattern)
    if action is RecurringAction.SEND and not is_reachable(pattern.customer_id):
        problems.append(Problem(Place.CUSTOMER, "contacts-0-email", NO_CONTACT))
    return problems


def late_copies(recurrence_id: int) -> Iterator[tuple[Document, Message]]:
    """The drafts that were made late and wait for a person, each with the sentence that says so."""
    for run in waiting_runs(recurrence_id):
        document = db.session.get(Document, run.document_id) if is_late(run) else None
        if document is not None and document.state is DocumentState.DRAFT:
            yield document, late_message(run)
