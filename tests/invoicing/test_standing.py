"""What lists and dashboard find is what is derived, in every state; and they find it along an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select, text

from core.clock import paris_today
from core.database import db, transaction
from core.models import Company
from invoicing.apply_credit import apply_credit
from invoicing.balances import balances_of
from invoicing.cancel_payment import cancel_payment
from invoicing.credit_invoice import credit_invoice
from invoicing.dashboard import drafts, months, oldest_late, owed, paid_between
from invoicing.documents import DocumentFilter, ListState, count_documents, list_documents, sums_of
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.give_back import MoneyBack
from invoicing.lifecycle import DocumentKind, DocumentState, PaymentStatus
from invoicing.models import Document
from invoicing.payment_list import invoices_of_payments
from invoicing.payments import Payment
from invoicing.receivables import WriteOffKind
from invoicing.refund_payment import refund_payment
from invoicing.standing import InvoiceStanding, check_standings, rebuild_standings
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from tests.factories.invoicing import issue, make_customer, make_draft, make_line, pay

LONG_AGO = timedelta(days=15)


@pytest.fixture
def business(each_company: Company) -> Company:
    """Invoices in every state, among them one that is credited and open again because its payment was cancelled."""
    today = paris_today()
    with transaction():
        customer = make_customer(payment_terms_days=5)
        issue(customer=customer, today=today - LONG_AGO)
        late = issue(customer=customer, today=today - LONG_AGO + timedelta(days=1))
        pay(late, "20")
        pay(issue(customer=customer, today=today - LONG_AGO + timedelta(days=2)), "150")
        issue(customer=customer)
        used = issue(customer=customer)
        apply_credit(used.id)
        credit_invoice(issue(customer=customer).id, reason="Erreur")
        odd = issue(customer=customer)
        part = pay(odd, "50")
        credit_invoice(odd.id, reason="Retour")
        cancel_payment(part.id, reason="Chèque sans provision")
        issue(make_line("0", "100"), customer=customer)
        for cents in (50_00, 120_00):
            card = pay(issue(customer=customer), "120")
            refund_payment(MoneyBack(card.id, cents, today, external_id=f"re_{cents}"))
        doubtful, lost = issue(customer=customer), issue(customer=customer)
        doubt_invoice(DoubtInput(doubtful.id, today))
        pay(lost, "30")
        write_off(WriteOffInput(lost.id, WriteOffKind.LOSS, 9000, today))
        make_draft(customer=customer)
    return each_company


def _derived(state: ListState) -> set[int]:
    """What the list must find, said again from the balances alone."""
    issued = db.session.scalars(
        select(Document).where(Document.kind == DocumentKind.INVOICE, Document.state == DocumentState.ISSUED)
    ).all()
    balances = balances_of([document.id for document in issued])
    today = paris_today()
    says: dict[ListState, Callable[[Document], bool]] = {
        ListState.OPEN: lambda d: balances[d.id].open_cents > 0,
        ListState.LATE: lambda d: (
            balances[d.id].open_cents > 0 and d.due_date is not None and d.due_date < today
        ),
        ListState.PARTLY_PAID: lambda d: balances[d.id].status is PaymentStatus.PARTLY_PAID,
        ListState.PAID: lambda d: balances[d.id].status is PaymentStatus.PAID,
        ListState.CREDITED: lambda d: balances[d.id].status is PaymentStatus.CREDITED,
        ListState.MONEY_BACK: lambda d: balances[d.id].status.is_on_hold,
        ListState.DOUBTFUL: lambda d: balances[d.id].is_doubtful or balances[d.id].lost_cents > 0,
    }
    return {document.id for document in issued if says[state](document)}


STATES = sorted(set(ListState) - {ListState.ALL, ListState.DRAFT, ListState.CREDIT_NOTES})


def test_each_list_finds_exactly_what_is_derived(business: Company) -> None:
    for state in STATES:
        expected = _derived(state)
        assert expected, state
        found = list_documents(DocumentFilter(state), limit=100)
        assert {document.id for document in found} == expected, state
        assert found == sorted(found, key=lambda d: (d.issue_date, d.id), reverse=True)
        assert count_documents(DocumentFilter(state)) == len(expected)
        year = DocumentFilter(state, year=paris_today().year)
        assert {document.id for document in list_documents(year, limit=100)} <= expected
        assert count_documents(DocumentFilter(state, "Boulangerie")) == len(expected)
        assert count_documents(DocumentFilter(state, "no such words")) == 0


def test_the_sums_are_those_of_the_derived_balances(business: Company) -> None:
    open_ = _derived(ListState.OPEN)
    cents = sum(balance.open_cents for balance in balances_of(open_).values())
    assert sums_of(DocumentFilter(ListState.OPEN)).open_cents == cents
    late = balances_of(_derived(ListState.LATE))
    figures = owed()
    assert (figures.open_cents, figures.open_count) == (cents, len(open_))
    assert (figures.late_cents, figures.late_count) == (sum(b.open_cents for b in late.values()), len(late))
    assert {document.id: open_cents for document, open_cents in oldest_late()} == {
        id_: balance.open_cents for id_, balance in late.items()
    }


def test_a_transaction_that_fails_leaves_the_standing_as_it_was(each_company: Company) -> None:
    with transaction():
        invoice_id = issue().id
    with pytest.raises(ZeroDivisionError), transaction():
        _pay_and_fail(invoice_id)
    assert list(check_standings()) == []
    assert owed().open_count == 1


def _pay_and_fail(invoice_id: int) -> None:
    pay(db.session.get_one(Document, invoice_id), "120")
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice_standing SET open_cents = open_cents + 1 WHERE open_cents > 0",
        "UPDATE invoice_standing SET status = 'paid' WHERE status = 'open'",
        "UPDATE invoice_standing SET due_date = '2031-01-01'",
        "DELETE FROM invoice_standing WHERE open_cents > 0",
    ],
)
def test_a_standing_that_is_not_what_is_derived_is_found_and_mended(
    business: Company, statement: str
) -> None:
    assert list(check_standings()) == []
    with transaction() as session:
        session.execute(text(statement))
    assert list(check_standings())
    with transaction():
        assert rebuild_standings() == 12
    assert list(check_standings()) == []


def test_a_standing_of_what_is_no_invoice_is_found(company: Company) -> None:
    with transaction():
        draft = make_draft()
        db.session.add(
            InvoiceStanding(
                id=draft.id,
                status=PaymentStatus.OPEN,
                is_open=True,
                open_cents=1,
                issue_date=paris_today(),
                due_date=paris_today(),
            )
        )
    assert list(check_standings()) == [f"document {draft.id} stands in lists, but is no issued invoice"]


def test_verify_tells_of_it_and_the_command_mends_it(app: Flask, company: Company) -> None:
    with transaction():
        issue()
    with transaction() as session:
        session.execute(text("DELETE FROM invoice_standing"))
    runner = app.test_cli_runner()
    told = runner.invoke(args=["verify"])
    assert told.exit_code == 1
    assert "Atelier Lumen: lists: invoice 1 stands otherwise" in told.stdout
    assert runner.invoke(args=["invoices", "rebuild-lists"]).exit_code == 0
    assert runner.invoke(args=["verify"]).exit_code == 0


@contextmanager
def _statements() -> Iterator[list[tuple[str, object]]]:
    seen: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


LARGE = ("document", "settlement", "payment", "invoice_standing")


def _read_whole(seen: list[tuple[str, object]]) -> list[str]:
    """Steps of SQLite's plans that pass over all rows of a large table, or all that a company has in it."""
    raw = db.session.connection().connection.driver_connection
    assert raw is not None
    steps = [
        str(row[3])
        for statement, parameters in seen
        if statement.startswith("SELECT")
        for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    return [
        step
        for step in steps
        if any(step.startswith((f"SCAN {table} ", f"SEARCH {table} ")) for table in LARGE)
        and (step.startswith("SCAN") or step.endswith("(company_id=?)"))
    ]


@pytest.mark.parametrize("state", list(ListState))
@pytest.mark.parametrize("year", [None, 2026])
def test_no_list_reads_all_there_is(company: Company, state: ListState, year: int | None) -> None:
    # Without statistics, as every installation on SQLite begins: 25 ids and a company must mean the 25 ids.
    wanted = DocumentFilter(state, year=year)
    with _statements() as seen:
        list_documents(wanted, limit=25)
        count_documents(wanted)
        sums_of(wanted)
        balances_of(range(25))
    assert len(seen) >= 4
    assert _read_whole(seen) == []


def test_the_dashboard_and_the_payments_read_along_indexes(company: Company) -> None:
    with _statements() as seen:
        owed()
        oldest_late()
        months()
        drafts()
        paid_between(paris_today(), paris_today())
        invoices_of_payments(range(25))
    assert _read_whole(seen) == []


def test_a_dated_draft_is_not_invoiced(each_company: Company) -> None:
    with transaction():
        make_draft(issue_date=paris_today())
        issue(make_line("1", "10"))
        credit_invoice(issue().id, reason="Erreur")
    month = months()[-1]
    assert (month.first_day, month.invoiced_cents) == (paris_today().replace(day=1), 12_00)


def test_the_guard_sees_what_reads_everything(company: Company) -> None:
    with _statements() as seen:
        db.session.scalars(select(Payment.details)).all()
        db.session.scalars(select(Document.id).where(Document.note == "x")).all()
    assert len(_read_whole(seen)) == 2
