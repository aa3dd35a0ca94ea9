"""A line of the bank that is several movements of the books, or one less a fee: one decision, taken back as one."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from accounting.bank_positions import bookable_accounts
from accounting.closing.close_year import close_year
from accounting.ledger_checks import check_ledger
from accounting.models import FiscalYear, Journal, JournalEntry, JournalKind
from accounting.standing import entry_of
from core.clock import paris_today, utc_now
from core.database import Base, db, transaction
from core.errors import ConflictError
from core.seal import verify_chain
from core.tenancy import insert_row
from invoicing.balances import balance_of, customer_credit_cents
from invoicing.bank.book_line import book_line
from invoicing.bank.lines import LineDecided, live_match, live_parts, proposals_of
from invoicing.bank.match_entries import match_entries
from invoicing.bank.models import BankLine, BankMatch, MatchKind
from invoicing.bank.pay_by_line import KeptFee, pay_by_line
from invoicing.bank.reconciliation import reconciliation
from invoicing.bank.undo_match import undo_match
from invoicing.errors import InvalidInputError
from invoicing.payments import Payment
from tests.factories.invoicing import issue, make_customer, pay
from tests.invoicing.bank.test_cheques import account_stands_at
from tests.invoicing.bank.test_statements import account_id, ago, lines, take_in

TODAY = paris_today()


def paid(euros: str = "120") -> int:
    """An invoice that was paid by a transfer; gives the entry of the payment."""
    payment = pay(issue(customer=make_customer()), euros, paid_on=TODAY)
    entry = entry_of(("payment", payment.id), "collection")
    assert entry is not None
    return entry.id


def kinds(line: BankLine) -> list[tuple[int, MatchKind]]:
    return [(part.part, part.kind) for part in live_parts(line.id)]


def test_a_line_that_sums_two_transfers_up_is_both_of_them(each_company):
    with transaction():
        one, two, other = paid(), paid("40"), paid("7")
    take_in(
        (ago(0), "160.00", "REMISE DE VIREMENTS", "", ""), (ago(0), "7.00", "VIR", "", ""), opening="0.00"
    )
    line, seven = lines()
    with pytest.raises(InvalidInputError) as refused, transaction():
        match_entries(line.id, [one, other])
    assert "33" in str(refused.value.errors["entries"])
    with transaction():
        match_entries(line.id, [two, one, two])
    assert kinds(line) == [(0, MatchKind.ENTRY), (1, MatchKind.ENTRY)]
    # None of them is another line's, nor proposed to one.
    for ids in ([two], [two, other]):
        with pytest.raises(ConflictError), transaction():
            match_entries(seven.id, ids)
    assert [p.choice for p in proposals_of(seven.bank_account_id, [seven])[seven.id]] == [f"entry:{other}"]
    with transaction():
        match_entries(seven.id, [other])
    standing = reconciliation(line.bank_account_id)
    assert standing is not None
    assert (standing.books_cents, standing.awaited, standing.unexplained_cents) == (16700, (), 0)
    # Taken back as one; nothing had been booked, so nothing is mirrored.
    for _ in range(2):
        with transaction():
            undo_match(line.id)
    assert kinds(line) == []
    assert account_stands_at("512000") == 16700
    with transaction():
        match_entries(line.id, [one, two])
    assert check_ledger() == []


def test_a_transfer_less_what_the_bank_kept_is_matched_and_the_fee_is_booked(each_company):
    with transaction():
        one, two = paid(), paid("40")
    take_in((ago(0), "155.50", "VIR ETRANGER", "", ""), opening="0.00")
    line = lines()[0]
    with pytest.raises(InvalidInputError) as refused, transaction():
        match_entries(line.id, [one, two], rest_account_id=account_id("411000"))
    assert "rest_account" in refused.value.errors
    assert kinds(line) == []
    with transaction():
        match_entries(line.id, [one, two], rest_account_id=account_id("627000"))
    assert kinds(line) == [(0, MatchKind.ENTRY), (1, MatchKind.ENTRY), (2, MatchKind.ACCOUNT)]
    assert (account_stands_at("627000"), account_stands_at("512000")) == (450, 15550)
    standing = reconciliation(line.bank_account_id)
    assert standing is not None
    assert (standing.awaited, standing.unexplained_cents) == ((), 0)
    with transaction():
        undo_match(line.id)
    assert (account_stands_at("627000"), account_stands_at("512000")) == (0, 16000)
    standing = reconciliation(line.bank_account_id)
    assert standing is not None
    assert (standing.awaited_cents, standing.unexplained_cents) == (16000, 0)
    assert check_ledger() == []


def test_invoices_are_paid_by_a_line_from_which_the_bank_kept_a_fee(each_company):
    with transaction():
        customer = make_customer()
        first, second = (issue(customer=customer).id for _ in range(2))
        customer_id = customer.id
    take_in((ago(0), "232.00", "VIR ETRANGER", "", ""), opening="0.00")
    line, parts = lines()[0], [(first, 12000), (second, 12000)]
    fees = account_id("627000")
    for fee, field in (
        (KeptFee(0, fees), "fee"),
        (KeptFee(-800, fees), "fee"),
        (KeptFee(10**9, fees), "fee"),
        (KeptFee(800, account_id("512000")), "fee_account"),
    ):
        with pytest.raises(InvalidInputError) as refused, transaction():
            pay_by_line(line.id, parts, fee=fee)
        assert field in refused.value.errors
    assert db.session.query(Payment).count() == 0
    for _ in range(2):
        with transaction():
            pay_by_line(line.id, parts, fee=KeptFee(800, fees))
        assert [balance_of(id_).open_cents for id_ in (first, second)] == [0, 0]
        assert customer_credit_cents(customer_id) == 0
        assert (account_stands_at("512000"), account_stands_at("627000")) == (23200, 800)
        with pytest.raises(LineDecided), transaction():
            pay_by_line(line.id, parts)
        with transaction():
            undo_match(line.id)
        assert [balance_of(id_).open_cents for id_ in (first, second)] == [12000, 12000]
        assert (account_stands_at("512000"), account_stands_at("627000")) == (0, 0)
    standing = reconciliation(line.bank_account_id)
    assert standing is not None
    assert (standing.awaited_cents, standing.unexplained_cents) == (0, 0)
    assert list(verify_chain(each_company.id)) == []
    assert check_ledger() == []


def test_the_database_takes_an_entry_and_a_place_once(each_company):
    with transaction():
        one, two, three = paid(), paid(), paid()
    take_in((ago(0), "240.00", "VIR", "", ""), (ago(0), "120.00", "VIR", "", ""))
    both, single = lines()
    with transaction():
        match_entries(both.id, [one, two])
    table = Base.metadata.tables["bank_match"]
    rows = (
        ({"line_id": single.id, "kind": "entry", "entry_id": two}, "unique"),
        ({"line_id": both.id, "kind": "entry", "entry_id": three}, "unique"),
        ({"line_id": single.id, "kind": "payment", "part": 1, "entry_id": three}, "part_books"),
        ({"line_id": single.id, "kind": "ignored", "part": 1}, "part_books"),
    )
    for row, said in rows:
        with pytest.raises(DatabaseError, match=rf"(?i){said}"), transaction():
            insert_row(table, **{"reason": "", "decided_at": utc_now(), **row})
    with pytest.raises(DatabaseError, match="frozen"), transaction():
        db.session.execute(db.text("UPDATE bank_match SET part = 5 WHERE part = 1"))
    assert db.session.query(BankMatch).count() == 2
    assert live_match(single.id) is None


def test_what_moves_nothing_at_the_bank_or_is_too_much_is_no_match(company):
    with transaction():
        one = paid()
        sale = entry_of(("document", issue(customer=make_customer()).id), "invoice")
    take_in((ago(0), "120.00", "VIR", "", ""))
    line = lines()[0]
    for ids, error in (
        ([], InvalidInputError),
        (range(1, 200), InvalidInputError),
        ([one, 999], ConflictError),
    ):
        with pytest.raises(error), transaction():
            match_entries(line.id, ids)
    if sale is not None:
        with pytest.raises(ConflictError), transaction():
            match_entries(line.id, [one, sale.id])
    assert live_match(line.id) is None


def test_what_no_page_offers_is_no_match(company):
    with transaction():
        pay(issue(customer=make_customer(), today=date(2025, 12, 1)), "120", paid_on=date(2025, 12, 2))
    with time_machine.travel(date(2026, 2, 1)), transaction():
        years = select(FiscalYear).where(FiscalYear.ends_on == date(2025, 12, 31))
        close_year(db.session.scalars(years).one().id)
    opening = db.session.scalars(
        select(JournalEntry.id).join(Journal).where(Journal.kind == JournalKind.OPENING)
    ).one()
    take_in((ago(0), "120.00", "VIR", "", ""), (ago(0), "120.00", "REMISE", "", ""))
    line, other = lines()
    with transaction():
        booked = book_line(other.id, bookable_accounts()[0].id).entry_id
    assert booked is not None
    with transaction():
        undo_match(other.id)
    # The balance carried forward is no movement; what was booked for a line and taken back is no other line's.
    for entry_id in (opening, booked):
        with pytest.raises(ConflictError), transaction():
            match_entries(line.id, [entry_id])
    assert live_match(line.id) is None
