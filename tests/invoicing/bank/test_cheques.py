"""Cheques: handed in on slips, back unpaid, a slip taken back; the books after each step."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func
from sqlalchemy.exc import DatabaseError

from accounting.ledger_checks import check_ledger
from accounting.models import Account, EntryLine
from core.clock import paris_today
from core.database import Base, db, transaction
from core.seal import verify_chain
from core.tenancy import insert_row
from invoicing.balances import balance_of
from invoicing.bank.banks import banks
from invoicing.bank.cheques import cheques_in_hand
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.bank.models import ChequeDeposit, ChequeDepositItem
from invoicing.bank.slip_pdf import slip_pdf
from invoicing.bank.undo_deposit import undo_deposit
from invoicing.cancel_payment import cancel_payment
from invoicing.errors import InvalidInputError
from invoicing.payments import Payment, PaymentMethod
from tests.factories.invoicing import issue, make_customer, pay

TODAY = paris_today()


def account_stands_at(number: str) -> int:
    """The balance of an account in cents, debit above zero."""
    found = db.session.scalar(
        db.select(func.coalesce(func.sum(EntryLine.debit_cents - EntryLine.credit_cents), 0))
        .join(Account, Account.id == EntryLine.account_id)
        .where(Account.number == number)
    )
    return int(found or 0)


def cheque(euros: str = "120", **changes):
    return pay(issue(customer=changes.pop("customer", None)), euros, method=PaymentMethod.CHEQUE, **changes)


def slip(*payments, key: str = "k", day=TODAY, bank: int | None = None) -> ChequeDeposit:
    bank_id = banks()[0].account_id if bank is None else bank
    ids = [payment.id for payment in payments]
    return deposit_cheques(ids, bank_account_id=bank_id, deposited_on=day, request_key=key)


def test_three_cheques_are_handed_in_one_comes_back_the_slip_is_taken_back(each_company):
    with transaction():
        customer = make_customer()
        three = [cheque(reference=f"CHQ {n}", customer=customer) for n in range(3)]
        ids = [payment.id for payment in three]
    assert (account_stands_at("511200"), account_stands_at("512000")) == (36000, 0)
    with transaction():
        made = slip(*three)
        assert (made.cheque_count, made.amount_cents) == (3, 36000)
        made_id = made.id
    assert cheques_in_hand() == []
    assert (account_stands_at("511200"), account_stands_at("512000")) == (0, 36000)

    # The form sent twice: one slip.
    with transaction():
        assert slip(*three).id == made_id

    # The bank sends the second back: the customer owes again, and the bank has taken the money.
    with transaction():
        cancel_payment(ids[1], reason="Provision insuffisante")
    assert (account_stands_at("511200"), account_stands_at("512000")) == (0, 24000)
    assert account_stands_at("411000") == 12000

    # The slip was a mistake: the two others are in hand again and can be handed in anew.
    with transaction():
        undo_deposit(made_id, reason="Mauvaise banque")
    with transaction():
        undo_deposit(made_id, reason="Deux fois")
    assert {payment.id for payment in cheques_in_hand()} == {ids[0], ids[2]}
    assert (account_stands_at("511200"), account_stands_at("512000")) == (24000, 0)
    with transaction():
        slip(*cheques_in_hand(), key="again")
    assert (account_stands_at("511200"), account_stands_at("512000")) == (0, 24000)
    assert list(verify_chain(each_company.id)) == []
    assert check_ledger() == []


def test_what_cannot_go_on_a_slip_is_told_beside_the_field(company):
    with transaction():
        good, handed_in, cancelled = cheque(), cheque(), cheque()
        transfer = pay(issue(), "120")
        slip(handed_in, key="before")
        cancel_payment(cancelled.id, reason="Erreur")
        late = cheque(paid_on=TODAY)
    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    refused: list[tuple[str, tuple[Payment, ...], date, int | None]] = [
        ("cheques", (), TODAY, None),
        ("cheques", (handed_in,), TODAY, None),
        ("cheques", (good, cancelled), TODAY, None),
        ("cheques", (transfer,), TODAY, None),
        ("deposited_on", (good,), tomorrow, None),
        ("deposited_on", (late,), yesterday, None),
        ("bank", (good,), TODAY, 0),
    ]
    for number, (field, payments, day, bank) in enumerate(refused):
        with pytest.raises(InvalidInputError) as error, transaction():
            slip(*payments, key=f"refused {number}", day=day, bank=bank)
        assert field in error.value.errors, number
    assert db.session.query(ChequeDeposit).count() == 1
    assert balance_of(1).open_cents == 0


def test_a_slip_and_its_cheques_never_change(each_company):
    with transaction():
        made = slip(cheque())
    for change in (
        "UPDATE cheque_deposit SET amount_cents = 1",
        "DELETE FROM cheque_deposit_item",
        "UPDATE cheque_deposit_item SET amount_cents = 1",
    ):
        with pytest.raises(DatabaseError, match="frozen"), transaction():
            db.session.execute(db.text(change))
    # A cheque lies on one slip at a time, whatever bypasses the verb.
    item = db.session.query(ChequeDepositItem).one()
    row = {"deposit_id": item.deposit_id, "payment_id": item.payment_id, "amount_cents": 1}
    with pytest.raises(DatabaseError, match=r"(?i)unique"), transaction():
        insert_row(Base.metadata.tables["cheque_deposit_item"], **row)
    assert made.reference == "REM000001"


def test_the_slip_on_paper_names_each_cheque_and_the_total(company):
    with transaction():
        made = slip(cheque(reference="CHQ 4711"), cheque("30.50"))
    content = slip_pdf(made)
    assert content.startswith(b"%PDF")
    assert content == slip_pdf(made)
