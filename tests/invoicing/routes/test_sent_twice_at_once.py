"""Two copies of one form that arrive at the same moment, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.clock import paris_today
from core.database import Base, db, transaction
from core.files import StoredFile
from core.models import Role
from core.tenancy import in_company, insert_row
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.draft_input import DraftInput
from invoicing.draft_invoice import draft_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import AnswerKind, DocumentKind
from invoicing.models import Customer, Document, VatRate
from tests.conftest import PASSWORD, make_company, signed_in_client
from tests.factories.invoicing import issue, make_customer, make_line
from tests.invoicing.routes.test_customer_pages import CUSTOMER

AT_ONCE = 4
Counted = Customer | Document | StoredFile | VatRate


def _at_once(app: Flask, company_id: int, path: str, data: dict[str, Any]) -> list[tuple[int, str]]:
    """Post the same form from several windows of one person; status and where it leads, each. Bytes go as a file."""
    signed_in_client(app, company_id, Role.OWNER)
    together = Barrier(AT_ONCE)

    def post(_: int) -> tuple[int, str]:
        client = app.test_client()
        client.post("/login", data={"email": "owner@example.org", "password": PASSWORD})
        sent = {
            name: (BytesIO(value), "plan.pdf") if isinstance(value, bytes) else value
            for name, value in data.items()
        }
        together.wait()
        answer = client.post(path, data=sent)
        return answer.status_code, answer.headers.get("Location", "")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(post, range(AT_ONCE)))


def _count(app: Flask, company_id: int, model: type[Counted]) -> int:
    with app.app_context(), in_company(company_id):
        return db.session.scalar(select(func.count(model.id))) or 0


def test_one_draft_comes_of_one_form(each_app: Flask) -> None:
    company_id = make_company(each_app)
    with each_app.app_context(), in_company(company_id), transaction():
        customer_id = make_customer().id
    typed = {
        "customer_id": str(customer_id), "prices": "net", "request_key": "b" * 32,
        "lines-0-label": "Conseil", "lines-0-quantity": "1", "lines-0-unit": "HUR", "lines-0-unit_price": "100",
        "lines-0-vat_rate": "2000", "lines-0-kind": "service", "lines-0-discount": "", "files": b"%PDF-1.7 plan",
    }  # fmt: skip
    answers = _at_once(each_app, company_id, "/invoices/new", typed)
    assert {status for status, _ in answers} == {303}
    assert len({where for _, where in answers}) == 1
    assert _count(each_app, company_id, Document) == 1
    assert _count(each_app, company_id, StoredFile) == 1


def _accepted_quote(app: Flask, company_id: int) -> int:
    with app.app_context(), in_company(company_id), transaction():
        given = DraftInput(customer_id=make_customer().id, lines=(make_line("1", "1000"),))
        quote_id = issue_quote(draft_invoice(given, kind=DocumentKind.QUOTE).id).id
        answer_quote(quote_id, AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", consent="Bon pour accord"))
        return quote_id


@pytest.mark.parametrize("which", ["deposit", "invoice"])
def test_one_draft_comes_of_one_click_on_a_quote(each_app: Flask, which: str) -> None:
    company_id = make_company(each_app)
    quote_id = _accepted_quote(each_app, company_id)
    typed = {"request_key": "d" * 32, **({"rate": "30", "amount": ""} if which == "deposit" else {})}
    answers = _at_once(each_app, company_id, f"/quotes/{quote_id}/{which}", typed)
    assert {status for status, _ in answers} == {303}
    assert len({where for _, where in answers}) == 1
    assert _count(each_app, company_id, Document) == 2


def test_one_recurring_invoice_comes_of_one_form(each_app: Flask) -> None:
    company_id = make_company(each_app)
    with each_app.app_context(), in_company(company_id), transaction():
        invoice_id = issue().id
    first = (paris_today() + timedelta(days=30)).isoformat()
    typed = {"label": "Loyer", "months": "1", "first_date": first, "last_date": "", "outcome": "draft"}
    answers = _at_once(
        each_app, company_id, f"/invoices/{invoice_id}/repeat", {**typed, "request_key": "e" * 32}
    )
    assert {status for status, _ in answers} == {303}
    assert len({where for _, where in answers}) == 1
    assert _count(each_app, company_id, Document) == 2


def test_one_customer_comes_of_one_form(each_app: Flask) -> None:
    company_id = make_company(each_app)
    typed = {**CUSTOMER, "request_key": "c" * 32}
    answers = _at_once(each_app, company_id, "/customers/new", typed)
    assert {status for status, _ in answers} == {303}
    assert len({where for _, where in answers}) == 1
    assert _count(each_app, company_id, Customer) == 1


def test_the_database_itself_takes_one_customer_of_a_form(each_app: Flask) -> None:
    # A verb that forgets the counter's lock, or another program.
    company_id = make_company(each_app)
    with each_app.app_context(), in_company(company_id):
        with transaction():
            first = make_customer(request_key="c" * 32)
            row = {c.name: getattr(first, c.name) for c in Customer.__table__.columns if c.name != "id"}
        row["number"] = "C00002"
        with pytest.raises(IntegrityError, match="request_key"), transaction():
            insert_row(Base.metadata.tables["customer"], **row)


def test_a_new_vat_rate_is_added_once(each_app: Flask) -> None:
    company_id = make_company(each_app)
    answers = _at_once(each_app, company_id, "/settings/vat-rates", {"rate": "6"})
    assert {status for status, _ in answers} == {303}
    assert _count(each_app, company_id, VatRate) == 1
