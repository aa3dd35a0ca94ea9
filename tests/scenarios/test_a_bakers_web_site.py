"""Atelier Lumen, a small studio taxed on collection, builds a web site for a bakery and is paid in two parts."""

from __future__ import annotations

from datetime import date

from core.database import transaction
from invoicing.balances import balance_of
from invoicing.lifecycle import PaymentStatus
from invoicing.payments import PaymentMethod
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "706", "44571", "44574", "512000", "5112")


def test_a_service_is_invoiced_and_paid_in_two_parts(each_company):
    # On 3 March 2026 the studio invoices the site: 1,000 € net at 20 %, and a training day at 250.50 € net at 10 %.
    with transaction():
        bakery = make_customer()
        invoice = issue(
            make_line("1", "1000", "20", label="Site web"),
            make_line("1", "250.50", "10", label="Formation"),
            customer=bakery,
            today=date(2026, 3, 3),
        )
    assert (invoice.number, invoice.due_date) == ("F-2026-0001", date(2026, 4, 2))
    assert open_on(invoice) == ["1475.55"]
    # The VAT waits: a service owes it when it is paid.
    assert books(*ACCOUNTS) == {"411": "1475.55", "706": "-1250.50", "44574": "-225.05"}

    # On 20 March the bakery sends a cheque of 500 €. 500/1475.55 of the VAT falls due: 76.26 €.
    with transaction():
        pay(invoice, "500", method=PaymentMethod.CHEQUE, paid_on=date(2026, 3, 20), reference="CHQ 0042")
    assert open_on(invoice) == ["975.55"]
    assert books(*ACCOUNTS) == {
        "411": "975.55", "706": "-1250.50", "44574": "-148.79", "44571": "-76.26", "5112": "500.00",
    }  # fmt: skip

    # On 1 April it transfers the rest. The last payment takes the last cent of the VAT.
    with transaction():
        pay(invoice, "975.55", paid_on=date(2026, 4, 1), reference="VIR BOULANGERIE")
    assert balance_of(invoice.id).status is PaymentStatus.PAID
    assert books(*ACCOUNTS) == {
        "706": "-1250.50", "44571": "-225.05", "5112": "500.00", "512000": "975.55",
    }  # fmt: skip
    all_is_well()
