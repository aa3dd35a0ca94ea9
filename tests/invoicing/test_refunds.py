"""Money that goes back: what refunds and disputes open, what they give back of a credit, and the books to the cent."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select

from accounting.models import JournalEntry
from core.clock import paris_today
from core.database import db, transaction
from core.errors import ConflictError
from core.models import Company
from core.tenancy import in_company
from invoicing.apply_credit import apply_credit
from invoicing.balances import (
    balance_of,
    customer_credit_cents,
    customer_due_cents,
    open_of_payment,
    open_of_refund,
)
from invoicing.cancel_payment import cancel_payment
from invoicing.claim_again import claim_again
from invoicing.credit_amounts import CreditChoice
from invoicing.credit_invoice import credit_invoice
from invoicing.dispute_payment import dispute_payment
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.give_back import MoneyBack
from invoicing.lifecycle import PaymentStatus
from invoicing.merge_customers import merge_customers
from invoicing.models import Document
from invoicing.payments import Payment, PaymentMethod
from invoicing.refund_payment import refund_payment
from invoicing.refunds import Refund
from invoicing.win_dispute import win_dispute
from tests.factories.invoicing import issue, make_customer, make_individual, make_line, pay
from tests.payplug_bridge.shop import at_once
from tests.scenarios.money import all_is_well, books

STATUS = PaymentStatus
ACCOUNTS = ("411", "706", "707", "44571", "44574", "512500")


def by_card(invoice: Document, euros: str, name: str = "pay_1") -> Payment:
    return pay(invoice, euros, method=PaymentMethod.CARD, external_id=name)


def give_back(
    payment: Payment, euros: int, name: str | None = "re_1", note: Document | None = None
) -> Refund:
    return refund_payment(
        MoneyBack(
            payment.id,
            euros * 100,
            paris_today(),
            external_id=name,
            credit_note_id=note.id if note else None,
        )
    )


def dispute(payment: Payment, euros: int, name: str = "du_1") -> Refund:
    return dispute_payment(payment.id, amount_cents=euros * 100, disputed_on=paris_today(), external_id=name)


def standing(document: Document) -> tuple[int, PaymentStatus]:
    balance = balance_of(document.id)
    return balance.open_cents, balance.status


def part_credited(invoice: Document, net_cents: int) -> Document:
    return credit_invoice(invoice.id, reason="Retour", choice=CreditChoice(amounts={0: net_cents}))


def test_a_refund_that_nothing_covers_opens_the_invoice_and_its_vat_waits_again(
    each_company: Company,
) -> None:
    with transaction():
        invoice = issue()
        payment = by_card(invoice, "120")
        first = give_back(payment, 50)
        assert give_back(payment, 50) is first
    # Of 20 € of VAT, half-up(20 × 70 / 120) is due on what is still collected.
    assert books(*ACCOUNTS) == {
        "411": "50.00", "706": "-100.00", "44571": "-11.67", "44574": "-8.33", "512500": "70.00",
    }  # fmt: skip
    assert standing(invoice) == (5_000, STATUS.REFUNDED)
    with transaction():
        give_back(payment, 70, "re_2")
    assert books(*ACCOUNTS) == {"411": "120.00", "706": "-100.00", "44574": "-20.00"}
    assert standing(invoice) == (12_000, STATUS.REFUNDED)
    assert open_of_payment(payment.id) == 0
    # A credit note decides what becomes of it; nothing is owed then.
    with transaction():
        credit_invoice(invoice.id, reason="Annulation")
    assert standing(invoice) == (0, STATUS.CREDITED)
    assert books(*ACCOUNTS) == {}
    all_is_well()


def test_a_refund_of_what_was_credited_before_settles_the_note_and_moves_no_vat(
    each_company: Company,
) -> None:
    with transaction():
        invoice = issue()
        payment = by_card(invoice, "120")
        note = part_credited(invoice, 50_00)
        assert customer_credit_cents(invoice.customer_id) == 60_00
        before = books("44571", "44574")
        give_back(payment, 60)
    assert standing(note) == (0, STATUS.PAID)
    assert standing(invoice) == (0, STATUS.PAID)
    assert books("44571", "44574") == before == {"44571": "-10.00"}
    assert books(*ACCOUNTS) == {"706": "-50.00", "44571": "-10.00", "512500": "60.00"}
    # What goes back beyond the note opens the invoice; what is collected now is 60 − 24 of a total of 60.
    with transaction():
        give_back(payment, 24, "re_2")
    assert standing(invoice) == (24_00, STATUS.REFUNDED)
    assert books(*ACCOUNTS) == {
        "411": "24.00", "706": "-50.00", "44571": "-6.00", "44574": "-4.00", "512500": "36.00",
    }  # fmt: skip
    with transaction():
        assert claim_again(invoice.id, reason="Erreur de notre part") == 1
        assert claim_again(invoice.id) == 0
        assert standing(invoice) == (24_00, STATUS.PARTLY_PAID)
        by_card(invoice, "24", "pay_2")
    assert standing(invoice) == (0, STATUS.PAID)
    assert books(*ACCOUNTS) == {"706": "-50.00", "44571": "-10.00", "512500": "60.00"}
    all_is_well()


def test_a_surplus_is_given_back_without_opening_anything(each_company: Company) -> None:
    with transaction():
        customer = make_customer()
        invoice, other = issue(customer=customer), issue(make_line("1", "10"), customer=customer)
        pay(invoice, "120")
        twice = by_card(invoice, "120")
        give_back(twice, 30)
        # The rest of the surplus is used for another invoice in part, and what is then left is given back too.
        apply_credit(other.id)
        assert open_of_payment(twice.id) == 78_00
        give_back(twice, 78, "re_2")
    assert [standing(d) for d in (invoice, other)] == [(0, STATUS.PAID)] * 2
    assert customer_credit_cents(customer.id) == 0
    assert books(*ACCOUNTS) == {"706": "-110.00", "44571": "-22.00", "512500": "12.00"}
    # The last 12 € settle the other invoice: it is that one which is open again.
    with transaction():
        give_back(twice, 12, "re_3")
    assert standing(other) == (12_00, STATUS.REFUNDED)
    assert customer_due_cents(customer.id) == 12_00
    all_is_well()


def test_a_refund_against_a_note_that_is_named_takes_that_one_first(each_company: Company) -> None:
    with transaction():
        customer = make_customer()
        paid, other = issue(customer=customer), issue(customer=customer)
        pay(other, "120")
        payment = by_card(paid, "120")
        note = credit_invoice(other.id, reason="Retour")
        give_back(payment, 100, note=note)
        stranger = issue(customer=make_individual())
    assert standing(note) == (20_00, STATUS.PARTLY_PAID)
    assert standing(paid) == (0, STATUS.PAID)
    with pytest.raises(NotFoundError), transaction():
        give_back(payment, 10, "re_2", note=stranger)
    all_is_well()


def test_a_dispute_holds_the_invoice_until_it_is_won(each_company: Company) -> None:
    with transaction():
        invoice = issue(make_line("1", "100"), make_line("1", "100", "10", goods=True))
        payment = by_card(invoice, "230")
        won = dispute(payment, 230)
        assert dispute(payment, 230) is won
    assert standing(invoice) == (230_00, STATUS.DISPUTED)
    assert books(*ACCOUNTS) == {
        "411": "230.00", "706": "-100.00", "707": "-100.00", "44571": "-10.00", "44574": "-20.00",
    }  # fmt: skip
    with transaction():
        win = win_dispute(won.id, won_on=paris_today(), external_id="du_1_won")
        assert win_dispute(won.id, won_on=paris_today()) is win
    assert standing(invoice) == (0, STATUS.PAID)
    assert books(*ACCOUNTS) == {"706": "-100.00", "707": "-100.00", "44571": "-30.00", "512500": "230.00"}
    # A second dispute of the same payment is another one; paid by transfer meanwhile, the money is credit when won.
    with transaction():
        again = dispute(payment, 230, "du_2")
        claim_again(invoice.id)
        assert standing(invoice) == (230_00, STATUS.OPEN)
        pay(invoice, "230")
        win_dispute(again.id, won_on=paris_today())
    assert standing(invoice) == (0, STATUS.PAID)
    assert open_of_payment(payment.id) == customer_credit_cents(invoice.customer_id) == 230_00
    all_is_well()


def test_a_bank_takes_back_what_was_given_back_before(each_company: Company) -> None:
    with transaction():
        invoice = issue()
        payment = by_card(invoice, "120")
        give_back(payment, 30)
        taken = dispute(payment, 120)
    # 30 € went back twice: the customer owes them beside the invoice, on none.
    assert standing(invoice) == (120_00, STATUS.DISPUTED)
    assert open_of_refund(taken.id) == 30_00
    assert customer_due_cents(invoice.customer_id) == 150_00
    assert books(*ACCOUNTS) == {"411": "150.00", "706": "-100.00", "44574": "-20.00", "512500": "-30.00"}
    all_is_well()
    with transaction():
        win_dispute(taken.id, won_on=paris_today())
    assert standing(invoice) == (30_00, STATUS.REFUNDED)
    assert open_of_refund(taken.id) == 0
    assert books(*ACCOUNTS) == {
        "411": "30.00", "706": "-100.00", "44571": "-15.00", "44574": "-5.00", "512500": "90.00",
    }  # fmt: skip
    all_is_well()


def test_a_refund_of_a_customer_merged_since_is_owed_by_who_took_it_over(each_company: Company) -> None:
    with transaction():
        former, head = make_customer(), make_customer(name="Fournil Imaginaire")
        invoice = issue(customer=former)
        payment = by_card(invoice, "150")
        merge_customers(former.id, head.id)
        give_back(payment, 70)
    assert customer_credit_cents(head.id) == 0
    assert customer_due_cents(head.id) == 40_00
    assert books("411") == {"411": "40.00"}
    all_is_well()


def test_what_cannot_be_is_refused_in_words(company: Company) -> None:
    with transaction():
        invoice = issue()
        payment = by_card(invoice, "120", "pay_1")
        by_hand = pay(invoice, "20")
    tomorrow, before = paris_today() + timedelta(days=1), paris_today() - timedelta(days=1)
    wrong = [
        (MoneyBack(payment.id, 0, paris_today()), "amount_cents"),
        (MoneyBack(payment.id, 120_01, paris_today()), "amount_cents"),
        (MoneyBack(payment.id, 100, tomorrow), "refunded_on"),
        (MoneyBack(payment.id, 100, before), "refunded_on"),
        (MoneyBack(payment.id, 100, paris_today(), reason="x" * 256), "reason"),
    ]
    for given, field in wrong:
        with pytest.raises(InvalidInputError) as refused, transaction():
            refund_payment(given)
        assert list(refused.value.errors) == [field]
    with pytest.raises(NotFoundError), transaction():
        refund_payment(MoneyBack(99, 100, paris_today()))
    with transaction():
        refund = refund_payment(MoneyBack(by_hand.id, 20_00, paris_today(), request_key="once"))
        assert refund_payment(MoneyBack(by_hand.id, 20_00, paris_today(), request_key="once")) is refund
    with pytest.raises(ConflictError, match="ne peut plus être annulé"), transaction():
        cancel_payment(by_hand.id, reason="Erreur")
    with pytest.raises(NotFoundError), transaction():
        win_dispute(refund.id, won_on=paris_today())
    with transaction():
        other = pay(invoice, "5")
        cancel_payment(other.id, reason="Erreur")
    with pytest.raises(ConflictError, match="a été annulé"), transaction():
        give_back(other, 1)
    taken = None
    with transaction():
        taken = dispute(payment, 120)
    with pytest.raises(InvalidInputError), transaction():
        win_dispute(taken.id, won_on=before)
    all_is_well()


def test_the_same_news_at_once_is_recorded_once_and_so_is_each_of_two(
    each_app: Flask, each_company: Company
) -> None:
    company_id = each_company.id
    with transaction():
        payment_id = by_card(issue(), "120").id
    names = ["re_1", "re_2"] * 4

    def hear(name: str) -> None:
        with each_app.app_context(), in_company(company_id):
            with transaction():
                refund_payment(MoneyBack(payment_id, 30_00, paris_today(), external_id=name))
            db.session.remove()

    assert at_once(*(partial(hear, name) for name in names)) == []
    db.session.rollback()
    assert set(db.session.scalars(select(Refund.external_id))) == {"re_1", "re_2"}
    entries = select(func.count()).select_from(JournalEntry).where(JournalEntry.purpose == "refund")
    assert db.session.scalar(entries) == 2
    assert books("411", "512500") == {"411": "60.00", "512500": "60.00"}
    all_is_well()
