"""Money: payments, cancellations, credit notes and the use of credit, with what is open after each."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError

from accounting.ledger_checks import check_ledger
from accounting.models import EntryLine, JournalEntry
from core.clock import paris_today
from core.database import Base, db, transaction
from core.errors import ConflictError
from core.seal import verify_chain
from core.tenancy import enter_company, insert_row
from invoicing.apply_credit import apply_credit
from invoicing.balances import (
    balance_of,
    balances_of,
    customer_credit_cents,
    customer_due_cents,
    open_credits,
    open_of_payment,
)
from invoicing.cancel_payment import CardPaymentError, cancel_payment
from invoicing.credit_invoice import credit_invoice
from invoicing.draft_final import deduct_deposits
from invoicing.errors import InvalidInputError, NotFoundError, NotIssuableError
from invoicing.history import history
from invoicing.issue_invoice import issue_invoice
from invoicing.legal_mentions import MentionCode, read_mentions
from invoicing.lifecycle import DocumentKind, PaymentStatus
from invoicing.models import DepositUse, Document, InvoicingSettings
from invoicing.payments import Payment, PaymentMethod, Settlement
from invoicing.record_payment import PaymentInput, record_payment
from invoicing.set_invoice_type import set_deposit
from invoicing.settle import settle
from tests.conftest import make_company
from tests.factories.invoicing import issue, make_customer, make_draft, make_individual, make_line, pay

STATUS = PaymentStatus


def standing(document_id: int) -> tuple[int, PaymentStatus]:
    balance = balance_of(document_id)
    return balance.open_cents, balance.status


def owed_in_the_books(code: str) -> int:
    """The balance of the customer's account: debit above zero."""
    owed = db.session.scalar(
        db.select(func.coalesce(func.sum(EntryLine.debit_cents - EntryLine.credit_cents), 0)).where(
            EntryLine.auxiliary_code == code
        )
    )
    return int(owed or 0)


def everything_holds(company_id: int) -> bool:
    return list(verify_chain(company_id)) == [] and check_ledger() == []


def test_a_payment_in_two_parts_settles_the_invoice(each_company):
    with transaction():
        invoice_id = issue().id
        pay(db.session.get_one(Document, invoice_id), "50", reference="VIR 1")
        assert standing(invoice_id) == (7000, STATUS.PARTLY_PAID)
    with transaction():
        pay(db.session.get_one(Document, invoice_id), "70", method=PaymentMethod.CHEQUE)
    assert standing(invoice_id) == (0, STATUS.PAID)
    assert owed_in_the_books("C00001") == 0
    assert everything_holds(each_company.id)


def test_a_surplus_stays_the_customers_credit(each_company):
    with transaction():
        invoice = issue()
        payment = pay(invoice, "150")
        assert standing(invoice.id) == (0, STATUS.PAID)
        assert open_of_payment(payment.id) == customer_credit_cents(invoice.customer_id) == 3000
        late = pay(invoice, "120", method=PaymentMethod.CARD, external_id="pay_1")
        assert open_of_payment(late.id) == 12000
        customer_id = invoice.customer_id
    assert customer_credit_cents(customer_id) == 15000
    assert owed_in_the_books("C00001") == -15000
    assert everything_holds(each_company.id)


@pytest.mark.parametrize("key", ["external_id", "request_key"])
def test_the_same_payment_told_twice_is_recorded_once(each_company, key):
    with transaction():
        invoice_id = issue().id
    for _ in range(2):
        with transaction():
            given = PaymentInput(invoice_id, PaymentMethod.TRANSFER, 12000, paris_today())
            again: dict[str, Any] = {key: "same"}
            record_payment(replace(given, **again))
    assert db.session.query(Payment).count() == db.session.query(Settlement).count() == 1
    assert db.session.query(JournalEntry).count() == 2


@pytest.mark.parametrize("key", ["external_id", "request_key"])
def test_the_database_itself_takes_one_payment_of_a_key(each_company, key):
    # A verb that forgets the invoice's lock, or another program.
    keys: dict[str, Any] = {key: "same"}
    with transaction():
        paid = record_payment(PaymentInput(issue().id, PaymentMethod.TRANSFER, 12000, paris_today(), **keys))
        row = {c.name: getattr(paid, c.name) for c in Payment.__table__.columns if c.name != "id"}
    with pytest.raises(IntegrityError, match=key), transaction():
        insert_row(Base.metadata.tables["payment"], **row)


WRONG_PAYMENTS: list[tuple[str, dict[str, Any]]] = [
    ("amount_cents", {"amount_cents": 0}),
    ("amount_cents", {"amount_cents": -100}),
    ("amount_cents", {"amount_cents": 10**13}),
    ("paid_on", {"paid_on": paris_today() + timedelta(days=2)}),
    ("paid_on", {"paid_on": date(26, 1, 1)}),
    ("reference", {"reference": "x" * 101}),
    ("details", {"details": "x" * 256}),
]


def test_a_wrong_payment_is_refused_beside_its_field(company):
    with transaction():
        invoice_id = issue().id
    right = PaymentInput(invoice_id, PaymentMethod.CASH, 100, paris_today())
    for field, changes in WRONG_PAYMENTS:
        with pytest.raises(InvalidInputError) as caught, transaction():
            record_payment(replace(right, **changes))
        assert list(caught.value.errors) == [field], changes
    assert db.session.query(Payment).count() == 0


def test_drafts_and_credit_notes_take_no_payment(company):
    with transaction():
        draft = make_draft()
        note = credit_invoice(issue(customer=make_individual()).id, reason="Erreur")
        drafts = [draft.id, note.id, 99]
    for document_id in drafts:
        with pytest.raises(NotFoundError), transaction():
            record_payment(PaymentInput(document_id, PaymentMethod.CASH, 100, paris_today()))


def test_a_cancelled_payment_opens_the_invoice_again(each_company):
    with transaction():
        invoice = issue()
        invoice_id, payment_id = invoice.id, pay(invoice, "150").id
    for _ in range(2):
        with transaction():
            reversal = cancel_payment(payment_id, reason="Chèque rejeté")
            assert (reversal.payment_id, reversal.amount_cents) == (payment_id, 15000)
    assert standing(invoice_id) == (12000, STATUS.OPEN)
    assert open_of_payment(payment_id) == 0
    assert db.session.query(Settlement).count() == 3
    assert owed_in_the_books("C00001") == 12000
    assert everything_holds(each_company.id)
    with transaction():
        pay(db.session.get_one(Document, invoice_id), "120")
    assert standing(invoice_id) == (0, STATUS.PAID)
    assert everything_holds(each_company.id)


def test_cancelling_asks_for_a_reason_and_an_existing_payment(company):
    with transaction():
        payment_id = pay(issue(), "120").id
    for reason in ("", " ", "x" * 256):
        with pytest.raises(InvalidInputError), transaction():
            cancel_payment(payment_id, reason=reason)
    with pytest.raises(InvalidInputError), transaction():
        cancel_payment(payment_id, reason="Erreur", today=paris_today() - timedelta(days=1))
    with pytest.raises(NotFoundError), transaction():
        cancel_payment(99, reason="Erreur")


def test_a_card_payment_cannot_be_cancelled_by_hand(company):
    with transaction():
        payment_id = pay(issue(), "120", method=PaymentMethod.CARD).id
    with pytest.raises(CardPaymentError), transaction():
        cancel_payment(payment_id, reason="Erreur")


def test_crediting_an_open_invoice_settles_it(each_company):
    with transaction():
        invoice_id = issue(make_line("3"), make_line("-1", goods=True)).id
    with transaction():
        note_id = credit_invoice(invoice_id, reason="Commande annulée").id
    with transaction():
        assert credit_invoice(invoice_id, reason="Commande annulée").id == note_id
    note, invoice = db.session.get_one(Document, note_id), db.session.get_one(Document, invoice_id)
    assert note.number == f"A-{paris_today().year}-0001"
    assert (note.kind, note.reason, note.credits) == (DocumentKind.CREDIT_NOTE, "Commande annulée", invoice)
    assert (note.net_cents, note.vat_cents, note.total_cents) == (20000, 4000, 24000)
    assert [(line.quantity, line.net_cents) for line in note.lines] == [(30000, 30000), (-10000, -10000)]
    assert standing(invoice_id) == (0, STATUS.CREDITED)
    assert standing(note_id) == (0, STATUS.PAID)
    first = read_mentions(note.mentions)[0]
    assert first.code is MentionCode.CREDITED_INVOICE
    assert str(invoice.number) in first.text
    assert db.session.query(Document).count() == 2
    assert owed_in_the_books("C00001") == 0
    assert everything_holds(each_company.id)


def test_crediting_a_paid_invoice_gives_the_customer_credit(each_company):
    with transaction():
        invoice = issue()
        pay(invoice, "50")
        note = credit_invoice(invoice.id, reason="Commande annulée")
        assert standing(invoice.id) == (0, STATUS.CREDITED)
        assert standing(note.id) == (5000, STATUS.PARTLY_PAID)
        assert customer_credit_cents(invoice.customer_id) == 5000
    assert owed_in_the_books("C00001") == -5000
    assert everything_holds(each_company.id)


def test_a_credit_note_copies_the_rounding_of_a_gross_invoice(company):
    with transaction():
        invoice = issue(make_line("1", "99.99"), customer=make_individual())
        note = credit_invoice(invoice.id, reason="Erreur")
        assert (
            (note.total_cents, note.rounding_cents)
            == (invoice.total_cents, invoice.rounding_cents)
            == (9999, -1)
        )
    assert everything_holds(company.id)


def test_an_invoice_of_zero_can_be_credited(company):
    with transaction():
        invoice = issue(make_line(price="0"))
        assert credit_invoice(invoice.id, reason="Erreur").total_cents == 0
    assert everything_holds(company.id)


def test_crediting_refuses_what_would_not_be_legal(company):
    with transaction():
        invoice_id, draft_id = issue(issue_date=paris_today()).id, make_draft(customer=make_individual()).id
    with pytest.raises(InvalidInputError), transaction():
        credit_invoice(invoice_id, reason=" ")
    with pytest.raises(InvalidInputError), transaction():
        credit_invoice(invoice_id, reason="Erreur", today=paris_today() - timedelta(days=1))
    with pytest.raises(NotFoundError), transaction():
        credit_invoice(draft_id, reason="Erreur")
    with transaction():
        settings = db.session.query(InvoicingSettings).one_or_none() or InvoicingSettings()
        settings.credit_note_prefix = "avoir"
        db.session.add(settings)
    with pytest.raises(NotIssuableError), transaction():
        credit_invoice(invoice_id, reason="Erreur")
    assert db.session.query(Document).count() == 2


def test_credit_is_used_oldest_first_and_in_part(each_company):
    with transaction():
        customer = make_customer()
        first = issue(customer=customer)
        pay(first, "150", paid_on=paris_today() - timedelta(days=3), reference="VIR 1")
        credited = issue(customer=customer)
        pay(credited, "20")
        note = credit_invoice(credited.id, reason="Erreur")
        assert [c.open_cents for c in open_credits(customer.id)] == [3000, 2000]
        small, big = issue(make_line("1", "10"), customer=customer), issue(customer=customer)
    with transaction():
        assert apply_credit(small.id) == 1200
        assert standing(small.id) == (0, STATUS.PAID)
        assert [c.open_cents for c in open_credits(customer.id)] == [1800, 2000]
    with transaction():
        assert apply_credit(big.id) == 3800
        assert apply_credit(big.id) == 0
    assert standing(big.id) == (8200, STATUS.PARTLY_PAID)
    assert standing(note.id) == (0, STATUS.PAID)
    assert customer_credit_cents(customer.id) == 0
    assert customer_due_cents(customer.id) == owed_in_the_books(customer.number) == 8200
    assert everything_holds(each_company.id)


def test_cancelling_a_payment_takes_its_used_surplus_back_too(each_company):
    with transaction():
        customer = make_customer()
        first = issue(customer=customer)
        payment_id = pay(first, "200").id
        second, third = issue(make_line("1", "50"), customer=customer), issue(customer=customer)
        apply_credit(second.id)
        apply_credit(third.id)
        assert [standing(d.id)[0] for d in (first, second, third)] == [0, 0, 10000]
    with transaction():
        cancel_payment(payment_id, reason="Chèque rejeté")
    assert [standing(d.id)[0] for d in (first, second, third)] == [12000, 6000, 12000]
    assert owed_in_the_books(customer.number) == customer_due_cents(customer.id) == 30000
    assert everything_holds(each_company.id)


def test_credit_of_another_customer_is_not_touched(company):
    with transaction():
        pay(issue(), "150")
        other = issue(customer=make_individual())
        assert apply_credit(other.id) == 0
    with pytest.raises(NotFoundError), transaction():
        apply_credit(99)


def test_a_settlement_never_exceeds_either_side(company):
    with transaction():
        invoice = issue()
        payment = pay(invoice, "100")
        again = settle(
            at_most_cents=1, settled_on=paris_today(), invoice_id=invoice.id, payment_id=payment.id
        )
        assert again is None


def test_balances_of_many_documents_are_one_query(company):
    with transaction():
        ids = [issue(customer=make_individual(name=str(n))).id for n in range(3)]
        draft = make_draft().id
    found = balances_of([*ids, draft, 99])
    assert sorted(found) == ids
    assert {balance.open_cents for balance in found.values()} == {10000}


def test_the_history_tells_everything_in_order(company):
    with transaction():
        invoice = issue()
        payment = pay(invoice, "120")
        surplus = pay(invoice, "20")
    with transaction():
        cancel_payment(payment.id, reason="Erreur")
        cancel_payment(surplus.id, reason="Erreur")
    with transaction():
        credit_invoice(invoice.id, reason="Erreur")
    items = history(invoice)
    assert [item.kind for item in items] == [
        "drafted", "invoice.issued", "payment", "payment", "payment_cancelled", "payment_cancelled", "invoice.credited",
    ]  # fmt: skip
    assert [item.settled_cents for item in items if item.kind == "payment"] == [12000, 0]


def _at_once(
    app, company_id: int, *actions, second_after: threading.Event | None = None
) -> list[BaseException]:
    """Run each action in a transaction of its own, together, or the rest after an event that the first sets."""
    failures: list[BaseException] = []
    start = threading.Barrier(len(actions))

    def run(action) -> None:
        try:
            with app.app_context():
                enter_company(company_id)
                start.wait(timeout=30)
                if second_after is not None and action is not actions[0]:
                    # Before the transaction opens: on SQLite opening it takes the one write lock.
                    assert second_after.wait(30)
                with transaction():
                    action()
        except BaseException as error:  # noqa: BLE001  # the tests look at them
            failures.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.fixture
def two_connections(each_app):
    company_id = make_company(each_app)
    with each_app.app_context():
        enter_company(company_id)
        yield each_app, company_id


def test_two_payments_at_once_never_settle_more_than_is_open(two_connections):
    app, company_id = two_connections
    with transaction():
        invoice_id = issue().id
    payment = PaymentInput(invoice_id, PaymentMethod.TRANSFER, 12000, paris_today())
    assert _at_once(app, company_id, *[lambda: record_payment(payment)] * 4) == []
    assert standing(invoice_id) == (0, STATUS.PAID)
    assert db.session.query(Payment).count() == 4
    assert db.session.query(Settlement).count() == 1
    assert owed_in_the_books("C00001") == -36000
    assert everything_holds(company_id)


def test_the_same_payment_told_by_many_at_once_is_recorded_once(two_connections):
    app, company_id = two_connections
    with transaction():
        invoice_id = issue().id
    payment = PaymentInput(invoice_id, PaymentMethod.CARD, 12000, paris_today(), external_id="pay_1")
    assert _at_once(app, company_id, *[lambda: record_payment(payment)] * 8) == []
    assert db.session.query(Payment).count() == db.session.query(Settlement).count() == 1
    assert everything_holds(company_id)


def test_one_credit_used_on_two_invoices_at_once_is_used_once(two_connections):
    app, company_id = two_connections
    with transaction():
        customer = make_customer()
        payment_id = pay(issue(customer=customer), "180").id
        first, second = issue(customer=customer).id, issue(customer=customer).id
        customer_id = customer.id
    assert _at_once(app, company_id, lambda: apply_credit(first), lambda: apply_credit(second)) == []
    assert open_of_payment(payment_id) == 0
    assert customer_due_cents(customer_id) == 18000
    assert everything_holds(company_id)


def test_cancelling_and_using_a_payment_at_once_ends_in_one_truth(two_connections):
    app, company_id = two_connections
    with transaction():
        customer = make_customer()
        payment_id = pay(issue(customer=customer), "180").id
        other, customer_id = issue(customer=customer).id, customer.id
    failures = _at_once(
        app, company_id, lambda: apply_credit(other), lambda: cancel_payment(payment_id, reason="Rejeté")
    )
    assert [type(failure) for failure in failures] in ([], [ConflictError])
    assert owed_in_the_books("C00001") == customer_due_cents(customer_id) - customer_credit_cents(customer_id)
    assert everything_holds(company_id)


def test_a_payment_being_used_elsewhere_is_not_cancelled_on_what_was_known_before(postgres_app):
    company_id = make_company(postgres_app)
    used = threading.Event()
    with postgres_app.app_context():
        enter_company(company_id)
        with transaction():
            customer = make_customer()
            payment_id = pay(issue(customer=customer), "150").id
            second_id = issue(customer=customer).id

        def cancel() -> None:
            used.wait(30)
            with pytest.raises(ConflictError):
                cancel_payment(payment_id, reason="Erreur")

        def use() -> None:
            assert apply_credit(second_id) == 3000
            used.set()
            time.sleep(0.5)  # long enough for the other one to wait for a lock, or to go on without

        assert _at_once(postgres_app, company_id, use, cancel) == []
        assert open_of_payment(payment_id) == 0
        assert everything_holds(company_id)


def test_crediting_and_paying_at_once_ends_in_one_truth(two_connections):
    app, company_id = two_connections
    with transaction():
        invoice = issue()
        invoice_id, customer_id = invoice.id, invoice.customer_id
    failures = _at_once(
        app,
        company_id,
        lambda: credit_invoice(invoice_id, reason="Erreur"),
        lambda: record_payment(PaymentInput(invoice_id, PaymentMethod.CASH, 12000, paris_today())),
    )
    assert failures == []
    assert standing(invoice_id) == (0, STATUS.CREDITED)
    assert customer_credit_cents(customer_id) == 12000
    assert everything_holds(company_id)


def test_an_invoice_being_credited_elsewhere_is_credited_once(two_connections):
    app, company_id = two_connections
    credited = threading.Event()
    with transaction():
        invoice_id = issue().id
    notes: list[int] = []

    def first() -> None:
        notes.append(credit_invoice(invoice_id, reason="Erreur").id)
        credited.set()
        time.sleep(0.5)  # long enough for the other one to wait for the invoice, or to go on without

    def second() -> None:
        notes.append(credit_invoice(invoice_id, reason="Erreur").id)

    assert _at_once(app, company_id, first, second, second_after=credited) == []
    assert len(notes) == 2
    assert len(set(notes)) == 1
    assert everything_holds(company_id)


def test_two_final_invoices_at_once_deduct_a_deposit_once(two_connections):
    app, company_id = two_connections
    with transaction():
        customer = make_customer()
        deposit = make_draft(customer=customer)
        set_deposit(deposit.id, is_deposit=True)
        issue_invoice(deposit.id)
        finals = [make_draft(make_line("5"), customer=customer).id for _ in range(2)]
        for final_id in finals:
            assert deduct_deposits(final_id) == 1
    locked = threading.Event()

    def first() -> None:
        issue_invoice(finals[0])
        locked.set()
        time.sleep(0.5)  # long enough for the other one to wait for the deposit, or to go on without

    def second() -> None:
        issue_invoice(finals[1])

    failures = _at_once(app, company_id, first, second, second_after=locked)
    assert [type(failure) for failure in failures] == [NotIssuableError]
    assert db.session.query(DepositUse).count() == 1
    assert everything_holds(company_id)
