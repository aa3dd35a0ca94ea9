"""One payment for several invoices: what each takes, the surplus, the entry, and all of it taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounting.ledger_checks import check_ledger
from accounting.models import Account, EntryLine, JournalEntry
from core.clock import paris_today
from core.database import db, transaction
from core.seal import verify_chain
from invoicing.balances import balance_of, open_of_payment
from invoicing.cancel_payment import cancel_payment
from invoicing.errors import InvalidInputError
from invoicing.models import Document
from invoicing.open_invoices import open_invoices, spread
from invoicing.payments import Payment, PaymentMethod
from invoicing.record_payment import PaymentInput, PaymentPart, record_payment
from tests.factories.invoicing import issue, make_customer, make_line, pay

TODAY = paris_today()


def pay_several(cents: int, *parts: tuple[int, int], key: str | None = None) -> Payment:
    shares = tuple(PaymentPart(invoice_id, part) for invoice_id, part in parts)
    return record_payment(
        PaymentInput(parts[0][0], PaymentMethod.TRANSFER, cents, TODAY, request_key=key, parts=shares)
    )


def lines_of(payment: Payment, purpose: str = "collection") -> list[tuple[str, int]]:
    rows = db.session.execute(
        db.select(Account.number, EntryLine.debit_cents - EntryLine.credit_cents)
        .join(EntryLine, EntryLine.account_id == Account.id)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(
            JournalEntry.source_kind == "payment",
            JournalEntry.source_id == payment.id,
            JournalEntry.purpose == purpose,
        )
        .order_by(EntryLine.position)
    )
    return [(row[0], row[1]) for row in rows]


def test_one_transfer_pays_one_invoice_whole_another_in_part_and_leaves_a_credit(each_company):
    with transaction():
        customer = make_customer()
        first, second, third = (issue(customer=customer).id for _ in range(3))
        payment = pay_several(21000, (second, 12000), (first, 5000), key="once")
        payment_id = payment.id
        # D 512; C 411 by invoice and for the surplus; the VAT of what was collected falls due.
        assert lines_of(payment) == [
            ("512000", 21000),
            ("411000", -5000),
            ("411000", -12000),
            ("411000", -4000),
            ("445740", 833),
            ("445740", 2000),
            ("445711", -2833),
        ]
    with transaction():
        assert pay_several(21000, (second, 12000), (first, 5000), key="once").id == payment_id
    assert [balance_of(n).open_cents for n in (first, second, third)] == [7000, 0, 12000]
    assert open_of_payment(payment_id) == 4000
    with transaction():
        cancel_payment(payment_id, reason="Mauvais client")
    assert [balance_of(n).open_cents for n in (first, second, third)] == [12000] * 3
    assert open_of_payment(payment_id) == 0
    assert list(verify_chain(each_company.id)) == []
    assert check_ledger() == []


def test_parts_that_cannot_be_are_told_beside_their_amounts(company):
    with transaction():
        customer = make_customer()
        first, second = issue(customer=customer).id, issue(customer=customer).id
        foreign = issue(customer=make_customer(name="Autre")).id
        pay(db.session.get_one(Document, second), "100")
    table = [
        (f"part_{second}", 32000, [(first, 12000), (second, 2001)]),
        (f"part_{first}", 12000, [(first, 0)]),
        (f"part_{first}", 12000, [(first, -5)]),
        ("amount_cents", 11999, [(first, 12000)]),
        ("parts", 24000, [(first, 12000), (foreign, 12000)]),
    ]
    for field, cents, parts in table:
        with pytest.raises(InvalidInputError) as error, transaction():
            pay_several(cents, *parts)
        assert set(error.value.errors) == {field}, (field, error.value.errors)
    assert db.session.query(Payment).count() == 1


def test_the_oldest_due_are_proposed_first_and_what_is_on_hold_is_not(company):
    with transaction():
        customer = make_customer()
        old = issue(make_line("1", "50"), customer=customer, today=TODAY - timedelta(days=40)).id
        new = issue(customer=customer).id
        issue(customer=make_customer(name="Autre"))
        found = open_invoices(customer.id)
    assert [invoice.id for invoice in found] == [old, new]
    assert spread(10000, found) == {old: 6000, new: 4000}
    assert spread(100000, found) == {old: 6000, new: 12000}
    assert spread(0, found) == {}
