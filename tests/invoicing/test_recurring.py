"""Recurring invoices: each date gives one copy, issued and sent as asked, whatever dies, is archived or comes late."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from core.checks import company_faults
from core.clock import PARIS
from core.database import db, transaction
from core.errors import ConflictError, OutdatedError
from core.tenancy import enter_company
from core.todo import Todo
from invoicing import copy_pattern as copying
from invoicing import duplicate_invoice as duplicating
from invoicing import finish_copy as finishing
from invoicing.archive_customer import archive_customer
from invoicing.calendar_input import CalendarInput
from invoicing.delete_draft import delete_draft
from invoicing.draft_invoice import DraftInput
from invoicing.draft_pattern import draft_pattern
from invoicing.end_recurrence import end_recurrence
from invoicing.errors import InvalidInputError
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.make_recurring_invoices import make_recurring_invoices
from invoicing.merge_customers import merge_customers
from invoicing.models import Contact, Document, Recurrence, RecurringAction, Sending
from invoicing.pause_recurrence import pause_recurrence
from invoicing.recurring import RecurrenceState, copies_made, find_recurring
from invoicing.repeat_invoice import repeat_invoice
from invoicing.set_calendar import set_calendar
from tests.factories.invoicing import (
    issue,
    make_customer,
    make_draft,
    make_heading,
    make_individual,
    make_line,
)

DRAFT, ISSUE, SEND = RecurringAction


@contextmanager
def on(day: str) -> Iterator[None]:
    """Noon in Paris of that day."""
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=PARIS)
    with time_machine.travel(noon, tick=False):
        yield


@pytest.fixture(autouse=True)
def _january(request: pytest.FixtureRequest) -> Iterator[None]:
    """The stories begin on 10 January 2026, the books with them."""
    with on("2026-01-10"):
        yield


def repeated(action: RecurringAction = SEND, **changes: Any) -> int:
    """A monthly invoice of 120 € from 31 January on, for a service of the month; gives the pattern's id."""
    calendar = replace(CalendarInput(1, date(2026, 1, 31), action=action), **changes)
    with transaction():
        source = make_draft(
            period_start=date(2026, 1, 1), period_end=date(2026, 1, 31),
            purchase_order="BC 7", note="Merci", discount_rate=0,
        )  # fmt: skip
        return repeat_invoice(source.id, calendar, request_key="the form").id


def copies(pattern_id: int) -> list[Document]:
    """The invoices made, oldest first."""
    found = find_recurring(pattern_id)
    return [row.document for row in reversed(copies_made(found.recurrence, limit=100)) if row.document]


def run(day: str) -> None:
    with on(day):
        make_recurring_invoices()
        make_recurring_invoices()  # whatever happens, a second run adds nothing


def problem_of(pattern_id: int) -> str:
    return find_recurring(pattern_id).recurrence.problem


def sent_to(document: Document) -> list[list[str]]:
    sendings = db.session.scalars(select(Sending).where(Sending.document_id == document.id))
    return [json.loads(row.recipients) for row in sendings]


def states(pattern_id: int) -> list[tuple[str, str | None]]:
    """Number or `draft`, and the invoice date."""
    days = [(d.number or "draft", d.issue_date) for d in copies(pattern_id)]
    return [(number, None if day is None else day.isoformat()) for number, day in days]


def test_month_after_month_one_invoice_is_made_issued_and_sent(each_company):
    pattern_id = repeated()
    run("2026-01-30")
    assert copies(pattern_id) == []
    for day in ("2026-01-31", "2026-02-27", "2026-02-28", "2026-03-31"):
        run(day)
    made = copies(pattern_id)
    assert states(pattern_id) == [
        ("F-2026-0001", "2026-01-31"), ("F-2026-0002", "2026-02-28"), ("F-2026-0003", "2026-03-31"),
    ]  # fmt: skip
    assert [(d.period_start, d.period_end) for d in made] == [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 31)),
    ]
    assert [(d.total_cents, d.purchase_order, d.note) for d in made] == [(12_000, "BC 7", "Merci")] * 3
    assert [sent_to(d) for d in made] == [[["compta@boulangerie.example.org"]]] * 3
    found = find_recurring(pattern_id)
    assert (found.recurrence.next_date, found.state) == (date(2026, 4, 30), RecurrenceState.ACTIVE)
    assert problem_of(pattern_id) == ""
    pattern = found.pattern
    assert (pattern.kind, pattern.state) == (DocumentKind.RECURRING, DocumentState.DRAFT)
    assert [fault for fault in company_faults() if "no PDF" in fault or "no mail" in fault] == []


def test_drafts_stay_drafts_and_the_last_date_ends_it(company):
    pattern_id = repeated(DRAFT, months=3, last_date=date(2026, 5, 1))
    for day in ("2026-01-31", "2026-04-30", "2026-07-31"):
        run(day)
    assert states(pattern_id) == [("draft", None), ("draft", None)]
    assert find_recurring(pattern_id).state is RecurrenceState.ENDED


def test_a_machine_that_was_off_for_months_leaves_late_copies_to_a_person(each_company):
    pattern_id = repeated()
    run("2026-04-05")  # 31 January, 28 February and 31 March have passed
    late_1, late_2, fresh = copies(pattern_id)
    assert states(pattern_id) == [("draft", None), ("draft", None), ("F-2026-0001", "2026-04-05")]
    assert [late_1.period_end, late_2.period_end, fresh.period_end] == [
        date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31),
    ]  # fmt: skip
    assert "31/01/2026" in problem_of(pattern_id)
    with on("2026-04-06"), transaction():
        issue_invoice(late_1.id)
        delete_draft(late_2.id)
    run("2026-04-06")
    assert problem_of(pattern_id) == ""
    assert sent_to(copies(pattern_id)[0]) == []  # issued by a person, who also sends it


def test_what_keeps_an_invoice_back_is_told_and_it_goes_out_once_that_is_mended(each_company):
    with transaction():
        alone, healthy = make_customer(contacts=()), make_individual()
    pattern_id, other_id = (
        repeated_for(customer.id, key) for customer, key in ((alone, "a"), (healthy, "b"))
    )
    run("2026-01-31")
    assert states(pattern_id) == [("draft", None)]  # neither issued nor sent: nobody could be sent it
    assert "contact" in problem_of(pattern_id)
    run("2026-02-28")
    assert [number for number, _ in states(pattern_id)] == ["draft", "draft"]
    assert len(states(other_id)) == 2
    with on("2026-03-01"), transaction():
        db.session.add(Contact(customer_id=alone.id, name="", email="enfin@example.org"))
    run("2026-03-01")
    assert [number[:2] for number, _ in states(pattern_id)] == ["F-", "F-"]
    assert [sent_to(d) for d in copies(pattern_id)] == [[["enfin@example.org"]]] * 2
    assert problem_of(pattern_id) == ""


def repeated_for(customer_id: int, key: str, action: RecurringAction = SEND) -> int:
    """A pattern written in the editor and started."""
    with transaction():
        given = DraftInput(customer_id=customer_id, lines=(make_line(),), request_key=key)
        pattern_id = draft_pattern(given).id
        assert draft_pattern(given).id == pattern_id
        set_calendar(pattern_id, CalendarInput(1, date(2026, 1, 31), action=action))
    return pattern_id


def test_an_archived_customer_stops_it_and_a_merged_one_does_not(company):
    with transaction():
        source, target = make_customer(contacts=()), make_individual()
        source_id, target_id = source.id, target.id
    pattern_id = repeated_for(source_id, "a", ISSUE)
    with transaction():
        archive_customer(source_id)
    run("2026-01-31")
    assert copies(pattern_id) == []
    assert "archiv" in problem_of(pattern_id)
    with on("2026-02-01"), transaction():
        archive_customer(source_id, archived=False)
    run("2026-02-01")
    assert states(pattern_id) == [("F-2026-0001", "2026-02-01")]  # the date is not lost
    with on("2026-02-02"), transaction():
        merge_customers(source_id, target_id)
    run("2026-02-28")
    assert [d.customer_id for d in copies(pattern_id)] == [source_id, target_id]


def test_a_pause_skips_what_passes_meanwhile_and_an_end_is_the_end(company):
    pattern_id = repeated(ISSUE)
    for _ in range(2):
        with transaction():
            pause_recurrence(pattern_id)
    run("2026-03-31")
    assert copies(pattern_id) == []
    with on("2026-04-02"), transaction():
        pause_recurrence(pattern_id, paused=False)
    run("2026-04-30")
    (april,) = copies(pattern_id)
    assert (april.issue_date, april.period_start) == (date(2026, 4, 30), date(2026, 4, 1))
    for _ in range(2):
        with on("2026-05-01"), transaction():
            end_recurrence(pattern_id)
    run("2026-05-31")
    assert len(copies(pattern_id)) == 1
    with (
        on("2026-06-01"),
        transaction(),
    ):  # a new calendar starts it again, never for a date that had its invoice
        set_calendar(pattern_id, CalendarInput(1, date(2026, 4, 30), action=ISSUE))
    run("2026-06-30")
    assert [d.period_start for d in copies(pattern_id)] == [date(2026, 4, 1), date(2026, 6, 1)]


def test_pausing_leaves_what_was_to_be_issued_as_a_draft(company):
    with transaction():
        alone = make_customer(contacts=())
    pattern_id = repeated_for(alone.id, "a")
    run("2026-01-31")
    assert problem_of(pattern_id)
    with on("2026-02-01"), transaction():
        pause_recurrence(pattern_id)
        db.session.add(Contact(customer_id=alone.id, name="", email="enfin@example.org"))
    run("2026-02-02")
    assert states(pattern_id) == [("draft", None)]
    assert problem_of(pattern_id) == ""
    assert db.session.scalars(select(Todo.kind)).all() == []


def test_two_windows_and_two_clicks(company):
    pattern_id = repeated()
    assert repeated() == pattern_id
    seen = find_recurring(pattern_id).pattern.version
    calendar = CalendarInput(12, date(2026, 2, 1), action=DRAFT)
    with transaction():
        set_calendar(pattern_id, calendar, version=seen)
    with pytest.raises(OutdatedError), transaction():
        set_calendar(pattern_id, CalendarInput(1, date(2026, 2, 1)), version=seen)
    found = find_recurring(pattern_id)
    assert (found.recurrence.months, found.recurrence.next_date) == (12, date(2026, 2, 1))
    assert (found.pattern.period_start, found.pattern.period_end) == (date(2026, 2, 1), date(2026, 2, 28))


def test_what_a_calendar_cannot_be(company):
    pattern_id = repeated()
    cases = {
        "months": CalendarInput(2, date(2026, 2, 1)),
        "last_date": CalendarInput(1, date(2026, 2, 1), date(2026, 1, 31)),
        "first_date": CalendarInput(1, date(1890, 2, 1)),
        "label": CalendarInput(1, date(2026, 2, 1), label="x" * 121),
    }
    for field, given in cases.items():
        with pytest.raises(InvalidInputError) as caught, transaction():
            set_calendar(pattern_id, given)
        assert list(caught.value.errors) == [field]
    with pytest.raises(InvalidInputError) as caught, transaction():
        set_calendar(pattern_id, CalendarInput(1, date(2025, 1, 1), date(2025, 6, 1)))
    assert list(caught.value.errors) == ["last_date"]


def test_a_pattern_is_never_issued_deleted_or_repeated(company):
    pattern_id = repeated()
    for act in (delete_draft, issue_invoice):
        with pytest.raises(Exception, match=r"."), transaction():
            act(pattern_id)
    with pytest.raises(ConflictError), transaction():
        repeat_invoice(pattern_id, CalendarInput(1, date(2026, 2, 1)))
    assert find_recurring(pattern_id).pattern.state is DocumentState.DRAFT


def test_headings_are_repeated_and_an_issued_invoice_gives_its_period_to_the_month_of_the_first_date(company):
    with transaction():
        source = issue(
            make_heading("Entretien"), make_line("2", "50"),
            period_start=date(2026, 1, 1), period_end=date(2026, 1, 31),
        )  # fmt: skip
        pattern = repeat_invoice(source.id, CalendarInput(1, date(2026, 3, 10)))
        assert [line.label for line in pattern.lines] == ["Entretien", "Prestation"]
        assert (pattern.period_start, pattern.period_end) == (date(2026, 3, 1), date(2026, 3, 31))


Point = Callable[[pytest.MonkeyPatch], None]


def _dies(module: object, name: str) -> Point:
    """The process is gone at this call: everything that was not committed is lost."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    return lambda patch: patch.setattr(module, name, die)


@pytest.mark.parametrize(
    "point",
    [
        _dies(copying, "leave_todo"),
        _dies(copying, "record_event"),
        _dies(finishing, "locked_document"),
        _dies(finishing, "issue_invoice"),
        _dies(finishing, "send_to_contacts"),
        _dies(finishing, "strike_todo"),
    ],
    ids=["copied", "noted", "made", "issuing", "issued", "sent"],
)
def test_whoever_dies_between_two_steps_nothing_is_lost_and_nothing_doubled(
    each_company, monkeypatch: pytest.MonkeyPatch, point: Point
):
    company_id, pattern_id = each_company.id, repeated()
    with on("2026-01-31"):
        with monkeypatch.context() as dying:
            point(dying)
            with pytest.raises(KeyboardInterrupt):
                make_recurring_invoices()
        enter_company(company_id)
        make_recurring_invoices()
    assert states(pattern_id) == [("F-2026-0001", "2026-01-31")]
    assert [sent_to(d) for d in copies(pattern_id)] == [[["compta@boulangerie.example.org"]]]
    assert problem_of(pattern_id) == ""


def test_one_that_breaks_does_not_stop_the_others(company, monkeypatch: pytest.MonkeyPatch):
    with transaction():
        customer_id = make_customer().id
    broken_id, other_id = repeated_for(customer_id, "a", ISSUE), repeated_for(customer_id, "b", ISSUE)
    whole = duplicating.copied_input

    def breaks(document: Document, *rest: object, **more: object) -> object:
        if document.id == broken_id:
            raise ZeroDivisionError
        return whole(document, *rest, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as breaking:
        breaking.setattr(copying, "copied_input", breaks)
        run("2026-01-31")
    assert (len(copies(broken_id)), len(copies(other_id))) == (0, 1)
    assert problem_of(broken_id) != ""
    run("2026-02-01")
    assert len(copies(broken_id)) == 1
    assert db.session.scalars(select(Recurrence.problem)).all() == ["", ""]
