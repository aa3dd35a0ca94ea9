"""One session serves one company: nothing of another is read, written or reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import StatementError

from accounting.models import Journal, JournalKind
from core.database import db, transaction
from core.tenancy import (
    COMPANY,
    ForeignCompanyError,
    NoCompanyError,
    current_company_id,
    enter_company,
    execute_scoped,
    in_company,
    insert_row,
    scoped,
    unscoped,
)
from tests.conftest import make_company

ROOT = Path(__file__).resolve().parents[2]
# Where reading across companies is part of the job: token look-up, sign-in, sweeps, commands.
UNSCOPED_PLACES = {
    "core/tenancy.py",
    "core/todo.py",
    "invoicing/dispatch_sendings.py",
    "invoicing/mail_settings.py",
    "invoicing/make_recurring_invoices.py",
    "invoicing/payment_link.py",
    "invoicing/quotes.py",
    "payplug_bridge/process_notifications.py",
    "payplug_bridge/receive_notification.py",
    "payplug_bridge/operations/request_reports.py",  # sweep
    "payplug_bridge/refresh_facts.py",  # sweep
    "payplug_bridge/sync.py",
}


@pytest.fixture
def two(app: Flask) -> tuple[int, int]:
    first, second = make_company(app), make_company(app, siren="443061841", name="Boutique Sel")
    with app.app_context():
        for company_id, code in ((first, "X1"), (second, "X2")):
            with in_company(company_id), transaction():
                db.session.add(Journal(code=code, label=code, kind=JournalKind.GENERAL))
    return first, second


def _codes() -> list[str]:
    return list(db.session.scalars(select(Journal.code).where(Journal.code.startswith("X"))))


def test_reading_without_a_company_raises_instead_of_reading_everything(
    app: Flask, two: tuple[int, int]
) -> None:
    with app.app_context(), pytest.raises(StatementError) as caught:
        db.session.scalars(select(Journal)).all()
    assert isinstance(caught.value.orig, NoCompanyError)


def test_every_way_of_reading_sees_only_the_company_entered(app: Flask, two: tuple[int, int]) -> None:
    first, second = two
    with app.app_context():
        enter_company(second)
        foreign = db.session.scalars(select(Journal.id).where(Journal.code == "X2")).one()
        enter_company(first)
        assert _codes() == ["X1"]
        assert db.session.get(Journal, foreign) is None
        assert db.session.scalar(select(func.count()).select_from(Journal).where(Journal.code == "X2")) == 0


def test_statements_that_go_past_the_session_serve_the_company_entered(
    app: Flask, two: tuple[int, int]
) -> None:
    table = Journal.metadata.tables["journal"]
    by_table = select(table.c.code).where(table.c.company_id == COMPANY, table.c.code.startswith("X"))
    built_once = scoped(select(Journal.code).where(Journal.code.startswith("X")))
    with app.app_context():
        for company_id, code in zip(two, ("X1", "X2"), strict=True):
            with in_company(company_id), transaction():
                new_id = insert_row(table, code=f"Y{code}", label="x", kind=JournalKind.GENERAL)
                assert db.session.get_one(Journal, new_id).company_id == company_id
                assert list(execute_scoped(by_table).scalars()) == [code]
                assert list(db.session.scalars(built_once)) == [code]


def test_statements_that_go_past_the_session_need_a_company_too(app: Flask) -> None:
    table = Journal.metadata.tables["journal"]
    with app.app_context():
        with pytest.raises(NoCompanyError):
            execute_scoped(select(table.c.code).where(table.c.company_id == COMPANY))
        with pytest.raises(NoCompanyError), transaction():
            insert_row(table, code="Z", label="x", kind=JournalKind.GENERAL)
        with pytest.raises(StatementError) as caught:
            db.session.scalars(scoped(select(Journal.code))).all()
        assert isinstance(caught.value.orig, NoCompanyError)


def test_a_bulk_update_reaches_only_the_company_entered(app: Flask, two: tuple[int, int]) -> None:
    first, second = two
    with app.app_context():
        with in_company(first), transaction():
            db.session.execute(update(Journal).values(label="changed"))
        with in_company(second):
            assert set(db.session.scalars(select(Journal.label).where(Journal.code == "X2"))) == {"X2"}


def test_a_row_of_another_company_cannot_be_written(app: Flask, two: tuple[int, int]) -> None:
    first, second = two

    def write() -> None:
        with transaction():
            db.session.add(Journal(company_id=second, code="X3", label="x", kind=JournalKind.GENERAL))

    with app.app_context():
        enter_company(first)
        with pytest.raises(ForeignCompanyError):
            write()


def test_switching_forgets_what_was_read(app: Flask, two: tuple[int, int]) -> None:
    first, second = two
    with app.app_context():
        enter_company(first)
        journal = db.session.scalars(select(Journal).where(Journal.code == "X1")).one()
        enter_company(second)
        assert journal not in db.session
        assert current_company_id() == second


def test_unscoped_reads_across_and_ends(app: Flask, two: tuple[int, int]) -> None:
    with app.app_context():
        with unscoped():
            assert sorted(_codes()) == ["X1", "X2"]
        with pytest.raises(StatementError):
            _codes()


def test_a_foreign_key_cannot_cross_companies(each_app: Flask) -> None:
    first, second = make_company(each_app), make_company(each_app, siren="443061841")
    with each_app.app_context():
        with in_company(second), transaction():
            journal = Journal(code="X9", label="x", kind=JournalKind.GENERAL)
            db.session.add(journal)
            db.session.flush()
            foreign = journal.id
        with in_company(first), pytest.raises(Exception, match=r"(?i)foreign key"), transaction():
            db.session.execute(
                text(
                    "INSERT INTO entry_counter (company_id, journal_id, fiscal_year_id, last_number)"
                    " VALUES (:company, :journal, 1, 0)"
                ),
                {"company": first, "journal": foreign},
            )


def _modules() -> list[Path]:
    packages = ("core", "accounting", "invoicing", "payplug_bridge", "demo")
    return [path for package in packages for path in (ROOT / package).rglob("*.py")]


def test_unscoped_is_used_only_in_the_listed_places() -> None:
    users = {
        str(p.relative_to(ROOT)) for p in _modules() if re.search(r"\bunscoped\(\)", p.read_text("utf-8"))
    }
    assert users == UNSCOPED_PLACES


def test_nobody_commits_but_the_owner_of_transactions() -> None:
    committers = {
        str(p.relative_to(ROOT))
        for p in _modules()
        if "simulator" not in p.parts and re.search(r"session\(?\)?\.commit\(\)", p.read_text("utf-8"))
    }
    assert committers == {"core/database.py", "core/web/sign_in.py"}
