"""Actions on many documents: in the order of their dates, each once, the refused ones told, whoever dies."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from core.clock import paris_today
from core.database import db, transaction
from core.errors import OutdatedError
from core.models import Role, User
from core.tenancy import enter_company, in_company
from core.todo import Todo
from invoicing import bulk_items as items
from invoicing import do_bulk_item as doing
from invoicing import work_bulk_runs as working
from invoicing.bulk import chosen_by, find_run, list_items, progress_of
from invoicing.bulk_plan import LeftOut, plan_bulk
from invoicing.delete_draft import delete_draft
from invoicing.documents import DocumentFilter, ListState
from invoicing.errors import InvalidInputError
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import DocumentState, TodoKind
from invoicing.models import BulkAction, BulkItem, BulkItemState, Document, Sending
from invoicing.order_bulk import BulkInput, order_bulk
from invoicing.send_to_contacts import send_to_contacts
from invoicing.work_bulk_runs import work_bulk_runs
from tests.conftest import make_company, make_user
from tests.factories.invoicing import issue, make_customer, make_draft, make_individual, make_line

ISSUE, BOTH, SEND = BulkAction


def drafts(count: int, **changes: Any) -> list[int]:
    customer = make_customer()
    return [make_draft(customer=customer, **changes).id for _ in range(count)]


def ordered(action: BulkAction, ids: Sequence[int], key: str = "k" * 32, actor_id: int | None = None) -> int:
    """Order what the page would show; gives the run's id."""
    with transaction():
        seen = plan_bulk(action, ids).seen
        return order_bulk(BulkInput(action, ids, key, seen, actor_id)).id


def numbers(ids: Sequence[int]) -> list[str | None]:
    return [db.session.get_one(Document, id_).number for id_ in ids]


def results(run_id: int) -> list[tuple[str, str]]:
    return [(item.state.value, item.problem) for item, _ in list_items(run_id, None, limit=1000)]


def sendings() -> list[tuple[int, list[str]]]:
    rows = db.session.scalars(select(Sending).order_by(Sending.document_id))
    return [(row.document_id, json.loads(row.recipients)) for row in rows]


def test_numbers_follow_the_dates_and_a_double_click_is_one_run(each_company):
    today = paris_today()
    with transaction():
        undated, late, early = (
            drafts(1, issue_date=day)[0]
            for day in (None, today - timedelta(days=1), today - timedelta(days=5))
        )
    run_id = ordered(ISSUE, [undated, late, early, early])
    assert ordered(ISSUE, [undated, late, early, early]) == run_id
    assert db.session.scalar(select(func.count(BulkItem.id))) == 3
    work_bulk_runs()
    work_bulk_runs()
    year = today.year
    assert [n and n[-4:] for n in numbers([early, late, undated])] == ["0001", "0002", "0003"], year
    assert results(run_id) == [("done", "")] * 3
    run = find_run(run_id)
    assert (progress_of(run).waiting, run.finished_at is not None) == (0, True)
    assert sendings() == []
    assert db.session.scalars(select(Todo.kind).where(Todo.kind == TodoKind.BULK)).all() == []


def test_what_is_refused_says_why_and_the_others_go_on(each_company):
    with transaction():
        first, deleted, last = drafts(3)
        alone = make_draft(customer=make_customer(contacts=())).id
        negative = make_draft(make_line("-1", "10")).id
    run_id = ordered(BOTH, [last, negative, first, deleted, alone])
    with transaction():
        delete_draft(deleted)
    work_bulk_runs()
    found = {item.document_id: item for item, _ in list_items(run_id, None, limit=10)}
    refused = {id_ for id_, item in found.items() if item.state is BulkItemState.REFUSED}
    assert refused == {deleted, alone, negative}
    assert all(found[id_].problem for id_ in refused)
    assert "contact" in found[alone].problem
    # What could not be sent was not issued either.
    assert db.session.get_one(Document, alone).state is DocumentState.DRAFT
    assert [n and n[-1] for n in numbers([first, last])] == ["1", "2"]
    assert [id_ for id_, _ in sendings() if id_ in (first, last, alone)] == [first, last]


def test_sending_leaves_out_drafts_and_what_was_sent(each_company):
    with transaction():
        open_, sent = issue(), issue()
        draft, open_id, sent_id = make_draft().id, open_.id, sent.id
        send_to_contacts(sent)
    plan = plan_bulk(SEND, [draft, open_id, sent_id, 999])
    assert [d.id for d in plan.documents] == [open_id]
    assert plan.left_out == {LeftOut.DRAFT: 1, LeftOut.SENT: 1}
    assert plan.total_cents == 12_000
    run_id = ordered(SEND, [draft, open_id, sent_id])
    work_bulk_runs()
    assert results(run_id) == [("done", "")]
    assert [id_ for id_, _ in sendings()] == [open_id, sent_id]
    assert plan_bulk(ISSUE, [draft, open_id]).left_out == {LeftOut.ISSUED: 1}


def test_what_changed_since_it_was_seen_is_shown_again(company):
    with transaction():
        one, two = drafts(2)
    seen = plan_bulk(ISSUE, [one, two]).seen
    with transaction():
        issue_invoice(two)
    with pytest.raises(OutdatedError), transaction():
        order_bulk(BulkInput(ISSUE, [one, two], "k", seen))
    with transaction(), pytest.raises(InvalidInputError):
        order_bulk(BulkInput(ISSUE, [two], "k", plan_bulk(ISSUE, [two]).seen))
    with transaction(), pytest.raises(InvalidInputError):
        order_bulk(BulkInput(ISSUE, range(1, 1002), "k", ""))
    assert db.session.scalar(select(func.count(BulkItem.id))) == 0


def test_all_that_a_list_finds_is_chosen_by_what_can_be_done_to_it(each_company):
    today = paris_today()
    with transaction():
        late, early = drafts(1, issue_date=today)[0], drafts(1, issue_date=today - timedelta(days=3))[0]
        undated = make_draft(customer=make_individual()).id
        unsent, sent = issue(), issue()
        unsent_id = unsent.id
        send_to_contacts(sent)
    everything, drawn = DocumentFilter(), DocumentFilter(state=ListState.DRAFT)
    assert chosen_by(drawn, ISSUE, 10) == chosen_by(everything, BOTH, 10) == [early, late, undated]
    assert chosen_by(drawn, ISSUE, 2) == [early, late]
    assert chosen_by(DocumentFilter(text="Modèle"), ISSUE, 10) == [undated]
    assert (
        chosen_by(everything, SEND, 10)
        == chosen_by(DocumentFilter(state=ListState.OPEN), SEND, 10)
        == [unsent_id]
    )
    assert chosen_by(drawn, SEND, 10) == []
    assert chosen_by(DocumentFilter(state=ListState.OPEN), ISSUE, 10) == []
    assert plan_bulk(BOTH, [early, undated]).without_address == 0


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (doing, "issue_invoice"),
        (doing, "send_to_contacts"),
        (working, "refuse_bulk_item"),
        (items, "strike_todo"),
    ],
    ids=["issuing", "issued", "refusing", "finishing"],
)
def test_a_worker_that_dies_is_followed_by_one_that_goes_on(
    each_company, monkeypatch: pytest.MonkeyPatch, module: object, name: str
):
    company_id = each_company.id
    with transaction():
        one, two = drafts(2)
        alone = make_draft(customer=make_customer(contacts=())).id
    run_id = ordered(BOTH, [one, alone, two])

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(module, name, die)
        with pytest.raises(KeyboardInterrupt):
            work_bulk_runs()
    enter_company(company_id)
    work_bulk_runs()
    assert [state for state, _ in results(run_id)] == ["done", "done", "refused"]
    assert [n and n[-4:] for n in numbers([one, two])] == ["0001", "0002"]
    assert [id_ for id_, _ in sendings()] == [one, two]
    assert find_run(run_id).finished_at is not None


def test_a_fault_of_ours_refuses_one_and_a_database_that_is_away_refuses_none(
    company, monkeypatch: pytest.MonkeyPatch
):
    with transaction():
        one, two = drafts(2)
    run_id = ordered(ISSUE, [one, two])

    def fails(document_id: int, **more: Any) -> Document:
        if document_id == one:
            raise ZeroDivisionError
        raise OperationalError("x", {}, Exception())

    with monkeypatch.context() as failing:
        failing.setattr(doing, "issue_invoice", fails)
        work_bulk_runs()
    assert [state for state, _ in results(run_id)] == ["refused", "waiting"]
    work_bulk_runs()
    assert [state for state, _ in results(run_id)] == ["refused", "done"]


def test_after_some_seconds_other_work_goes_first(company, monkeypatch: pytest.MonkeyPatch):
    with transaction():
        ids = drafts(3)
    run_id = ordered(ISSUE, ids)
    woken: list[str] = []
    with monkeypatch.context() as short:
        short.setattr(working, "SLICE_SECONDS", -1)
        short.setattr(working, "wake", woken.append)
        work_bulk_runs()
    assert woken == ["work_bulk_runs"]
    assert progress_of(find_run(run_id)).waiting == 3
    work_bulk_runs()
    assert progress_of(find_run(run_id)).done == 3


def test_two_workers_share_a_run(each_app: Flask):
    company_id = make_company(each_app)
    with each_app.app_context(), in_company(company_id):
        with transaction():
            ids = drafts(8)
        run_id = ordered(BOTH, ids)

    def work() -> None:
        with each_app.app_context():
            work_bulk_runs()  # as in two processes: the guard against that is one process's

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with each_app.app_context(), in_company(company_id):
        assert [n and n[-4:] for n in numbers(ids)] == [f"{n:04d}" for n in range(1, 9)]
        assert [id_ for id_, _ in sendings()] == ids
        assert results(run_id) == [("done", "")] * 8


def test_refusals_speak_the_language_of_who_ordered(app: Flask, company_id: int):
    email = make_user(app, company_id, Role.STAFF, language="en")
    with app.app_context(), in_company(company_id):
        actor_id = db.session.scalars(select(User.id).where(User.email == email)).one()
        with transaction():
            alone = make_draft(customer=make_customer(contacts=())).id
        run_id = ordered(BOTH, [alone], actor_id=actor_id)
        work_bulk_runs()
        ((state, problem),) = results(run_id)
        assert state == "refused"
        assert problem.startswith("This customer has no contact")
