"""Half of an invoice is paid when the order is cancelled: a credit note, and the money serves the next order."""

from __future__ import annotations

from datetime import date

from core.database import transaction
from invoicing.apply_credit import apply_credit
from invoicing.balances import balance_of, customer_credit_cents
from invoicing.credit_invoice import credit_invoice
from invoicing.lifecycle import PaymentStatus
from tests.factories.invoicing import issue, make_customer, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "706", "707", "44571", "44574", "512000")


def test_a_credited_invoice_leaves_what_was_paid_to_the_customer(each_company):
    # On 2 June 2026: a lamp at 200 € net and its installation at 100 € net, both at 20 %.
    with transaction():
        hotel = make_customer(name="Hôtel Fictif")
        invoice = issue(
            make_line("1", "200", goods=True), make_line("1", "100"), customer=hotel, today=date(2026, 6, 2)
        )
    assert books(*ACCOUNTS) == {
        "411": "360.00", "707": "-200.00", "706": "-100.00", "44571": "-40.00", "44574": "-20.00",
    }  # fmt: skip

    # The hotel pays half. Half of the waiting VAT, that of the installation, falls due.
    with transaction():
        pay(invoice, "180", paid_on=date(2026, 6, 9))
    assert open_on(invoice) == ["180.00"]
    assert books(*ACCOUNTS) == {
        "411": "180.00", "707": "-200.00", "706": "-100.00", "44571": "-50.00", "44574": "-10.00", "512000": "180.00",
    }  # fmt: skip

    # The order is cancelled on 15 June: sale and VAT go, the 180 € are the hotel's.
    with transaction():
        note = credit_invoice(invoice.id, reason="Commande annulée", today=date(2026, 6, 15))
    assert note.number == "A-2026-0001"
    assert balance_of(invoice.id).status is PaymentStatus.CREDITED
    assert open_on(invoice, note) == ["0.00", "180.00"]
    assert customer_credit_cents(hotel.id) == 18000
    assert books(*ACCOUNTS) == {"411": "-180.00", "512000": "180.00"}

    # In July it orders advice for 250 € net; the credit pays 180 € of 300 €, and 180/300 of the VAT is due.
    with transaction():
        advice = issue(make_line("1", "250"), customer=hotel, today=date(2026, 7, 1))
        assert apply_credit(advice.id, today=date(2026, 7, 1)) == 18000
    assert open_on(advice, note) == ["120.00", "0.00"]
    assert books(*ACCOUNTS) == {
        "411": "120.00", "706": "-250.00", "44571": "-30.00", "44574": "-20.00", "512000": "180.00",
    }  # fmt: skip
    with transaction():
        pay(advice, "120", paid_on=date(2026, 7, 30))
    assert books(*ACCOUNTS) == {"706": "-250.00", "44571": "-50.00", "512000": "300.00"}
    all_is_well()
