"""The trial balance: what stood, what moved, what stands; and that it always adds up."""

from __future__ import annotations

from datetime import date

from accounting.closing.checks import YearDays
from accounting.closing.close_year import close_year
from accounting.closing.findings import CHECKS
from accounting.facts import ThirdParty
from accounting.fiscal_years import year_ending_in
from accounting.reading.customers_in_credit import customers_in_credit, last_presented
from accounting.reading.trial_balance import TrialBalance, trial_balance
from core.clock import utc_now
from core.database import transaction
from tests.accounting.shop import SERVICES_120, Shop
from tests.accounting.test_fec_export import post_by_hand

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def rows(balance: TrialBalance) -> dict[str, tuple[int, int, int, int]]:
    return {
        row.number: (row.opening_cents, row.debit_cents, row.credit_cents, row.closing_cents)
        for row in balance.rows
    }


def test_a_year_of_one_invoice_paid_in_part(each_company):
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 60_00)
    balance = trial_balance(*YEAR)
    assert rows(balance) == {
        "411000": (0, 120_00, 60_00, 60_00),
        "445711": (0, 0, 10_00, -10_00),
        "445740": (0, 10_00, 20_00, -10_00),
        "512000": (0, 60_00, 0, 60_00),
        "706000": (0, 0, 100_00, -100_00),
    }
    assert (balance.debit_cents, balance.credit_cents) == (190_00, 190_00)
    assert (balance.closing_debit_cents, balance.closing_credit_cents) == (120_00, 120_00)
    assert balance.is_balanced


def test_what_moved_before_the_period_is_its_opening(company):
    shop = Shop()
    shop.invoice(SERVICES_120, on=date(2026, 1, 15))
    shop.pay(1, 120_00, on=date(2026, 2, 15))
    balance = trial_balance(date(2026, 2, 1), date(2026, 2, 28))
    assert rows(balance)["411000"] == (120_00, 0, 120_00, 0)
    assert rows(balance)["706000"] == (-100_00, 0, 0, -100_00)
    assert balance.is_balanced


def test_income_starts_again_with_the_year_while_customers_carry_on(company):
    shop = Shop()
    shop.invoice(SERVICES_120, on=date(2025, 6, 1))
    shop.pay(1, 120_00, on=date(2026, 2, 15))
    balance = trial_balance(*YEAR)
    assert rows(balance)["411000"] == (120_00, 0, 120_00, 0)
    assert "706000" not in rows(balance)
    assert balance.earlier_result_cents == -100_00
    assert balance.is_balanced


def test_opening_entries_take_the_place_of_everything_before_them(company):
    Shop().invoice(SERVICES_120, on=date(2025, 6, 1))
    with transaction():
        post_by_hand("AN", "AN000001", utc_now(), 101)
    balance = trial_balance(*YEAR)
    assert rows(balance) == {"512000": (0, 5, 5, 0)}
    assert balance.earlier_result_cents == 0


def test_books_without_an_entry_have_an_empty_balance(company):
    balance = trial_balance(*YEAR)
    assert balance.rows == ()
    assert balance.is_balanced


def test_customers_in_credit_are_told_apart_customer_by_customer(each_company):
    dupont, martin = Shop(), Shop(ThirdParty("C00002", "Martin"), first_id=500)
    for shop in (dupont, martin):
        shop.invoice(SERVICES_120, on=date(2026, 1, 15))
    # Dupont pays 30 too much and owes another 120: no credit. Martin pays 50 too much.
    dupont.pay(1, 150_00, on=date(2026, 2, 1))
    dupont.invoice(SERVICES_120, on=date(2026, 2, 2))
    martin.pay(500, 170_00, on=date(2026, 2, 3))
    found = customers_in_credit(date(2026, 2, 28))
    assert [(one.code, one.customer, one.cents) for one in found.customers] == [("C00002", "Martin", 50_00)]
    # On the day between Dupont's payment and its second invoice, it was in credit and Martin was not.
    assert [one.code for one in customers_in_credit(date(2026, 2, 1)).customers] == ["C00001"]
    assert customers_in_credit(date(2026, 1, 31)).cents == 0
    # The trial balance has it under the last account of customers: 90 owed less 50 owing.
    rows_ = trial_balance(*YEAR).rows
    at = next(row for row in rows_ if row.account_id == last_presented(rows_))
    assert (at.number, at.closing_cents) == ("411000", 40_00)


def test_doubt_and_a_closed_year_change_nothing_of_it(each_company):
    shop = Shop()
    shop.invoice(SERVICES_120, on=date(2025, 6, 1))
    shop.doubt(1, True, on=date(2025, 7, 1))
    shop.invoice(SERVICES_120, on=date(2025, 8, 1))
    shop.pay(3, 125_00, on=date(2025, 8, 2))
    # What is doubtful stands on 416 and is not taken off what the customer has paid too much.
    assert customers_in_credit(date(2025, 12, 31)).cents == 5_00
    year = year_ending_in(2025)
    assert year is not None
    check = next(check for check in CHECKS if check.name == "in_credit")
    (finding,) = check.find(YearDays(year.id, year.starts_on, year.ends_on))
    assert "419" in str(finding.text)
    assert finding.url == "/books/ageing/in-credit?day=2025-12-31"
    with transaction():
        close_year(year.id)
    assert (
        customers_in_credit(date(2025, 12, 31)).cents == customers_in_credit(date(2026, 3, 1)).cents == 5_00
    )
