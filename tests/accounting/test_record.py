"""Stories of invoices and payments, told to a real ledger on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from accounting.chart import account_for, ensure_books
from accounting.closing.close_year import close_year
from accounting.drafts import EntryDraft, LineDraft
from accounting.errors import EntryRefused, UnknownEntry
from accounting.facts import CollectionReversalFact, SupplyKind, Treasury, VatRegime
from accounting.fiscal_years import open_year_for
from accounting.ledger_checks import check_ledger
from accounting.lettering.letter_lines import letter_lines, lettering_code
from accounting.models import Account, EntryLine, FiscalYear, JournalEntry, LetteringUndo
from accounting.post_entry import post_entry
from accounting.record import record
from accounting.roles import AccountRole, JournalCode
from core.clock import utc_now
from core.database import db, transaction
from core.seal import verify_chain
from tests.accounting.reading import balance, letterings, numbers, open_lines
from tests.accounting.scheme import lines, written
from tests.accounting.shop import GOODS_110, MARCH_1, SERVICES_120, Shop

APRIL_1 = date(2026, 4, 1)


@pytest.fixture(autouse=True)
def _books_hold_in_the_end(each_company):
    company_id = each_company.id
    yield
    db.session.rollback()
    assert check_ledger() == []
    assert list(verify_chain(company_id)) == []


def test_an_invoice_paid_in_two_parts_is_lettered_when_it_is_settled():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 40_00)
    assert open_lines() == ["invoice:1 12000", "invoice:1 -4000"]
    assert balance("445740") == -13_33
    shop.pay(1, 80_00, on=APRIL_1)
    assert open_lines() == []
    assert letterings() == {"AA": ["invoice:1 12000", "invoice:1 -4000", "invoice:1 -8000"]}
    assert balance("445740") == 0
    assert balance("445711") == -20_00
    assert numbers() == ["VE000001", "BQ000001", "BQ000002"]


def test_each_journal_counts_by_itself():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.invoice(GOODS_110)
    shop.pay(1, 120_00, treasury=Treasury.PAYPLUG)
    shop.pay(2, 110_00, treasury=Treasury.CASH)
    assert numbers() == ["VE000001", "VE000002", "PP000001", "CA000001"]


def test_the_same_fact_told_twice_is_posted_once():
    shop = Shop()
    first = shop.invoice(SERVICES_120)
    payment = shop.pay(1, 120_00)
    shop._ids = iter([1, 2])  # type: ignore[assignment]
    assert shop.invoice(SERVICES_120).id == first.id
    shop.invoices[1].settled.clear()
    assert shop.pay(1, 120_00).id == payment.id
    assert numbers() == ["VE000001", "BQ000001"]
    assert len(letterings()) == 1


def test_a_cancelled_payment_leaves_the_invoice_open_alone():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 120_00)
    mirror = shop.cancel("payment:2", on=APRIL_1)
    assert written(mirror) == lines("""
        D 411000 C00001 120,00
        C 512000 120,00
        C 445740 20,00
        D 445711 20,00
    """)
    assert open_lines() == ["invoice:1 12000"]
    assert letterings() == {"AB": ["invoice:1 -12000", "invoice:1 12000"]}
    assert db.session.scalars(select(LetteringUndo.reason)).all() == [
        "Annulation Encaissement R2 Dupont SARL"
    ]
    shop.pay(1, 120_00)
    assert open_lines() == []


def test_cancelling_one_of_two_payments_leaves_the_other_where_it_was():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 50_00)
    shop.pay(1, 70_00)
    shop.cancel("payment:2")
    assert open_lines() == ["invoice:1 12000", "invoice:1 -7000"]
    assert balance("445711") == -11_67
    shop.pay(1, 50_00)
    assert open_lines() == []


def test_a_cancellation_told_twice_is_posted_once():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 120_00)
    first = shop.cancel("payment:2")
    assert shop.cancel("payment:2").id == first.id


def test_what_was_never_collected_cannot_be_taken_back():
    fact = CollectionReversalFact(("reversal", 1), ("payment", 99), MARCH_1, "")
    with pytest.raises(UnknownEntry), transaction():
        record(fact)


def test_a_surplus_stays_open_until_it_is_used_and_its_remainder_after_that():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 150_00)
    assert open_lines() == ["payment:2 -3000"]
    shop.invoice(GOODS_110)
    use = shop.use("payment:2", 3)
    assert written(use) == lines("""
        D 411000 C00001 30,00
        C 411000 C00001 30,00
    """)
    assert open_lines() == ["invoice:3 11000", "invoice:3 -3000"]
    shop.pay(3, 100_00)
    shop.invoice(SERVICES_120)
    shop.use("payment:5", 6)
    assert open_lines() == ["invoice:6 12000", "invoice:6 -2000"]


def test_cancelling_a_payment_whose_surplus_was_used_takes_back_where_it_went():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 200_00)
    shop.invoice(services_30 := replace(SERVICES_120, net_cents=25_00, vat_cents=5_00))
    shop.use("payment:2", 3)
    shop.invoice(services_30)
    shop.use("payment:2", 5)
    assert open_lines() == ["payment:2#3 -2000"]
    mirror = shop.cancel("payment:2")
    assert written(mirror) == lines("""
        D 411000 C00001 120,00
        D 411000 C00001 30,00
        D 411000 C00001 30,00
        D 411000 C00001 20,00
        C 512000 200,00
        C 445740 20,00
        C 445740 5,00
        C 445740 5,00
        D 445711 30,00
    """)
    assert open_lines() == ["invoice:1 12000", "invoice:3 3000", "invoice:5 3000"]


def test_an_invoice_credited_in_full_is_lettered_with_its_credit_note():
    shop = Shop()
    shop.invoice(SERVICES_120, GOODS_110)
    shop.credit(1)
    assert letterings() == {"AA": ["invoice:1 23000", "invoice:1 -23000"]}
    assert {balance(number) for number in ("411000", "445740", "445711", "445712", "706000")} == {0}


def test_crediting_a_paid_invoice_leaves_the_customer_a_credit_and_gives_its_vat_back():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 120_00)
    shop.credit(1)
    assert open_lines() == ["credit_note:3 -12000"]
    assert balance("445711") == balance("445740") == 0
    shop.invoice(SERVICES_120)
    shop.use("credit_note:3", 4)
    assert open_lines() == []
    assert balance("445711") == -20_00


def test_crediting_a_part_paid_invoice_gives_back_the_vat_that_was_due():
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 60_00)
    shop.credit(1)
    assert open_lines() == ["credit_note:3 -6000"]
    assert balance("445711") == balance("445740") == 0


def test_crediting_one_line_moves_the_vat_of_the_other():
    shop = Shop()
    line_10 = replace(GOODS_110, kind=SupplyKind.SERVICE)
    shop.invoice(SERVICES_120, line_10)
    shop.credit(1, SERVICES_120)
    shop.pay(1, 110_00)
    assert balance("445711") == 0
    assert balance("445712") == -10_00
    assert balance("445740") == 0
    assert open_lines() == []


def test_under_the_option_for_debits_a_payment_moves_no_vat():
    shop = Shop()
    shop.invoice(SERVICES_120, regime=VatRegime.DEBITS)
    assert written(shop.pay(1, 60_00)) == lines("""
        D 512000 60,00
        C 411000 C00001 60,00
    """)
    shop.credit(1)
    assert balance("445711") == 0


def test_financial_years_open_by_themselves_and_number_from_one():
    shop = Shop()
    shop.invoice(SERVICES_120, on=date(2025, 12, 31))
    shop.invoice(SERVICES_120, on=date(2026, 1, 1))
    years = db.session.scalars(select(FiscalYear).order_by(FiscalYear.starts_on)).all()
    assert [(year.starts_on, year.ends_on) for year in years] == [
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 12, 31)),
    ]
    assert numbers() == ["VE000001", "VE000001"]


def test_money_dated_in_a_closed_year_is_posted_on_the_first_open_day_with_its_true_date():
    shop = Shop()
    shop.invoice(SERVICES_120, on=date(2025, 12, 20))
    with transaction():
        close_year(db.session.scalars(select(FiscalYear.id)).one(), today=APRIL_1)
    entry = shop.pay(1, 120_00, on=date(2025, 12, 28))
    assert (entry.entry_date, entry.piece_date) == (date(2026, 1, 1), date(2025, 12, 28))
    assert open_lines() == []


def test_a_year_that_ends_in_june_and_is_moved_to_december_is_followed_by_a_short_one(each_company):
    def settings_end_in(month: int) -> None:
        with transaction():
            ensure_books().fiscal_year_end_month = month

    settings_end_in(6)
    with transaction():
        open_year_for(date(2026, 2, 1))
    settings_end_in(12)
    with transaction():
        year, _ = open_year_for(date(2026, 9, 1))
        assert (year.starts_on, year.ends_on) == (date(2026, 7, 1), date(2026, 12, 31))


def test_an_account_chosen_later_leaves_open_documents_where_they_are():
    shop = Shop()
    shop.invoice(SERVICES_120)
    with transaction():
        for role, number in ((AccountRole.CUSTOMERS, "411900"), (AccountRole.VAT_WAITING, "445800")):
            account_for(role).role = None
            db.session.flush()
            db.session.add(Account(number=number, label="Autre", role=role))
    shop.pay(1, 130_00)
    assert balance("411000") == balance("445740") == 0
    assert balance("411900") == -10_00


def draft(*cents: int) -> EntryDraft:
    roles = (AccountRole.BANK, AccountRole.SUSPENSE, AccountRole.CASH)
    entry_lines = tuple(LineDraft(role, amount, "x") for role, amount in zip(roles, cents, strict=False))
    return EntryDraft(("test", 1), "test", JournalCode.GENERAL, MARCH_1, "P", "x", entry_lines)


@pytest.mark.parametrize("cents", [(), (100, -99), (100, -100, 0)], ids=["empty", "unbalanced", "zero line"])
def test_an_entry_that_is_not_one_is_refused(cents):
    with pytest.raises(EntryRefused), transaction():
        post_entry(draft(*cents))
    assert numbers() == []


def test_a_refused_transaction_gives_its_number_back():
    def post_both() -> None:
        post_entry(draft(100, -100))
        post_entry(draft(100, -99))

    with pytest.raises(EntryRefused), transaction():
        post_both()
    with transaction():
        entry_id = post_entry(draft(100, -100))
    assert db.session.get_one(JournalEntry, entry_id).number == "OD000001"


def test_lines_of_two_customers_are_never_lettered_together():
    Shop().invoice(SERVICES_120)
    other = Shop(replace(Shop().third_party, code="C00002"), first_id=10)
    other.invoice(SERVICES_120)
    other.pay(10, 120_00)
    other.cancel("payment:11")
    line_ids = db.session.scalars(
        select(EntryLine.id).where(
            EntryLine.auxiliary_code != "", EntryLine.match_key.in_(["invoice:1", "invoice:10"])
        )
    ).all()
    with pytest.raises(EntryRefused), transaction():
        letter_lines(line_ids[:2])


def test_lettering_codes_run_from_aa_and_grow_when_they_must():
    assert [lettering_code(n) for n in (1, 2, 26, 27, 676, 677, 678)] == [
        "AA", "AB", "AZ", "BA", "ZZ", "AAA", "AAB",
    ]  # fmt: skip


def test_an_entry_is_validated_when_it_is_posted_whatever_its_date():
    before = utc_now()
    entry = Shop().invoice(SERVICES_120, on=date(2024, 5, 17))
    assert before <= entry.validated_at <= utc_now()
    assert entry.entry_date == date(2024, 5, 17)
    assert db.session.scalars(select(JournalEntry.number)).all() == ["VE000001"]
