"""A direct debit is rejected and the bank charges for it; a cheque paid too much is given back by transfer."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from accounting.models import JournalEntry
from accounting.treasury_accounts import treasury_accounts
from accounting.treasury_models import TreasuryKind
from core.database import db, transaction
from invoicing.balances import customer_credit_cents
from invoicing.cancel_payment import cancel_payment
from invoicing.errors import InvalidInputError
from invoicing.give_back import MoneyBack
from invoicing.payment_register import register_totals, treasury_totals
from invoicing.payments import PaymentMethod, ReversalKind
from invoicing.refund_payment import refund_payment
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "5112", "512000", "627", "44571", "44574", "706")


def test_a_rejected_direct_debit_costs_a_fee(each_company):
    with transaction():
        invoice = issue(make_line("1", "100"), today=date(2026, 4, 1))
        payment = pay(invoice, "120", paid_on=date(2026, 4, 30), reference="PRLV 0426")
    # A slip of the pen has no fee.
    with pytest.raises(InvalidInputError) as refused, transaction():
        cancel_payment(payment.id, reason="Erreur", fee_cents=1200, today=date(2026, 5, 4))
    assert list(refused.value.errors) == ["fee_cents"]
    # On 4 May the bank sends it back, for want of money, and takes 12 €.
    with transaction():
        cancel_payment(
            payment.id, reason="Provision insuffisante", kind=ReversalKind.REJECTION, fee_cents=1200,
            today=date(2026, 5, 4),
        )  # fmt: skip
    assert open_on(invoice) == ["120.00"]
    assert books(*ACCOUNTS) == {
        "411": "120.00", "512000": "-12.00", "627": "12.00", "44574": "-20.00", "706": "-100.00",
    }  # fmt: skip
    fee = db.session.scalars(select(JournalEntry).where(JournalEntry.purpose == "bank_fee")).one()
    assert (fee.journal.code, fee.piece_ref) == ("BQ", "PRLV 0426")
    # The list of payments, tied to the ledger, has the 120 € that went back and not the fee.
    may = (date(2026, 5, 1), date(2026, 5, 31))
    assert register_totals(*may).net_cents == sum(t.cents for t in treasury_totals(*may)) == -120_00
    all_is_well()


def test_what_a_cheque_paid_too_much_goes_back_by_transfer(each_company):
    with transaction():
        customer = make_customer()
        invoice = issue(make_line("1", "100"), customer=customer, today=date(2026, 4, 1))
        cheque = pay(invoice, "150", method=PaymentMethod.CHEQUE, paid_on=date(2026, 4, 3))
    assert customer_credit_cents(customer.id) == 3000
    (bank,) = treasury_accounts(TreasuryKind.BANK)
    with transaction():
        refund_payment(MoneyBack(cheque.id, 3000, date(2026, 4, 20), treasury_account_id=bank.id))
    assert customer_credit_cents(customer.id) == 0
    assert books(*ACCOUNTS) == {"5112": "150.00", "512000": "-30.00", "44571": "-20.00", "706": "-100.00"}
    all_is_well()
