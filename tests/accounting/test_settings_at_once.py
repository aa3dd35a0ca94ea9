"""The settings of the books are changed while others post, and by two at once: no entry is lost, nobody sees an error
page, who comes later wins or is told in a sentence. Real connections on both databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from accounting.chart import read_chart
from accounting.errors import AccountingError
from accounting.fiscal_years import fiscal_years
from accounting.models import Account, CustomerAccounts, Journal, JournalEntry, SalesExtension
from accounting.roles import AccountRole, JournalCode
from accounting.settings.assign_account import assign_account
from accounting.settings.choose_customer_accounts import choose_customer_accounts
from accounting.settings.choose_sales_extension import choose_sales_extension
from accounting.settings.fiscal_year_dates import YearDates, set_year_dates
from accounting.settings.save_account import save_account
from accounting.settings.save_journal import save_journal
from accounting.settings.save_treasury_account import TreasuryInput, save_treasury_account
from accounting.settings.set_vat_on_debits import set_vat_on_debits
from accounting.treasury_models import TreasuryAccount
from core.checks import company_faults
from core.clock import paris_today
from core.database import db, transaction
from core.errors import ConflictError
from core.seal import verify_chain
from core.tenancy import enter_company
from invoicing.credit_invoice import credit_invoice
from invoicing.models import Customer, Document
from tests.conftest import make_company
from tests.factories.invoicing import issue, make_customer, make_line, pay

Action = Callable[[], object]
# Filled up to six digits, 707000 would be the 707100 of exempt sales: that is refused.
EXTENSIONS = (SalesExtension.TWO, SalesExtension.FOUR, SalesExtension.NONE)


@pytest.fixture
def two_connections(each_app):
    company_id = make_company(each_app)
    with each_app.app_context():
        enter_company(company_id)
        yield each_app, company_id


def at_once(app, company_id: int, *work: Callable[[], None]) -> list[BaseException]:
    """Run each piece of work in a thread and connection of its own; it opens its transactions itself."""
    failures: list[BaseException] = []
    start = threading.Barrier(len(work))

    def run(piece: Callable[[], None]) -> None:
        try:
            with app.app_context():
                enter_company(company_id)
                start.wait(timeout=60)
                piece()
        except BaseException as error:  # noqa: BLE001  # the tests look at them
            failures.append(error)

    threads = [threading.Thread(target=run, args=(piece,)) for piece in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def first_then(app, company_id: int, first: Action, second: Action) -> list[BaseException]:
    """The second begins when the first has done its work and not committed it yet."""
    done = threading.Event()

    def begin() -> None:
        with transaction():
            first()
            db.session.flush()
            done.set()
            time.sleep(0.3)

    def follow() -> None:
        # Before the transaction opens: on SQLite opening it takes the one write lock.
        assert done.wait(60)
        with transaction():
            second()

    return at_once(app, company_id, begin, follow)


def everything_holds(company_id: int) -> None:
    db.session.rollback()
    assert list(company_faults()) == []
    assert list(verify_chain(company_id)) == []


def test_every_setting_is_changed_while_others_post(two_connections):
    app, company_id = two_connections
    with transaction():
        customer_ids = [make_customer().id for _ in range(2)]
        bank_id = db.session.scalars(select(TreasuryAccount.id).where(TreasuryAccount.role == "bank")).one()
    rounds, journal_id = 4, read_chart().journals[JournalCode.SALES]
    db.session.rollback()

    def post(customer_id: int) -> Callable[[], None]:
        def work() -> None:
            for _ in range(rounds):
                with transaction():
                    customer = db.session.get_one(Customer, customer_id)
                    invoice_id = issue(make_line(), make_line(goods=True), customer=customer).id
                with transaction():
                    pay(db.session.get_one(Document, invoice_id), "120")
                with transaction():
                    credit_invoice(invoice_id, reason="Erreur")

        return work

    def change() -> None:
        for n in range(rounds):
            verbs: list[Action] = [
                partial(assign_account, AccountRole.SALES_SERVICE, f"70690{n}", f"Services {n}"),
                partial(assign_account, AccountRole.VAT_COLLECTED, f"44579{n}", f"TVA {n}", vat_rate=2000),
                partial(assign_account, AccountRole.CUSTOMERS, f"41190{n}", f"Clients {n}"),
                partial(choose_sales_extension, EXTENSIONS[n % 3]),
                partial(choose_customer_accounts, list(CustomerAccounts)[n % 3]),
                partial(save_treasury_account, TreasuryInput(f"Banque {n}"), treasury_account_id=bank_id),
                partial(save_journal, journal_id, "VE", f"Ventes {n}"),
                partial(set_vat_on_debits, paris_today() + timedelta(days=n + 1)),
                partial(set_year_dates, YearDates(6 + n)),
            ]
            for verb in verbs:
                with transaction():
                    verb()

    assert at_once(app, company_id, *(post(id_) for id_ in customer_ids), change) == []
    everything_holds(company_id)
    sales = select(JournalEntry.number).where(JournalEntry.number.like("VE%")).order_by(JournalEntry.number)
    assert list(db.session.scalars(sales)) == [f"VE{n:06d}" for n in range(1, 4 * rounds + 1)]


def test_two_choose_an_account_for_one_use_at_once(two_connections):
    app, company_id = two_connections
    chart = read_chart()
    seen = f"{chart.numbers[chart.account_id(AccountRole.SALES_GOODS)]} Ventes de marchandises"
    db.session.rollback()

    def choose(number: str) -> Callable[[], None]:
        def work() -> None:
            with transaction():
                assign_account(AccountRole.SALES_GOODS, number, f"Ventes {number}", seen=seen)

        return work

    (refused,) = at_once(app, company_id, choose("707100X"), choose("707200X"))
    assert isinstance(refused, AccountingError)
    assert refused.field == "number"
    everything_holds(company_id)


def test_an_account_that_another_is_just_making_is_taken_as_it_is(two_connections):
    app, company_id = two_connections
    failures = first_then(
        app, company_id, lambda: save_account("706555", "Études"),
        lambda: assign_account(AccountRole.SALES_SERVICE, "706555", "Études et conseils"),
    )  # fmt: skip
    assert failures == []
    failures = first_then(
        app, company_id, lambda: save_account("512777", "Banque"),
        lambda: save_treasury_account(TreasuryInput("Crédit du Nord", number="512777", journal_code="B7")),
    )  # fmt: skip
    assert failures == []
    db.session.rollback()
    found = db.session.scalars(select(Account).where(Account.number.in_(["706555", "512777"])))
    assert {row.number: row.role for row in found} == {"706555": "sales_service", "512777": None}
    # The other way round, the second of two who make it is told, unless it calls it alike.
    (refused,) = first_then(
        app, company_id, lambda: save_account("706666", "Études"), lambda: save_account("706666", "Conseils")
    )
    assert isinstance(refused, AccountingError)
    everything_holds(company_id)


def test_the_option_for_debits_does_not_begin_before_an_invoice_that_is_being_issued(two_connections):
    app, company_id = two_connections
    today = paris_today()
    failures = first_then(
        app, company_id, lambda: issue(make_line(), today=today), lambda: set_vat_on_debits(today)
    )
    assert [type(error) for error in failures] == [AccountingError]
    # The other way round the invoice waits, and is issued under the option.
    failures = first_then(
        app, company_id, lambda: set_vat_on_debits(today + timedelta(days=1)), lambda: issue(make_line(), today=today)
    )  # fmt: skip
    assert failures == []
    everything_holds(company_id)


def test_the_days_of_the_first_year_are_settled_by_who_comes_first(two_connections):
    app, company_id = two_connections
    wanted = YearDates(6, date(2026, 7, 1), date(2027, 6, 30))
    failures = first_then(
        app, company_id, lambda: issue(make_line(), today=paris_today()), lambda: set_year_dates(wanted)
    )
    assert [type(error) for error in failures] == [AccountingError]
    db.session.rollback()
    assert len(fiscal_years()) == 1
    everything_holds(company_id)


def test_the_first_entry_waits_for_the_days_that_are_being_chosen(two_connections):
    app, company_id = two_connections
    day = paris_today()
    wanted = YearDates(day.month, day.replace(day=1) - timedelta(days=40), day + timedelta(days=100))
    failures = first_then(
        app, company_id, lambda: set_year_dates(wanted), lambda: issue(make_line(), today=day)
    )
    assert failures == []
    db.session.rollback()
    (year,) = fiscal_years()
    assert (year.starts_on, year.ends_on) == (wanted.first_day, wanted.last_day)
    everything_holds(company_id)


def test_two_who_save_one_journal_or_one_bank_at_once(two_connections):
    app, company_id = two_connections
    journal = db.session.scalars(select(Journal).where(Journal.role == "OD")).one()
    journal_id, seen = journal.id, f"{journal.code} {journal.label}"
    bank = db.session.scalars(select(TreasuryAccount).where(TreasuryAccount.role == "bank")).one()
    bank_id, version = bank.id, bank.version
    db.session.rollback()
    save, change = (
        partial(save_journal, journal_id),
        partial(save_treasury_account, treasury_account_id=bank_id),
    )
    for verbs in (
        [partial(save, code, f"Divers {code}", seen=seen) for code in ("D1", "D2")],
        [partial(change, TreasuryInput(name), version=version) for name in ("Nord", "Sud")],
    ):
        (refused,) = first_then(app, company_id, *verbs)
        assert isinstance(refused, (ConflictError, AccountingError)), refused
    everything_holds(company_id)
