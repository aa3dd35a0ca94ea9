"""An early-payment discount is taken, granted, and taken back; small differences are let be."""

from __future__ import annotations

from datetime import date

import pytest

from accounting.receivable_facts import WriteOffKind
from core.database import transaction
from invoicing.balances import balance_of, customer_credit_cents, customer_due_cents
from invoicing.cancel_payment import cancel_payment
from invoicing.collected import collected_rows
from invoicing.credit_invoice import credit_invoice
from invoicing.errors import InvalidInputError, NotIssuableError
from invoicing.keep_surplus import KeepInput, keep_surplus
from invoicing.lifecycle import PaymentStatus
from invoicing.receivables import KeptKind
from invoicing.undo_kept_surplus import undo_kept_surplus
from invoicing.undo_write_off import undo_write_off
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "706", "707", "44571", "44574", "512000", "665", "658", "758")


def give_up(invoice, kind, cents, day, **more):
    return write_off(WriteOffInput(invoice.id, kind, cents, day, **more))


def test_two_percent_for_paying_early(each_company):
    # 1 000 € of advice (VAT when it is paid) and 500 € of goods (VAT at once), both at 20 %: 1 800 €.
    with transaction():
        customer = make_customer()
        invoice = issue(
            make_line("1", "1000"),
            make_line("1", "500", goods=True),
            customer=customer,
            today=date(2026, 3, 2),
        )
    assert books(*ACCOUNTS) == {
        "411": "1800.00", "706": "-1000.00", "707": "-500.00", "44571": "-100.00", "44574": "-200.00",
    }  # fmt: skip

    # The customer pays within eight days and keeps 2 %: 1 764 €, 36 € are left.
    with transaction():
        payment = pay(invoice, "1764", paid_on=date(2026, 3, 9))
    assert open_on(invoice) == ["36.00"]
    assert books("44571", "44574") == {"44571": "-296.00", "44574": "-4.00"}

    # The discount: 30 € net to 665; 4 € of its VAT had never fallen due, 2 € come back from the State.
    with transaction():
        discount = give_up(invoice, WriteOffKind.DISCOUNT, 3600, date(2026, 3, 9))
    assert balance_of(invoice.id).status is PaymentStatus.PAID
    assert books(*ACCOUNTS) == {
        "706": "-1000.00", "707": "-500.00", "44571": "-294.00", "512000": "1764.00", "665": "30.00",
    }  # fmt: skip
    all_is_well()

    # What was collected for the tax office is what was paid, by rate; the discount was collected on no day.
    collected = list(collected_rows(date(2026, 1, 1), date(2026, 12, 31)))
    assert [(row.day, row.total_cents) for row in collected] == [(date(2026, 3, 9), 176_400)]

    # An invoice that was given up in part is not credited: the customer would get back what it never paid.
    with pytest.raises(NotIssuableError), transaction():
        credit_invoice(invoice.id, reason="Erreur", today=date(2026, 3, 10))

    # The bank had erred: the transfer goes back. What was given up stays given up.
    with transaction():
        cancel_payment(payment.id, reason="Virement annulé", today=date(2026, 3, 11))
    assert open_on(invoice) == ["1764.00"]
    assert books(*ACCOUNTS) == {
        "411": "1764.00", "706": "-1000.00", "707": "-500.00", "44571": "-98.00", "44574": "-196.00", "665": "30.00",
    }  # fmt: skip

    # It pays again, too late for the discount, which is taken back: the books are as if it had never been.
    with transaction():
        pay(invoice, "1764", paid_on=date(2026, 4, 20))
        mirror = undo_write_off(discount.id, reason="Payé hors délai", today=date(2026, 4, 20))
        assert undo_write_off(discount.id, reason="Payé hors délai", today=date(2026, 4, 20)) is mirror
    assert open_on(invoice) == ["36.00"]
    assert books("411", "44571", "44574", "665") == {"411": "36.00", "44571": "-296.00", "44574": "-4.00"}
    all_is_well()


def test_a_discount_without_the_mention_is_a_cost_with_its_vat(each_company):
    with transaction():
        invoice = issue(make_line("1", "1000"), today=date(2026, 3, 2))
        pay(invoice, "1176", paid_on=date(2026, 3, 5))
        give_up(invoice, WriteOffKind.DISCOUNT, 2400, date(2026, 3, 5), takes_vat_back=False)
    # The whole VAT is due, as if all had been collected.
    assert books(*ACCOUNTS) == {"706": "-1000.00", "44571": "-200.00", "512000": "1176.00", "665": "24.00"}
    all_is_well()


def test_cents_are_let_be_up_to_the_limit_of_the_company(each_company):
    # 119.97 € instead of 120 €: three cents are not worth a letter.
    with transaction():
        customer = make_customer()
        invoice = issue(make_line("1", "100"), customer=customer, today=date(2026, 3, 2))
        pay(invoice, "119.97", paid_on=date(2026, 3, 5))
        key = "k" * 32
        first = give_up(invoice, WriteOffKind.DIFFERENCE, 3, date(2026, 3, 5), request_key=key)
        assert give_up(invoice, WriteOffKind.DIFFERENCE, 3, date(2026, 3, 5), request_key=key) is first
    assert open_on(invoice) == ["0.00"]
    assert books(*ACCOUNTS) == {"706": "-100.00", "44571": "-20.00", "512000": "119.97", "658": "0.03"}

    # Two euros are too many, and so is more than what is due.
    with transaction():
        second = issue(make_line("1", "100"), customer=customer, today=date(2026, 3, 6))
    for kind, cents in ((WriteOffKind.DIFFERENCE, 101), (WriteOffKind.LOSS, 12_001), (WriteOffKind.LOSS, 0)):
        with pytest.raises(InvalidInputError) as refused, transaction():
            give_up(second, kind, cents, date(2026, 3, 6))
        assert list(refused.value.errors) == ["amount_cents"]
    with pytest.raises(InvalidInputError) as refused, transaction():
        give_up(second, WriteOffKind.LOSS, 100, date(2026, 3, 5))
    assert list(refused.value.errors) == ["written_on"]

    # Forty cents too much are kept; they were a credit until then, and are one again when that is undone.
    with transaction():
        payment = pay(second, "120.40", paid_on=date(2026, 3, 9))
    assert customer_credit_cents(customer.id) == 40
    with transaction():
        kept = keep_surplus(KeepInput(payment.id, KeptKind.DIFFERENCE, 40, date(2026, 3, 9)))
    assert customer_credit_cents(customer.id) == customer_due_cents(customer.id) == 0
    assert books("411", "658", "758") == {"658": "0.03", "758": "-0.40"}
    all_is_well()
    with transaction():
        undo_kept_surplus(kept.id, reason="Rendu au client", today=date(2026, 3, 10))
    assert customer_credit_cents(customer.id) == 40
    assert books("411", "758") == {"411": "-0.40"}
    all_is_well()
