"""What a transaction leaves to a worker: there with its row, gone with the work, and found without reading history."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from core.database import db, transaction
from core.models import Company
from core.tenancy import in_company
from core.todo import Todo, leave_todo, open_todos, strike_todo
from invoicing.dispatch_sendings import dispatch_sendings
from invoicing.issue_invoice import issue_invoice
from invoicing.lifecycle import TodoKind
from invoicing.render_pdf import ensure_pdf, render_documents
from invoicing.send_invoice import SendInput, send_invoice
from tests.conftest import make_company
from tests.factories.invoicing import make_draft


def _kinds() -> list[str]:
    return sorted(db.session.scalars(select(Todo.kind)))


def _in_a_transaction_that_fails(act: Callable[[], None]) -> None:
    def failing() -> None:
        with transaction():
            act()
            db.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()


def _issued() -> int:
    with transaction():
        return issue_invoice(make_draft().id).id


def test_a_thing_to_do_falls_with_its_transaction(each_company: Company) -> None:
    _in_a_transaction_that_fails(lambda: leave_todo("rest", 1))
    assert open_todos("rest") == []
    with transaction():
        leave_todo("rest", 2)
    _in_a_transaction_that_fails(lambda: strike_todo("rest", 2))
    assert open_todos("rest") == [(each_company.id, 2)]


def test_things_to_do_of_all_companies_are_found_and_struck_off_in_their_own(each_app) -> None:
    first, second = make_company(each_app), make_company(each_app, siren="443061841", name="Boutique Sel")
    with each_app.app_context():
        for company_id, subject_id in ((second, 5), (first, 7), (first, 6)):
            with in_company(company_id), transaction():
                leave_todo("rest", subject_id)
        assert open_todos("rest") == [(first, 7), (first, 6), (second, 5)]
        with in_company(first), transaction():
            strike_todo("rest", 5)
            strike_todo("rest", 7)
        assert open_todos("rest") == [(first, 6), (second, 5)]


def test_issuing_and_sending_leave_work_that_is_struck_off_when_it_is_done(each_company: Company) -> None:
    document_id = _issued()
    assert _kinds() == [TodoKind.PDF]
    with transaction():
        send_invoice(SendInput(document_id, ("compta@example.org",), request_key="key"))
    assert _kinds() == [TodoKind.PDF, TodoKind.MAIL]
    dispatch_sendings()  # needs the PDF, so it draws it
    assert _kinds() == []
    render_documents()
    assert db.session.scalar(text("SELECT count(*) FROM document_file")) == 1
    assert db.session.scalar(text("SELECT count(*) FROM outbox_mail")) == 1


def test_a_pdf_drawn_for_a_page_is_no_work_any_more(company: Company) -> None:
    ensure_pdf(_issued())
    assert _kinds() == []


def test_work_that_fails_stays_to_be_done(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    document_id = _issued()
    with monkeypatch.context() as broken:
        broken.setattr("invoicing.render_pdf.issued_pdf", lambda *_: 1 // 0)
        render_documents()
    assert open_todos(TodoKind.PDF) == [(company.id, document_id)]
    render_documents()
    assert open_todos(TodoKind.PDF) == []


def test_the_sweeps_read_no_document_while_nothing_is_to_do(company: Company) -> None:
    ensure_pdf(_issued())
    db.session.rollback()
    statements: list[str] = []
    raw = db.session.connection().connection.driver_connection
    assert raw is not None
    raw.set_trace_callback(statements.append)
    render_documents()
    dispatch_sendings()
    raw.set_trace_callback(None)
    assert any("todo" in statement for statement in statements)
    assert not [s for s in statements if "document" in s.replace("document_pdf", "") or "sending " in s]
    assert db.session.scalar(select(func.count(Todo.id))) == 0
