"""Closing a year: what it hands on, and that payments, refunds and cancellations go on across it. On both engines."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event as Signal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from accounting.closed_periods import close_months, first_open_day, month_ends, reopen_months
from accounting.closing import close_year as closing
from accounting.closing.close_year import close_year
from accounting.closing.opening_entry import closing_balances
from accounting.errors import MonthNotClosable, YearNotClosable, YearNotFound
from accounting.fec.check import check_fec
from accounting.fec.export import write_company_fec
from accounting.fec.format import fec_file_name
from accounting.fiscal_years import year_ending_in
from accounting.ledger_checks import check_ledger
from accounting.lettering.letter_lines import letter_lines, letter_matching
from accounting.lettering.unletter import unletter
from accounting.models import EntryLine, FiscalYear, JournalEntry, Lettering, LetteringLine
from accounting.reading.account_ledger import LedgerFilter, ledger_totals
from accounting.reading.trial_balance import trial_balance
from core.database import db, transaction
from core.event_log import Event
from core.seal import verify_chain
from core.tenancy import in_company
from tests.accounting.reading import letterings, open_lines
from tests.accounting.scheme import lines, written
from tests.accounting.shop import GOODS_110, SERVICES_120, Shop
from tests.conftest import make_company

DECEMBER = date(2025, 12, 1)
JANUARY = date(2026, 1, 15)
APRIL = date(2026, 4, 1)
YEAR_2025 = (date(2025, 1, 1), date(2025, 12, 31))


def year_of(ends_in: int) -> FiscalYear:
    found = year_ending_in(ends_in)
    assert found is not None
    return found


def close(ends_in: int = 2025, today: date = APRIL) -> list[JournalEntry]:
    """Close that year; its successor's opening entries."""
    with transaction():
        close_year(year_of(ends_in).id, today=today)
    return openings()


def openings() -> list[JournalEntry]:
    return list(
        db.session.scalars(
            select(JournalEntry).where(JournalEntry.number.like("AN%")).order_by(JournalEntry.id)
        )
    )


def stands(*numbers: str) -> dict[str, int]:
    """What accounts stand at on the last day of 2026, by the trial balance."""
    rows = trial_balance(date(2026, 1, 1), date(2026, 12, 31)).rows
    return {
        row.number: row.closing_cents
        for row in rows
        if row.closing_cents and (not numbers or row.number in numbers)
    }


def fec_findings(ends_in: int) -> list[str]:
    """What the strict check has to say of that year's file, whatever its weight."""
    year, out = year_of(ends_in), io.BytesIO()
    write_company_fec(year, out)
    name = fec_file_name("732829320", year.ends_on)
    report = check_fec(io.BytesIO(out.getvalue()), name, year_start=year.starts_on)
    return [f"{finding.rule.code} {finding.line}" for finding in report.findings]


def all_holds(company_id: int) -> None:
    assert check_ledger() == []
    assert list(verify_chain(company_id)) == []
    for year in db.session.scalars(select(FiscalYear)):
        assert fec_findings(year.ends_on.year) == []
        assert trial_balance(year.starts_on, year.ends_on).is_balanced


def test_a_year_hands_on_its_balance_sheet_its_open_items_and_its_result(each_company):
    company_id = each_company.id
    shop = Shop()
    shop.invoice(SERVICES_120, on=DECEMBER)  # 1: paid in part in the year, the rest after the closing
    shop.pay(1, 50_00, on=DECEMBER)
    shop.invoice(GOODS_110, on=DECEMBER)  # 3: paid in the year, too much
    shop.pay(3, 130_00, on=DECEMBER)
    shop.invoice(SERVICES_120, on=DECEMBER)  # 5: paid after the year, before the closing
    shop.pay(5, 120_00, on=JANUARY)
    before = trial_balance(*YEAR_2025)
    (opening,) = close()
    assert written(opening) == lines("""
        D 411000 C00001 70,00
        C 411000 C00001 20,00
        D 411000 C00001 120,00
        C 445740 11,67
        C 445740 20,00
        C 445711 8,33
        C 445712 10,00
        D 512000 180,00
        C 120000 300,00
    """)
    # The money that had come in January is lettered with what was carried, within the new year.
    assert letterings()["AC"] == ["invoice:5 -12000", "invoice:5 12000"]
    assert (opening.number, opening.entry_date) == ("AN000001", date(2026, 1, 1))
    assert open_lines() == ["invoice:1 7000", "payment:4 -2000"]
    after = {row.number: row.closing_cents for row in before.rows if row.number[0] < "6"}
    opened = trial_balance(date(2026, 1, 1), date(2026, 1, 1))
    assert {row.number: row.closing_cents for row in opened.rows} == {**after, "120000": -300_00}
    assert [row.closing_cents for row in before.rows] == [
        row.closing_cents for row in trial_balance(*YEAR_2025).rows
    ]
    customers = next(line.account_id for line in opening.lines)
    ledger = {
        only_open: ledger_totals(customers, LedgerFilter(only_open=only_open)) for only_open in (True, False)
    }
    assert (ledger[True].closing_cents, ledger[False].closing_cents) == (50_00, 50_00)
    # Life goes on: the rest is paid, the surplus is used, the cancelled payment of the closed year is owed again.
    shop.pay(1, 40_00, on=APRIL)
    shop.use("payment:4", 1, on=APRIL)
    assert stands("411000", "445740") == {"411000": 10_00, "445740": -1_67}
    shop.cancel("payment:2", on=APRIL)
    assert stands("411000", "445740") == {"411000": 60_00, "445740": -10_00}
    shop.pay(1, 60_00, on=APRIL)
    assert (open_lines(), "445740" in stands()) == ([], False)
    shop.cancel("payment:6", on=APRIL)  # of January, lettered with what was carried
    assert open_lines() == ["invoice:5 12000"]
    all_holds(company_id)
    # The next year is closed in its turn.
    opening, following = close(2026, date(2027, 2, 1))
    assert written(following) == lines("""
        D 411000 C00001 120,00
        C 445740 20,00
        C 120000 300,00
        C 445711 20,00
        C 445712 10,00
        D 512000 230,00
    """)
    shop.pay(5, 120_00, on=date(2027, 2, 2))
    assert open_lines() == []
    all_holds(company_id)


def test_money_dated_before_the_first_year_is_booked_after_the_closed_one(each_company):
    """No year is opened before a closed one: what is dated there would be in no balance."""
    shop = Shop()
    shop.invoice(SERVICES_120, on=DECEMBER)
    close()
    entry = shop.pay(1, 50_00, on=date(2024, 12, 20))
    assert (entry.entry_date, entry.piece_date) == (date(2026, 1, 1), date(2024, 12, 20))
    assert stands("411000", "512000") == {"411000": 70_00, "512000": 50_00}
    assert first_open_day(date(2024, 12, 20)) == date(2026, 1, 1)
    assert year_ending_in(2024) is None
    all_holds(each_company.id)


def test_a_lettering_that_a_person_ended_before_the_closing_is_no_fault_after_it(company):
    shop = Shop()
    shop.invoice(SERVICES_120, on=DECEMBER)
    shop.pay(1, 120_00, on=JANUARY)
    with transaction():
        assert unletter(db.session.scalars(select(Lettering.id)).one(), "À vérifier")
    close()
    assert open_lines() == ["invoice:1 -12000", "invoice:1 12000"]
    all_holds(company.id)
    with transaction():
        letter_matching(["invoice:1"])
    assert open_lines() == []
    all_holds(company.id)


def test_credit_notes_and_two_keys_in_one_lettering_go_on_across_the_years(each_company):
    company_id = each_company.id
    shop = Shop()
    shop.invoice(SERVICES_120, on=DECEMBER)  # 1: credited in April
    shop.invoice(GOODS_110, SERVICES_120, on=DECEMBER)  # 2: paid in part, the payment taken back in April
    shop.pay(2, 100_00, on=DECEMBER)
    shop.invoice(SERVICES_120, on=DECEMBER)  # 4 and, of January, 5: lettered by hand with one transfer
    shop.invoice(GOODS_110, on=JANUARY)
    shop.pay(4, 100_00, on=JANUARY)
    shop.pay(5, 130_00, on=JANUARY)
    by_hand = select(EntryLine.id).where(
        EntryLine.auxiliary_code != "", EntryLine.match_key.in_(("invoice:4", "payment:7"))
    )
    with transaction():
        letter_lines(db.session.scalars(by_hand).all())
    (opening,) = close()
    assert "D 411000 C00001 120,00" in written(opening)
    assert list(letterings().values())[-1] == ["invoice:4 -10000", "payment:7 -2000", "invoice:4 12000"]
    shop.credit(1, on=APRIL)
    shop.cancel("payment:3", on=APRIL)
    assert open_lines() == ["invoice:2 13000", "invoice:2 10000"]
    shop.pay(2, 230_00, on=APRIL)
    assert open_lines() == []
    all_holds(company_id)


def test_years_are_closed_in_order_once_and_a_loss_stands_beside_the_profit_before(each_company):
    company_id = each_company.id
    shop = Shop()
    shop.invoice(SERVICES_120, on=DECEMBER)
    shop.credit(1, on=date(2027, 3, 1))
    with pytest.raises(YearNotClosable, match="31/12/2025"), transaction():
        close_year(year_of(2027).id, today=date(2028, 1, 1))
    with pytest.raises(YearNotClosable, match="31/12/2025"), transaction():
        close_year(year_of(2025).id, today=date(2025, 12, 31))
    with pytest.raises(YearNotFound), transaction():
        close_year(987_654, today=APRIL)
    # 2026 opens by itself, and only hands on. In 2027 the invoice is credited: a loss.
    close()
    close(2026, date(2027, 1, 1))
    *_, opening = close(2027, date(2028, 1, 1))
    assert written(opening) == lines("""
        C 120000 100,00
        D 129000 100,00
    """)
    # Twice is once, and says what was.
    with transaction():
        again = close_year(year_of(2027).id, today=date(2028, 1, 1))
    assert (again.closed_at is not None, len(openings())) == (True, 3)
    said = db.session.scalars(select(Event.details).where(Event.kind == "year.closed").order_by(Event.id))
    assert [json.loads(each)["result_cents"] for each in said] == [100_00, 0, -100_00]
    assert open_lines() == []
    all_holds(company_id)


def test_the_database_refuses_what_would_change_a_closed_year(each_company):
    shop = Shop()
    shop.invoice(SERVICES_120, on=DECEMBER)
    shop.pay(1, 120_00, on=DECEMBER)
    shop.invoice(SERVICES_120, on=DECEMBER)
    open_line = db.session.scalars(
        select(EntryLine.id).where(EntryLine.match_key == "invoice:3", EntryLine.auxiliary_code != "")
    ).one()
    lettering_id = db.session.scalars(select(LetteringLine.lettering_id)).first()
    shop.invoice(GOODS_110, on=date(2027, 3, 1))
    close()
    refused = {
        "fiscal_year is frozen": "UPDATE fiscal_year SET closed_at = NULL WHERE ends_on < '2026-01-01'",
        "entry outside an open financial year": (
            "INSERT INTO journal_entry (id, company_id, journal_id, fiscal_year_id, sequence, number, entry_date, "
            "piece_ref, piece_date, label, source_kind, source_id, purpose, validated_at) SELECT 900, company_id, "
            "journal_id, fiscal_year_id, 900, 'VE000900', entry_date, 'P', piece_date, 'x', 'x', 900, 'x', "
            "validated_at FROM journal_entry WHERE number = 'VE000001' ORDER BY id LIMIT 1"
        ),
        "line of a closed financial year": (
            "INSERT INTO lettering_line (company_id, lettering_id, line_id) "
            f"SELECT company_id, id, {open_line} FROM lettering WHERE id = {lettering_id}"
        ),
        "lettering of a closed financial year": (
            "INSERT INTO lettering_undo (company_id, lettering_id, reason, undone_at) "
            f"SELECT company_id, id, 'x', created_at FROM lettering WHERE id = {lettering_id}"
        ),
        "an earlier financial year is open": (
            "UPDATE fiscal_year SET closed_at = CURRENT_TIMESTAMP WHERE starts_on > '2026-12-31'"
        ),
        "fiscal_year is frozen ": (
            "UPDATE fiscal_year SET months_closed_through = '2029-01-31' WHERE starts_on > '2026-12-31'"
        ),
    }
    lines_of_900 = (
        "INSERT INTO entry_line (company_id, entry_id, position, account_id, auxiliary_code, auxiliary_label, label, "
        "debit_cents, credit_cents, match_key) SELECT company_id, 900, position, account_id, '', '', 'x', "
        "debit_cents, credit_cents, '' FROM entry_line WHERE entry_id = "
        "(SELECT id FROM journal_entry WHERE number = 'VE000001' ORDER BY id LIMIT 1)"
    )
    for message, statement in refused.items():
        statements = [lines_of_900, statement] if "900" in statement else [statement]
        with pytest.raises(DBAPIError, match=message.strip()):
            _run(statements)


def _run(statements: list[str]) -> None:
    with transaction() as session:
        for statement in statements:
            session.execute(text(statement))


def test_months_are_closed_and_opened_again_and_money_is_posted_on_the_first_open_day(each_company):
    company_id = each_company.id
    shop = Shop()
    shop.invoice(SERVICES_120, on=JANUARY)
    year_id, january, march = year_of(2026).id, date(2026, 1, 31), date(2026, 3, 31)
    assert [day.isoformat() for day in month_ends(year_of(2026))][:2] == ["2026-01-31", "2026-02-28"]
    with transaction():
        close_months(year_id, march, today=APRIL)
        close_months(year_id, january, today=APRIL)
    assert (first_open_day(JANUARY), first_open_day(APRIL)) == (APRIL, APRIL)
    entry = shop.pay(1, 50_00, on=date(2026, 2, 3))
    assert (entry.entry_date, entry.piece_date) == (APRIL, date(2026, 2, 3))
    for through in (date(2026, 2, 27), date(2025, 12, 31), date(2026, 12, 31)):
        with pytest.raises(MonthNotClosable), transaction():
            close_months(year_id, through, today=APRIL)
    with transaction():
        reopen_months(year_id, date(2026, 2, 1))
        reopen_months(year_id, date(2026, 9, 1))  # open already
    assert (first_open_day(JANUARY), first_open_day(march)) == (date(2026, 2, 1), march)
    with pytest.raises(MonthNotClosable), transaction():
        reopen_months(year_id, date(2026, 1, 7))
    # The opening entries of a year stand on its first day all the same.
    Shop(first_id=20).invoice(GOODS_110, on=DECEMBER)
    assert [opening.entry_date for opening in close()] == [date(2026, 1, 1)]
    with pytest.raises(MonthNotClosable, match="définitivement"), transaction():
        reopen_months(year_of(2025).id, DECEMBER)
    kinds = db.session.scalars(select(Event.kind).where(Event.kind.like("months.%")).order_by(Event.id)).all()
    assert kinds == ["months.closed", "months.reopened"]
    all_holds(company_id)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("payment_first", [True, False])
def test_a_payment_that_comes_in_while_the_year_is_closed(
    request, make_app, engine, payment_first, monkeypatch
):
    """Two connections: whoever comes second waits, and both the payment and the closing are whole."""
    app = make_app(
        request.getfixturevalue(f"{engine.removesuffix('ql') if engine == 'postgresql' else engine}_url")
    )
    company_id = make_company(app)
    with app.app_context(), in_company(company_id):
        shop = Shop()
        shop.invoice(SERVICES_120, on=DECEMBER)
        year_id = year_of(2025).id
    is_inside, other_may_go = Signal(), Signal()
    paused = (
        "accounting.record.letter_matching"
        if payment_first
        else "accounting.closing.close_year.closing_balances"
    )
    original = letter_matching if payment_first else closing_balances

    def pausing(*arguments):
        is_inside.set()
        other_may_go.wait(5)
        return original(*arguments)

    monkeypatch.setattr(paused, pausing)

    def pay() -> None:
        shop.pay(1, 120_00, on=date(2025, 12, 30))

    def close_it() -> None:
        with transaction():
            close_year(year_id, today=APRIL)

    def in_a_connection(work) -> None:
        with app.app_context(), in_company(company_id):
            try:
                work()
            finally:
                db.session.remove()

    first, second = (pay, close_it) if payment_first else (close_it, pay)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(in_a_connection, first)
        assert is_inside.wait(10)
        other = pool.submit(in_a_connection, second)
        with pytest.raises(TimeoutError):
            other.result(timeout=0.3)
        other_may_go.set()
        one.result(timeout=20)
        other.result(timeout=20)
    with app.app_context(), in_company(company_id):
        payment = db.session.scalars(select(JournalEntry).where(JournalEntry.purpose == "collection")).one()
        assert payment.entry_date == (date(2025, 12, 30) if payment_first else date(2026, 1, 1))
        assert payment.piece_date == date(2025, 12, 30)
        assert open_lines() == []
        assert stands("411000") == {}
        all_holds(company_id)


def test_a_closing_that_dies_at_any_step_has_not_happened(each_company, monkeypatch):
    company_id = each_company.id
    shop = Shop()
    shop.invoice(SERVICES_120, on=DECEMBER)
    shop.pay(1, 120_00, on=JANUARY)
    shop.invoice(GOODS_110, on=DECEMBER)
    for step in ("undo_letterings", "closing_balances", "post_entry", "letter_lines", "record_event"):
        with monkeypatch.context() as patch:
            done = getattr(closing, step)

            def dies(*arguments, done=done, **named):
                done(*arguments, **named)
                raise KeyboardInterrupt

            patch.setattr(closing, step, dies)
            with pytest.raises(KeyboardInterrupt):
                close()
        assert (year_of(2025).closed_at, openings()) == (None, [])
        assert letterings() == {"AA": ["invoice:1 12000", "invoice:1 -12000"]}
    (opening,) = close()
    assert written(opening).count("411000") == 2
    all_holds(company_id)
