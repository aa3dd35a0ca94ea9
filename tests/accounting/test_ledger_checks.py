"""The ledger's own checks find what somebody did who got round the database's guards."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from accounting.ledger_checks import check_ledger
from core.database import db, transaction
from core.triggers import registered
from tests.accounting.shop import SERVICES_120, Shop


@pytest.fixture(autouse=True)
def _a_ledger_without_guards(company):
    shop = Shop()
    shop.invoice(SERVICES_120)
    shop.pay(1, 120_00)
    shop.invoice(SERVICES_120)
    assert check_ledger() == []
    tamper(*(f"DROP TRIGGER {trigger.name}" for trigger in registered() if trigger.sqlite))


def tamper(*statements: str) -> None:
    with transaction() as session:
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
        for statement in statements:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "UPDATE entry_line SET debit_cents = debit_cents + 1 WHERE id = 1",
            "entry VE000001 does not balance: 1 cents",
        ),
        ("DELETE FROM journal_entry WHERE number = 'VE000002'", "belongs to no entry"),
        (
            "UPDATE journal_entry SET sequence = 7, number = 'VE000007' WHERE number = 'VE000002'",
            "highest number 7",
        ),
        ("DELETE FROM entry_counter", "was never counted"),
        ("UPDATE journal_entry SET entry_date = '2029-01-01'", "outside its financial year"),
        ("UPDATE journal_entry SET piece_date = '2026-12-01'", "outside its financial year"),
        (
            "UPDATE entry_line SET debit_cents = 1 WHERE auxiliary_code <> '' AND debit_cents > 0",
            "lettering AA: ",
        ),
        ("DELETE FROM lettering_line", "invoice:1 is settled but not lettered"),
        ("UPDATE entry_line SET auxiliary_code = '' WHERE id = 1", "without a customer"),
        (
            "UPDATE entry_line SET match_key = 'invoice:1' WHERE match_key = 'invoice:3' AND auxiliary_code = ''",
            "invoice:1 is settled while 2000 cents of its VAT still wait",
        ),
    ],
)
def test_what_was_tampered_with_is_found(statement, fault):
    if "DELETE FROM journal_entry" in statement:
        with_keys_off(statement)
    else:
        tamper(statement)
    assert any(fault in found for found in check_ledger()), check_ledger()


def test_a_line_in_two_letterings_is_found():
    tamper(
        "INSERT INTO lettering (company_id, account_id, auxiliary_code, code, lettered_on, created_at) "
        "SELECT company_id, account_id, auxiliary_code, 'ZZ', lettered_on, created_at FROM lettering",
        "INSERT INTO lettering_line (company_id, lettering_id, line_id) "
        "SELECT company_id, (SELECT MAX(id) FROM lettering), line_id FROM lettering_line",
    )
    assert [found for found in check_ledger() if "is in two letterings" in found]


def with_keys_off(statement: str) -> None:
    db.session.rollback()
    raw = db.engine.raw_connection()
    try:
        for step in ("PRAGMA foreign_keys = OFF", statement, "PRAGMA foreign_keys = ON"):
            raw.cursor().execute(step)
    finally:
        raw.close()
