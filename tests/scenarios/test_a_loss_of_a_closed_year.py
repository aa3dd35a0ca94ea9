"""A debt given up in a closed year is claimed again after all: the closed year stays as it is."""

from __future__ import annotations

from datetime import date

from accounting.receivable_facts import WriteOffKind
from core.database import transaction
from invoicing.undo_write_off import undo_write_off
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput
from tests.factories.invoicing import issue, make_line, pay
from tests.scenarios.money import all_is_well, books, close_books, open_on


def test_what_was_given_up_in_a_closed_year_is_claimed_again(each_company):
    # 120 € of advice, given up in December 2025; its VAT had never fallen due. The year is closed.
    with transaction():
        invoice = issue(make_line("1", "100"), today=date(2025, 12, 1))
        loss = write_off(
            WriteOffInput(invoice.id, WriteOffKind.LOSS, 12_000, date(2025, 12, 20), reason="Introuvable")
        )
    close_books(2025, date(2026, 3, 1))
    assert open_on(invoice) == ["0.00"]

    # The customer is found: he owes it again, and its VAT waits again. He pays.
    with transaction():
        undo_write_off(loss.id, reason="Retrouvé", today=date(2026, 4, 1))
    assert open_on(invoice) == ["120.00"]
    assert books("411", "44574", "654") == {"411": "120.00", "44574": "-20.00"}
    all_is_well()
    with transaction():
        pay(invoice, "120", paid_on=date(2026, 4, 2))
    assert books("411", "44571", "44574", "512000") == {"44571": "-20.00", "512000": "120.00"}
    all_is_well()
