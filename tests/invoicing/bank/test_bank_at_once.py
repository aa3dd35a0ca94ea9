"""Two people at the same moment, on connections of their own: one wins, the other gets a sentence, nothing is twice."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from accounting.standing import entry_of
from core.clock import paris_today
from core.database import db
from core.tenancy import in_company
from invoicing.bank.banks import banks
from invoicing.bank.confirm_proposal import confirm_proposal
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.bank.ignore_line import ignore_line
from invoicing.bank.import_statement import import_statement
from invoicing.bank.lines import LineDecided
from invoicing.bank.match_entries import match_entries
from invoicing.bank.models import BankLine, BankMatch, BankStatement, ChequeDeposit, MatchKind
from invoicing.bank.statement_files import keep_file
from invoicing.bank.undo_deposit import undo_deposit
from invoicing.bank.undo_match import undo_match
from invoicing.cancel_payment import cancel_payment
from invoicing.payments import Payment, PaymentMethod, PaymentReversal
from tests.conftest import make_company
from tests.factories.invoicing import issue, make_customer, pay
from tests.invoicing.bank.bank_files import Entry, camt
from tests.invoicing.office import Office

TODAY = paris_today()


@pytest.fixture
def office(each_app: Flask) -> Office:
    return Office(each_app, make_company(each_app))


def kept(office: Office, *entries: Entry, **more: str) -> int:
    with office.app.app_context(), in_company(office.company_id):
        return keep_file(camt(*entries, **more))


def lines_of(office: Office, *amounts: str) -> list[int]:
    """A statement with a line of today for each amount; their ids."""
    file_id = kept(
        office, *((TODAY.isoformat(), amount, f"VIR {n}", "", "") for n, amount in enumerate(amounts))
    )
    office.alone(lambda: import_statement(file_id, banks()[0].account_id))
    return office.alone(lambda: [row.id for row in db.session.query(BankLine).order_by(BankLine.id)])


def entry_of_payment(**changes: Any) -> tuple[int, int]:
    payment = pay(issue(customer=make_customer()), "120", paid_on=TODAY, **changes)
    entry = entry_of(("payment", payment.id), "collection")
    assert entry is not None
    return payment.id, entry.id


def won(got: list[Any]) -> int:
    return sum(isinstance(found, int) for found in got)


def decisions(office: Office) -> int:
    return office.count(BankMatch, BankMatch.undone_at.is_(None))


def test_two_people_who_confirm_one_line_record_one_payment(office: Office) -> None:
    invoice = office.alone(lambda: issue(customer=make_customer()))
    line = lines_of(office, "120.00")[0]
    got = office.at_once(*[lambda: confirm_proposal(line, f"payment:{invoice}-12000")] * 4)
    assert won(got) == 1
    assert sum(isinstance(found, LineDecided) for found in got) == 3
    assert (office.count(Payment), decisions(office)) == (1, 1)
    assert office.is_sound()


def test_one_of_confirming_and_putting_aside_is_done(office: Office) -> None:
    invoice = office.alone(lambda: issue(customer=make_customer()))
    line = lines_of(office, "120.00")[0]
    confirm, ignore = (
        lambda: confirm_proposal(line, f"payment:{invoice}-12000"),
        lambda: ignore_line(line, "Plus tard"),
    )
    got = office.at_once(confirm, ignore, confirm, ignore)
    assert won(got) == 1
    assert sum(isinstance(found, LineDecided) for found in got) == 3
    is_paid = office.count(BankMatch, BankMatch.kind == MatchKind.PAYMENT)
    assert (office.count(Payment), decisions(office)) == (is_paid, 1)


def test_an_entry_that_several_lines_want_is_one_of_them(office: Office) -> None:
    entries = office.alone(lambda: [entry_of_payment()[1] for _ in range(2)])
    same, twin, both = lines_of(office, "120.00", "120.00", "240.00")
    got = office.at_once(
        lambda: match_entries(same, entries[:1]),
        lambda: match_entries(twin, entries[:1]),
        lambda: match_entries(both, entries),
        lambda: match_entries(both, entries[::-1]),
    )
    assert won(got) == 1
    held = office.count(BankMatch, BankMatch.entry_id == entries[0])
    assert held == 1
    assert decisions(office) in (1, 2)


def test_two_lines_that_pay_one_invoice_pay_it_once(office: Office) -> None:
    invoice = office.alone(lambda: issue(customer=make_customer()))
    found = lines_of(office, "120.00", "120.00")
    got = office.at_once(
        *(lambda line=line: confirm_proposal(line, f"payment:{invoice}-12000") for line in found)
    )
    assert won(got) == 1
    assert (office.count(Payment), decisions(office)) == (1, 1)
    assert office.is_sound()


def test_a_line_is_confirmed_while_its_payment_is_cancelled(office: Office) -> None:
    payment, entry = office.alone(entry_of_payment)
    line = lines_of(office, "120.00")[0]
    cancel = lambda: cancel_payment(payment, reason="Erreur")  # noqa: E731
    got = office.at_once(lambda: match_entries(line, [entry]), cancel, cancel)
    # Either order is true: what was recorded and taken back may have been at the bank. Nothing is twice.
    assert won(got) == 3
    assert (office.count(PaymentReversal), decisions(office)) == (1, 1)
    assert office.is_sound()


def test_a_decision_is_taken_back_while_its_payment_is_cancelled(office: Office) -> None:
    invoice = office.alone(lambda: issue(customer=make_customer()))
    line = lines_of(office, "120.00")[0]
    office.alone(lambda: confirm_proposal(line, f"payment:{invoice}-12000"))
    payment = office.alone(lambda: db.session.query(Payment).one())
    undo = lambda: getattr(undo_match(line), "id", 0)  # noqa: E731
    office.at_once(undo, lambda: cancel_payment(payment, reason="Erreur"), undo)
    assert (office.count(PaymentReversal), decisions(office)) == (1, 0)
    assert office.is_sound()


def test_a_cheque_goes_on_one_of_two_slips(office: Office) -> None:
    cheque, _ = office.alone(lambda: entry_of_payment(method=PaymentMethod.CHEQUE))
    account = office.alone(lambda: banks()[0].account_id)

    def slip(key: str) -> ChequeDeposit:
        return deposit_cheques([cheque], bank_account_id=account, deposited_on=TODAY, request_key=key)

    got = office.at_once(*(lambda key=key: slip(key) for key in "abcc"))
    # The two copies of one form may both have won: they are one slip.
    assert len({found for found in got if isinstance(found, int)}) == 1
    assert office.count(ChequeDeposit) == 1
    assert office.is_sound()


def test_a_slip_is_matched_or_taken_back_never_both_in_one_moment(office: Office) -> None:
    cheque, _ = office.alone(lambda: entry_of_payment(method=PaymentMethod.CHEQUE))
    account = office.alone(lambda: banks()[0].account_id)
    slip = office.alone(
        lambda: deposit_cheques([cheque], bank_account_id=account, deposited_on=TODAY, request_key="k")
    )
    line = lines_of(office, "120.00")[0]
    entry = office.alone(lambda: entry_of(("cheque_deposit", slip), "cheque_deposit"))
    got = office.at_once(
        lambda: match_entries(line, [entry]), lambda: undo_deposit(slip, reason="Mauvaise banque")
    )
    undone = office.count(ChequeDeposit, ChequeDeposit.undone_on.is_not(None))
    # Taken back first, its entry and the mirror of it may still both be at the bank; matched first, it stays.
    assert won(got) == 1 + undone
    assert decisions(office) == 1
    assert office.is_sound()


def test_the_same_statement_taken_in_twice_at_once_is_one(office: Office) -> None:
    day = TODAY.isoformat()
    first = kept(office, (day, "1.00", "UN", "", ""), (day, "2.00", "DEUX", "", ""))
    longer = kept(
        office, (day, "1.00", "UN", "", ""), (day, "2.00", "DEUX", "", ""), (day, "3.00", "TROIS", "", "")
    )
    account = office.alone(lambda: banks()[0].account_id)
    got = office.at_once(
        *(
            lambda file_id=file_id: import_statement(file_id, account)
            for file_id in (first, longer, first, longer)
        )
    )
    assert won(got) == 4
    assert (office.count(BankStatement), office.count(BankLine)) == (2, 3)
