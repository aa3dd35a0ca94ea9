"""An invoice of a closed year becomes doubtful, a payment of it comes back, and in a third year it is good again."""

from __future__ import annotations

from datetime import date

from core.database import transaction
from invoicing.cancel_payment import cancel_payment
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.end_doubt import end_doubt
from tests.factories.invoicing import issue, make_line, pay
from tests.scenarios.money import all_is_well, books, close_books, open_on


def test_a_debt_that_was_carried_forward_is_doubted_once(each_company):
    # 120 € of advice in December 2024, of which 20 € are paid. The year is closed: 100 € are carried forward.
    with transaction():
        invoice = issue(make_line("1", "100"), today=date(2024, 12, 2))
        payment = pay(invoice, "20", paid_on=date(2024, 12, 20))
    close_books(2024, date(2025, 3, 1))
    assert books("411", "416") == {"411": "100.00"}

    # In 2025 the accountant doubts it: what stands on 411 moves to 416, once.
    with transaction():
        doubt_invoice(DoubtInput(invoice.id, date(2025, 6, 30)))
    assert books("411", "416") == {"416": "100.00"}
    all_is_well()

    # The bank takes the 20 € back: they are as doubtful as the rest.
    with transaction():
        cancel_payment(payment.id, reason="Rejet de la banque", today=date(2025, 7, 10))
    assert open_on(invoice) == ["120.00"]
    assert books("411", "416") == {"416": "120.00"}
    all_is_well()

    # That year is closed too, and in 2026 the customer answers: all of it is on 411 again, and is paid.
    close_books(2025, date(2026, 3, 1))
    assert books("411", "416") == {"416": "120.00"}
    with transaction():
        end_doubt(invoice.id, today=date(2026, 4, 1))
    assert books("411", "416") == {"411": "120.00"}
    with transaction():
        pay(invoice, "120", paid_on=date(2026, 4, 2))
    assert books("411", "416", "44574", "512000") == {"512000": "120.00"}
    all_is_well()
