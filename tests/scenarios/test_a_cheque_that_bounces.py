"""A shop sells lamps, is paid too much by a cheque, uses the surplus, and then the cheque bounces."""

from __future__ import annotations

from datetime import date

from core.database import transaction
from invoicing.apply_credit import apply_credit
from invoicing.balances import customer_credit_cents, customer_due_cents
from invoicing.cancel_payment import cancel_payment
from invoicing.payments import PaymentMethod
from tests.factories.invoicing import issue, make_individual, make_line, pay
from tests.scenarios.money import all_is_well, books, open_on

ACCOUNTS = ("411", "707", "44571", "5112", "512000")


def test_a_bounced_cheque_opens_everything_it_had_paid(each_company):
    # On 5 May 2026 Camille buys two lamps at 60 € each, VAT included. Goods owe their VAT at once.
    with transaction():
        camille = make_individual()
        lamps = issue(make_line("2", "60", "20", goods=True), customer=camille, today=date(2026, 5, 5))
    assert open_on(lamps) == ["120.00"]
    assert books(*ACCOUNTS) == {"411": "120.00", "707": "-100.00", "44571": "-20.00"}

    # She pays by a cheque of 150 €: 30 € too much, which stay hers.
    with transaction():
        cheque = pay(lamps, "150", method=PaymentMethod.CHEQUE, paid_on=date(2026, 5, 6))
    assert open_on(lamps) == ["0.00"]
    assert customer_credit_cents(camille.id) == 3000
    assert books(*ACCOUNTS) == {"411": "-30.00", "707": "-100.00", "44571": "-20.00", "5112": "150.00"}

    # A shade at 24 € follows; her credit pays it, 6 € are left.
    with transaction():
        shade = issue(make_line("1", "24", "20", goods=True), customer=camille, today=date(2026, 5, 11))
        assert apply_credit(shade.id, today=date(2026, 5, 11)) == 2400
    assert open_on(lamps, shade) == ["0.00", "0.00"]
    assert customer_credit_cents(camille.id) == 600
    assert books(*ACCOUNTS) == {"411": "-6.00", "707": "-120.00", "44571": "-24.00", "5112": "150.00"}

    # On 15 May the bank sends the cheque back: both invoices are open again and nothing is left of the credit.
    with transaction():
        cancel_payment(cheque.id, reason="Chèque sans provision", today=date(2026, 5, 15))
    assert open_on(lamps, shade) == ["120.00", "24.00"]
    assert customer_credit_cents(camille.id) == 0
    assert books(*ACCOUNTS) == {"411": "144.00", "707": "-120.00", "44571": "-24.00"}

    # She makes good by transfer.
    with transaction():
        pay(lamps, "120", paid_on=date(2026, 5, 20))
        pay(shade, "24", paid_on=date(2026, 5, 20))
    assert customer_due_cents(camille.id) == 0
    assert books(*ACCOUNTS) == {"707": "-120.00", "44571": "-24.00", "512000": "144.00"}
    all_is_well()
