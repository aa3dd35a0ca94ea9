"""Many connections posting at once on PostgreSQL: no gap, no number twice, no line slipped in, no year opened twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from accounting.ledger_checks import check_ledger
from accounting.models import EntryLine, FiscalYear, JournalEntry
from core.database import db
from core.seal import verify_chain
from core.tenancy import in_company
from tests.accounting.reading import open_lines
from tests.accounting.shop import DUPONT, SERVICES_120, Shop
from tests.conftest import make_company

THREADS = 20
EACH = 5


@pytest.fixture
def postgres_company(postgres_app) -> int:
    return make_company(postgres_app)


def in_threads(app, company_id: int, work) -> list:
    def one(number: int):
        with app.app_context(), in_company(company_id):
            try:
                return work(number)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_twenty_threads_posting_at_once_leave_no_gap(postgres_app, postgres_company):
    def issue_and_collect(thread: int) -> None:
        shop = Shop(replace(DUPONT, code=f"C{thread:05d}"), first_id=1 + thread * 100)
        for _ in range(EACH):
            entry = shop.invoice(SERVICES_120)
            shop.pay(entry.source_id, 120_00)

    in_threads(postgres_app, postgres_company, issue_and_collect)
    with postgres_app.app_context(), in_company(postgres_company):
        expected = [f"{code}{n:06d}" for code in ("BQ", "VE") for n in range(1, THREADS * EACH + 1)]
        assert sorted(db.session.scalars(select(JournalEntry.number))) == expected
        by_validation = select(JournalEntry.sequence).where(JournalEntry.number.like("VE%"))
        order = db.session.scalars(by_validation.order_by(JournalEntry.validated_at, JournalEntry.id)).all()
        assert order == sorted(order)
        assert db.session.scalar(select(func.count(FiscalYear.id))) == 1
        assert open_lines() == []
        assert check_ledger() == []
        assert list(verify_chain(postgres_company)) == []


def test_the_same_fact_told_by_many_at_once_is_posted_once(postgres_app, postgres_company):
    entries = in_threads(postgres_app, postgres_company, lambda _: Shop().invoice(SERVICES_120).id)
    assert len(set(entries)) == 1
    with postgres_app.app_context(), in_company(postgres_company):
        assert db.session.scalars(select(JournalEntry.number)).all() == ["VE000001"]


def test_a_line_slipped_in_by_another_connection_meets_the_check_at_commit(postgres_app, postgres_company):
    with postgres_app.app_context(), in_company(postgres_company):
        Shop().invoice(SERVICES_120)
        company, account = db.session.execute(select(EntryLine.company_id, EntryLine.account_id)).first() or (
            0,
            0,
        )
        line = text(
            "INSERT INTO entry_line (company_id, entry_id, position, account_id, auxiliary_code, auxiliary_label, "
            f"label, debit_cents, credit_cents, match_key) VALUES ({company}, 900, :position, {account}, '', '', 'x', "
            ":debit, :credit, '')"
        )
        entry = text(
            "INSERT INTO journal_entry (id, company_id, journal_id, fiscal_year_id, sequence, number, entry_date, "
            "piece_ref, piece_date, label, source_kind, source_id, purpose, validated_at) SELECT 900, company_id, "
            "journal_id, fiscal_year_id, 900, 'VE000900', entry_date, 'P', piece_date, 'x', 'x', 900, 'x', "
            "validated_at FROM journal_entry LIMIT 1"
        )
        db.session.rollback()
        with db.engine.connect() as ours, db.engine.connect() as theirs:
            ours.execute(
                line, [{"position": 1, "debit": 5, "credit": 0}, {"position": 2, "debit": 0, "credit": 5}]
            )
            theirs.execute(line, {"position": 9, "debit": 7, "credit": 0})
            ours.execute(entry)
            ours.commit()
            with pytest.raises(DBAPIError, match="does not balance"):
                theirs.commit()


def test_money_of_two_days_around_new_year_opens_each_year_once(postgres_app, postgres_company):
    def issue(thread: int) -> None:
        shop = Shop(first_id=1 + thread * 10)
        shop.invoice(SERVICES_120, on=date(2025, 12, 31) if thread % 2 else date(2026, 1, 1))

    in_threads(postgres_app, postgres_company, issue)
    with postgres_app.app_context(), in_company(postgres_company):
        starts = db.session.scalars(select(FiscalYear.starts_on).order_by(FiscalYear.starts_on)).all()
        assert starts == [date(2025, 1, 1), date(2026, 1, 1)]
        assert check_ledger() == []
