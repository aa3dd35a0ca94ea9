"""What the company chooses for its books: it holds from the next entry on, and what is posted stays where it is."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from accounting.chart import forget_chart
from accounting.customer_account import own_account_number
from accounting.errors import AccountingError, AccountNotFound, JournalNotFound, TreasuryAccountNotFound
from accounting.facts import Treasury
from accounting.fec.produce import produce_fec
from accounting.fiscal_years import fiscal_years
from accounting.ledger_checks import check_ledger
from accounting.models import Account, CustomerAccounts, Journal, JournalEntry, SalesExtension
from accounting.roles import AccountRole
from accounting.sales_extension import extended_number, preview
from accounting.settings.account_text import checked_code, checked_label, checked_number
from accounting.settings.assign_account import assign_account
from accounting.settings.choose_customer_accounts import choose_customer_accounts
from accounting.settings.choose_sales_extension import choose_sales_extension
from accounting.settings.fiscal_year_dates import YearDates, coming_years, set_year_dates
from accounting.settings.history import settings_changes
from accounting.settings.save_account import save_account
from accounting.settings.save_journal import save_journal
from accounting.settings.save_treasury_account import TreasuryInput, save_treasury_account
from accounting.treasury_accounts import treasury_accounts, treasury_place
from accounting.treasury_models import TreasuryAccount, TreasuryKind
from core.database import db, transaction
from core.errors import ConflictError, OutdatedError
from core.seal import verify_chain
from tests.accounting.reading import balance, numbers, open_lines
from tests.accounting.shop import GOODS_110, SERVICES_120, Shop


def lines_of(entry: JournalEntry) -> list[str]:
    return [
        f"{'D' if line.debit_cents else 'C'} {line.account.number} {line.debit_cents or line.credit_cents}"
        for line in entry.lines
    ]


def number_of(account_id: int) -> str:
    return db.session.get_one(Account, account_id).number


def test_another_bank_has_an_account_and_a_journal_of_its_own(each_company):
    given = TreasuryInput(
        "Crédit du Nord", "FR76 3000 6000 0112 3456 7890 189", True, number="512 100", journal_code="b2"
    )
    with transaction():
        bank_id = save_treasury_account(given).id
    with transaction():  # a double click
        assert save_treasury_account(given).id == bank_id
    bank = next(one for one in treasury_accounts(TreasuryKind.BANK) if one.id == bank_id)
    assert (bank.account_number, bank.journal_code, bank.iban, bank.role) == (
        "512100", "B2", "FR7630006000011234567890189", None,
    )  # fmt: skip
    assert [one.account_number for one in treasury_accounts()] == [
        "511200",
        "512000",
        "512100",
        "512500",
        "530000",
    ]

    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 120_00, treasury=treasury_place(bank_id))
    assert numbers() == ["VE000001", "B2000001"]
    assert (balance("512100"), balance("512000"), balance("411000")) == (120_00, 0, 0)

    # Closed, it is offered no more; what stands on it stays.
    with transaction():
        save_treasury_account(
            TreasuryInput("Crédit du Nord", given.iban, is_open=False), treasury_account_id=bank_id, version=1
        )
    assert bank_id not in {one.id for one in treasury_accounts()}
    assert bank_id in {one.id for one in treasury_accounts(closed=True)}
    with pytest.raises(OutdatedError), transaction():
        save_treasury_account(TreasuryInput("Autre nom"), treasury_account_id=bank_id, version=1)
    assert check_ledger() == []
    assert list(verify_chain(each_company.id)) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (TreasuryInput("", number="512100", journal_code="B2"), "label"),
        (TreasuryInput("a\tb", number="512100", journal_code="B2"), "label"),
        (TreasuryInput("Autre", number="411900", journal_code="B2"), "number"),
        (TreasuryInput("Autre", number="51", journal_code="B2"), "number"),
        (TreasuryInput("Autre", number="512500", journal_code="B2"), "number"),
        (TreasuryInput("Autre", number="512100", journal_code="BQ"), "journal_code"),
        (TreasuryInput("Autre", number="512100", journal_code="BANQUE"), "journal_code"),
        (TreasuryInput("Autre", "FR7630006000011234567890188", number="512100", journal_code="B2"), "iban"),
        (TreasuryInput("Caisse 2", number="512100", journal_code="C2", kind=TreasuryKind.CASH), "number"),
        (TreasuryInput("Terminal", number="511500", kind=TreasuryKind.IN_TRANSIT), "bank_id"),
    ],
)
def test_a_treasury_account_that_cannot_be_is_refused_beside_its_field(company, given, field):
    with pytest.raises(AccountingError) as refused, transaction():
        save_treasury_account(given)
    assert refused.value.field == field
    assert len(treasury_accounts(closed=True)) == 4
    assert len(db.session.scalars(select(Journal.id)).all()) == 7


def test_the_first_bank_moves_with_its_role_and_stays_open(company):
    first = next(one for one in treasury_accounts() if one.role is Treasury.BANK)
    with transaction():
        assign_account(AccountRole.BANK, "512300", "Banque Postale")
    moved = next(one for one in treasury_accounts() if one.role is Treasury.BANK)
    assert (moved.id, moved.account_number) == (first.id, "512300")
    (change,) = settings_changes(limit=5, account_id=moved.account_id)
    assert (change.before, change.after) == ("512000 Banque", "512300 Banque Postale")
    with pytest.raises(AccountingError) as refused, transaction():
        save_treasury_account(TreasuryInput("Banque", is_open=False), treasury_account_id=first.id)
    assert refused.value.field == "is_open"
    with transaction():
        save_treasury_account(TreasuryInput("Nord", number="512100", journal_code="B2"))
    # A further bank's account takes no role: two treasury accounts would stand on it.
    with pytest.raises(AccountingError), transaction():
        assign_account(AccountRole.BANK, "512100", "Nord")
    with pytest.raises(TreasuryAccountNotFound), transaction():
        save_treasury_account(TreasuryInput("x"), treasury_account_id=999_999)


def test_a_journals_code_is_given_before_its_first_entry_and_stays_after(each_company):
    by_code = dict(db.session.execute(select(Journal.code, Journal.id)).all())
    with transaction():
        sales = save_journal(by_code["VE"], "vt", "Ventes du magasin", seen="VE Ventes")
        bank = save_journal(by_code["BQ"], "BNP", "BNP Paribas")
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 120_00)
    assert numbers() == ["VT000001", "BNP000001"]
    assert {one.journal_code for one in treasury_accounts(TreasuryKind.BANK)} == {"BNP"}
    with transaction():
        assert save_journal(sales.id, "VT", "Ventes").id == sales.id
    for journal_id, code in ((sales.id, "V1"), (bank.id, "BQ"), (by_code["OD"], "VT"), (by_code["AN"], "AO")):
        with pytest.raises(AccountingError) as refused, transaction():
            save_journal(journal_id, code, "Nom")
        assert refused.value.field == "code", code
    with pytest.raises(ConflictError), transaction():
        save_journal(by_code["OD"], "OX", "Divers", seen="OD Autre nom")
    with pytest.raises(JournalNotFound), transaction():
        save_journal(999_999, "XX", "x")
    assert list(verify_chain(each_company.id)) == []


def test_numbers_names_and_codes_are_checked():
    assert (checked_number(" 707 1a "), checked_label(" Ventes "), checked_code("b2")) == (
        "7071A",
        "Ventes",
        "B2",
    )
    for check, typed in (
        (checked_number, "70"), (checked_number, "7O7000"), (checked_number, "1" * 18), (checked_number, "707-1"),
        (checked_label, " "), (checked_label, "a|b"), (checked_label, "x" * 101), (checked_code, "B"),
        (checked_code, "B-2"), (checked_code, "BANK"),
    ):  # fmt: skip
        with pytest.raises(AccountingError):
            check(typed)


def test_an_account_is_added_and_renamed_and_its_number_stays(company):
    with transaction():
        added = save_account("627100", "Frais bancaires")
    with transaction():
        assert save_account("627100", "Frais bancaires").id == added.id
    with transaction():
        save_account("", "Frais de banque", account_id=added.id, seen="Frais bancaires")
    told = settings_changes(limit=5, account_id=added.id)
    assert [(one.what, one.before, one.after) for one in told] == [
        ("Nom du compte 627100", "Frais bancaires", "Frais de banque"),
        ("Nouveau compte 627100", "", "Frais bancaires"),
    ]
    with pytest.raises(ConflictError), transaction():
        save_account("", "Autre", account_id=added.id, seen="Frais bancaires")
    for number, label in (("627100", "Autre"), ("900000", "Analytique"), ("62", "x")):
        with pytest.raises(AccountingError) as refused, transaction():
            save_account(number, label)
        assert refused.value.field == "number"
    with pytest.raises(AccountNotFound), transaction():
        save_account("", "x", account_id=999_999)


EXTENDED = [
    ("707000", 2000, "707000", "70720", "707200", "7072000"),
    ("707", 2000, "707", "70720", "70720", "7072000"),
    ("7071", 1000, "7071", "707110", "707110", "70711000"),
    ("706000", 550, "706000", "70655", "706550", "7060550"),
    ("706000", 210, "706000", "70621", "706210", "7060210"),
    ("70600000", 850, "70600000", "70685", "70685000", "7060850"),
    ("700000", 1000, "700000", "70010", "700100", "7001000"),
    ("70700000000000009", 2000, *("70700000000000009",) * 4),
]


def test_a_sales_account_is_extended_by_rate():
    ways = (SalesExtension.NONE, SalesExtension.TWO, SalesExtension.PADDED, SalesExtension.FOUR)
    for number, vat_rate, *expected in EXTENDED:
        assert [extended_number(number, vat_rate, way) for way in ways] == expected


def test_the_extension_holds_for_invoices_to_come(each_company):
    shop = Shop()
    shop.invoice(SERVICES_120)
    with transaction():
        choose_sales_extension(SalesExtension.FOUR, seen=SalesExtension.NONE)
    assert lines_of(shop.invoice(SERVICES_120, GOODS_110)) == [
        "D 411000 23000", "C 7062000 10000", "C 7071000 10000", "C 445740 2000", "C 445712 1000",
    ]  # fmt: skip
    labels = dict(db.session.execute(select(Account.number, Account.label)).all())
    assert labels["7071000"] == "Ventes de marchandises 10\u00a0%"
    assert balance("706000") == -100_00
    # A rate's own account, chosen by name, is used as it is.
    with transaction():
        assign_account(AccountRole.SALES_GOODS, "707810", "Ventes 10", vat_rate=1000)
    assert "C 707810 10000" in lines_of(shop.invoice(GOODS_110))
    # 706 at 20 % filled up is 706200, where subcontracting stands.
    with pytest.raises(AccountingError) as refused, transaction():
        choose_sales_extension(SalesExtension.PADDED)
    assert "706200" in str(refused.value)
    with pytest.raises(ConflictError), transaction():
        choose_sales_extension(SalesExtension.TWO, seen=SalesExtension.NONE)
    assert {row.extended for row in preview(SalesExtension.TWO) if row.vat_rate == 1000} == {
        "70610",
        "707810",
    }
    assert list(verify_chain(each_company.id)) == []


def test_customers_get_accounts_of_their_own_and_what_is_open_is_paid_where_it_stands(each_company, tmp_path):
    shop = Shop()
    shop.invoice(SERVICES_120)
    with transaction():
        choose_customer_accounts(CustomerAccounts.BY_DIGITS, seen=CustomerAccounts.COLLECTIVE)
    shop.invoice(GOODS_110)
    assert (balance("411000"), balance("41100001")) == (120_00, 110_00)
    shop.pay(1, 120_00)
    shop.pay(2, 110_00)
    assert (balance("411000"), balance("41100001"), open_lines()) == (0, 0, [])
    account = db.session.scalars(select(Account).where(Account.number == "41100001")).one()
    assert account.label == "Dupont SARL"
    # Back to one for all: the same again.
    shop.invoice(GOODS_110)
    with transaction():
        choose_customer_accounts(CustomerAccounts.COLLECTIVE)
    forget_chart()
    shop.invoice(SERVICES_120)
    assert (balance("411000"), balance("41100001")) == (120_00, 110_00)
    with pytest.raises(ConflictError), transaction():
        choose_customer_accounts(CustomerAccounts.BY_CODE, seen=CustomerAccounts.BY_DIGITS)
    assert check_ledger() == []
    assert list(verify_chain(each_company.id)) == []
    produced = produce_fec(fiscal_years()[0], tmp_path / "fec")
    assert (produced.is_right, produced.report.counts) == (True, {})
    rows = [line.split("\t") for line in (tmp_path / "fec").read_text().splitlines()]
    assert {(row[4], row[6]) for row in rows if row[4].startswith("411")} == {
        ("411000", "C00001"), ("41100001", "C00001"),
    }  # fmt: skip


def test_own_account_numbers_come_from_codes():
    numbers_of = {way: own_account_number(way, "C00012") for way in CustomerAccounts}
    assert list(numbers_of.values()) == ["", "411C00012", "41100012"]
    assert own_account_number(CustomerAccounts.BY_DIGITS, "C123456") == "411123456"


def test_a_first_year_may_be_long_and_the_next_ones_follow_it(each_company):
    wanted = YearDates(6, date(2025, 11, 15), date(2027, 6, 30))
    shown = [(year.starts_on, year.ends_on, year.is_regular, year.exists) for year in coming_years(wanted)]
    assert shown == [
        (date(2025, 11, 15), date(2027, 6, 30), False, False),
        (date(2027, 7, 1), date(2028, 6, 30), True, False),
        (date(2028, 7, 1), date(2029, 6, 30), True, False),
    ]
    with transaction():
        set_year_dates(wanted, seen="12//")
    shop = Shop()
    shop.invoice(SERVICES_120, on=date(2026, 8, 3))
    shop.invoice(SERVICES_120, on=date(2027, 7, 2))
    shop.invoice(SERVICES_120, on=date(2025, 11, 14))
    found = [(year.starts_on, year.ends_on) for year in fiscal_years()]
    assert found == [
        (date(2027, 7, 1), date(2028, 6, 30)),
        (date(2025, 11, 15), date(2027, 6, 30)),
        (date(2025, 7, 1), date(2025, 11, 14)),
    ]
    # A year that has entries keeps its days; another end month makes the next one shorter.
    with pytest.raises(AccountingError) as refused, transaction():
        set_year_dates(YearDates(6, date(2025, 1, 1), date(2025, 12, 31)))
    assert refused.value.field == "first_day"
    with transaction():
        set_year_dates(YearDates(12, wanted.first_day, wanted.last_day))
    assert coming_years(YearDates(12))[-2].ends_on == date(2028, 12, 31)
    with pytest.raises(ConflictError), transaction():
        set_year_dates(YearDates(3), seen="6//")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (YearDates(13), "end_month"),
        (YearDates(12, date(2026, 1, 1), None), "last_day"),
        (YearDates(12, None, date(2026, 12, 31)), "first_day"),
        (YearDates(12, date(2026, 6, 1), date(2026, 5, 31)), "last_day"),
        (YearDates(12, date(2026, 1, 1), date(2028, 1, 1)), "last_day"),
    ],
)
def test_a_first_year_that_cannot_be_is_refused(company, wanted, field):
    with pytest.raises(AccountingError) as refused, transaction():
        set_year_dates(wanted)
    assert refused.value.field == field
    with transaction():
        set_year_dates(YearDates(12, date(2026, 1, 1), date(2027, 12, 31)))


def test_treasury_rows_are_those_of_the_roles(company):
    rows = db.session.scalars(select(TreasuryAccount).order_by(TreasuryAccount.id)).all()
    assert {row.role: number_of(row.account_id) for row in rows} == {
        Treasury.BANK: "512000", Treasury.CASH: "530000", Treasury.CHEQUES: "511200", Treasury.PAYPLUG: "512500",
    }  # fmt: skip
