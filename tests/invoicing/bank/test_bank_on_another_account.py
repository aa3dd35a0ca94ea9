"""The bank stands on another account of the books from today on: what came before is decided on where it stands."""

from __future__ import annotations

import pytest

from accounting.ledger_checks import check_ledger
from accounting.record_wallet import record_wallet
from accounting.roles import AccountRole
from accounting.settings.assign_account import assign_account
from accounting.settings.save_treasury_account import TreasuryInput, save_treasury_account
from accounting.wallet_facts import PayoutFact
from core.database import transaction
from invoicing.bank.banks import bank_of, banks, banks_to_look_at
from invoicing.bank.book_line import book_line
from invoicing.bank.import_statement import import_statement
from invoicing.bank.match_payout import match_payout
from invoicing.bank.pay_by_line import pay_by_line
from invoicing.bank.statement_files import keep_file
from invoicing.bank.undo_match import undo_match
from invoicing.errors import InvalidInputError, NotFoundError
from tests.factories.invoicing import issue, make_customer
from tests.invoicing.bank.bank_files import camt
from tests.invoicing.bank.test_cheques import account_stands_at, slip
from tests.invoicing.bank.test_statements import TODAY, account_id, ago, lines, take_in


def move_the_bank(number: str = "512900") -> None:
    with transaction():
        assign_account(AccountRole.BANK, number, "Banque, nouveau plan")


def stand() -> tuple[int, int]:
    return account_stands_at("512000"), account_stands_at("512900")


def test_lines_of_the_account_before_are_decided_on_that_account(each_company):
    with transaction():
        payout = record_wallet(PayoutFact(("wallet_operation", 1), TODAY, "V1", -50_00))
        assert payout is not None
        invoice_id = issue(customer=make_customer()).id
    account = take_in(
        (ago(2), "-5.00", "FRAIS", "", ""),
        (ago(1), "50.00", "PAYPLUG", "", ""),
        (ago(0), "120.00", "VIR", "", ""),
    )
    fee, arrived, paid = (line.id for line in lines())
    with transaction():
        book_line(fee, account_id("627000"))
    move_the_bank()

    with transaction():
        undo_match(fee)
        match_payout(arrived, payout)
    assert stand() == (50_00, 0)
    with transaction():
        undo_match(arrived)
        book_line(fee, account_id("627000"))
    assert stand() == (-5_00, 0)
    with pytest.raises(InvalidInputError) as refused, transaction():
        pay_by_line(paid, [(invoice_id, 120_00)])
    assert "512000" in str(refused.value.errors["invoices"])
    # It takes no new statement and no cheques, until it is a bank account again: then its payments come in there.
    file_id = keep_file(camt((ago(0), "7.00", "VIR", "", "")))
    with pytest.raises(NotFoundError), transaction():
        import_statement(file_id, account)
    with pytest.raises(InvalidInputError), transaction():
        slip(bank=account)
    with transaction():
        save_treasury_account(TreasuryInput("Ancienne banque", number="512000", journal_code="BA"))
        pay_by_line(paid, [(invoice_id, 120_00)])
    assert stand() == (115_00, 0)
    assert check_ledger() == []


def test_a_payment_of_a_line_is_taken_back_where_it_came_in(company):
    with transaction():
        invoice_id = issue(customer=make_customer()).id
    take_in((ago(0), "120.00", "VIR", "", ""))
    line_id = lines()[0].id
    with transaction():
        pay_by_line(line_id, [(invoice_id, 120_00)])
    move_the_bank()
    with transaction():
        undo_match(line_id)
    assert stand() == (0, 0)


def test_the_account_before_is_looked_at_while_lines_of_it_wait(company):
    account = take_in((ago(0), "7.00", "VIR", "", ""))
    move_the_bank()
    assert [bank.number for bank in banks()] == ["512900"]
    assert [bank.number for bank in banks_to_look_at()] == ["512900", "512000"]
    with transaction():
        book_line(lines()[0].id, account_id("627000"))
    assert [bank.number for bank in banks_to_look_at()] == ["512900"]
    found = bank_of(account)
    assert found is not None
    assert found.treasury_id is None
