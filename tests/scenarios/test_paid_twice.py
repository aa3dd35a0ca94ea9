"""Two windows: the customer pays by card what she has just paid by transfer. Nothing is lost, nothing settles twice."""

from __future__ import annotations

from datetime import date

from core.database import transaction
from invoicing.balances import balance_of, customer_credit_cents, open_of_payment
from invoicing.lifecycle import PaymentStatus
from invoicing.payments import PaymentMethod
from tests.factories.invoicing import issue, make_individual, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "706", "44571", "44574", "512000", "512500", "658", "758")


def test_the_second_payment_is_kept_as_the_customers_credit(each_company):
    # A session at 99.99 €, VAT included: no net amount gives it, so one cent is the rounding of the document.
    with transaction():
        invoice = issue(make_line("1", "99.99"), customer=make_individual(), today=date(2026, 9, 1))
    assert (invoice.net_cents, invoice.vat_cents, invoice.rounding_cents) == (8333, 1667, -1)
    assert books(*ACCOUNTS) == {"411": "99.99", "706": "-83.33", "44574": "-16.67", "658": "0.01"}

    # She transfers the money; the owner records it while the card page is still open in her other window.
    with transaction():
        pay(invoice, "99.99", paid_on=date(2026, 9, 3))
    assert balance_of(invoice.id).status is PaymentStatus.PAID

    # The card went through as well. It is recorded as what it is, settles nothing and stays visible as her credit.
    with transaction():
        card = pay(
            invoice, "99.99", method=PaymentMethod.CARD, paid_on=date(2026, 9, 3), external_id="pay_demo"
        )
    assert open_on(invoice) == ["0.00"]
    assert open_of_payment(card.id) == customer_credit_cents(invoice.customer_id) == 9999
    assert books(*ACCOUNTS) == {
        "411": "-99.99", "706": "-83.33", "44571": "-16.67", "512000": "99.99", "512500": "99.99", "658": "0.01",
    }  # fmt: skip
    all_is_well()
