"""What the database refuses by itself, when somebody goes round our verbs with SQL of his own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from core.clock import utc_now
from core.database import db, dialect_name, transaction
from tests.accounting.shop import SERVICES_120, Shop
from tests.conftest import make_company


@pytest.fixture(autouse=True)
def _one_settled_invoice(each_company):
    shop = Shop()
    shop.invoice(SERVICES_120, on=date(2026, 3, 1))
    shop.pay(1, 120_00, on=date(2026, 3, 9))
    shop.cancel("payment:2", on=date(2026, 3, 10))


def run(*statements: str, **values: object) -> None:
    with transaction() as session:
        for statement in statements:
            session.execute(text(statement), values)


def refused(message: str, *statements: str, **values: object) -> None:
    with pytest.raises(DBAPIError, match=message):
        run(*statements, **values)


FROZEN = ("journal_entry", "entry_line", "lettering", "lettering_line", "lettering_undo")


@pytest.mark.parametrize("table", FROZEN)
def test_posted_rows_are_never_updated_or_deleted(table):
    refused(f"{table} is frozen", f"UPDATE {table} SET company_id = company_id")
    refused(f"{table} is frozen", f"DELETE FROM {table}")


@pytest.mark.parametrize("table", FROZEN)
def test_posted_rows_are_not_replaced_or_truncated(table):
    if dialect_name() == "sqlite":
        refused("is frozen|exists", f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    else:
        refused(f"{table} is frozen", f"TRUNCATE {table} CASCADE")


LINE = """
INSERT INTO entry_line (company_id, entry_id, position, account_id, auxiliary_code, auxiliary_label, label,
    debit_cents, credit_cents, match_key)
SELECT company_id, :entry, :position, account_id, '', '', 'x', :debit, :credit, '' FROM entry_line
WHERE id = (SELECT MIN(id) FROM entry_line)
"""
ENTRY = """
INSERT INTO journal_entry (id, company_id, journal_id, fiscal_year_id, sequence, number, entry_date, piece_ref,
    piece_date, label, source_kind, source_id, purpose, validated_at)
SELECT :entry, company_id, journal_id, fiscal_year_id, 900, 'VE000900', :day, 'P', :piece_day, 'x', 'x', :entry, 'x',
    validated_at
FROM journal_entry WHERE id = (SELECT MIN(id) FROM journal_entry)
"""


def lines(*amounts: tuple[int, int]) -> Callable[[Connection], None]:
    def insert(connection: Connection) -> None:
        for position, (debit, credit) in enumerate(amounts, start=1):
            connection.execute(
                text(LINE), {"entry": 900, "position": position, "debit": debit, "credit": credit}
            )

    return insert


def insert_entry(
    *amounts: tuple[int, int], day: date = date(2026, 3, 1), piece_day: date | None = None
) -> None:
    with transaction() as session:
        lines(*amounts)(session.connection())
        session.execute(text(ENTRY), {"entry": 900, "day": day, "piece_day": piece_day or day})


def test_a_balanced_entry_written_lines_first_is_taken():
    insert_entry((500, 0), (0, 500))


def test_an_unbalanced_entry_is_refused():
    with pytest.raises(DBAPIError, match="entry does not balance"):
        insert_entry((500, 0), (0, 499))


def test_an_entry_without_lines_is_refused():
    with pytest.raises(DBAPIError, match="entry without lines"):
        insert_entry()


def test_a_line_with_two_sides_or_none_is_refused():
    for amounts in ((500, 500), (0, 0), (-500, 0)):
        with pytest.raises(DBAPIError, match="one_side"):
            insert_entry(amounts)


def test_an_entry_outside_its_financial_year_is_refused():
    with pytest.raises(DBAPIError, match="outside an open financial year"):
        insert_entry((500, 0), (0, 500), day=date(2027, 1, 1))


def test_an_entry_in_a_closed_year_is_refused():
    run("UPDATE fiscal_year SET closed_at = :now", now=utc_now().replace(tzinfo=None))
    with pytest.raises(DBAPIError, match="outside an open financial year"):
        insert_entry((500, 0), (0, 500))


def test_an_entry_dated_before_its_piece_is_refused():
    with pytest.raises(DBAPIError, match="before its piece"):
        insert_entry((500, 0), (0, 500), piece_day=date(2026, 3, 2))


def test_a_line_added_later_to_an_entry_is_refused_even_in_a_balanced_pair():
    entry_id = db.session.execute(text("SELECT MIN(id) FROM journal_entry")).scalar_one()
    refused("line for an entry that exists", LINE, entry=entry_id, position=90, debit=500, credit=0)


def test_lines_without_an_entry_do_not_survive_the_commit():
    with pytest.raises(DBAPIError), transaction() as session:
        lines((500, 0), (0, 500))(session.connection())


FOREIGN_LINE = """
INSERT INTO entry_line (company_id, entry_id, position, account_id, auxiliary_code, auxiliary_label, label,
    debit_cents, credit_cents, match_key)
SELECT company_id, :entry, :position, id, '', '', 'x', :debit, :credit, '' FROM account
WHERE company_id = :other LIMIT 1
"""


def test_a_line_of_another_company_is_refused(each_app):
    other = make_company(each_app, siren="552100554", name="Autre")
    foreign = text(FOREIGN_LINE)

    def insert_mixed_entry() -> None:
        connection = db.session.connection()
        lines((500, 0))(connection)
        connection.execute(foreign, {"entry": 900, "position": 2, "debit": 0, "credit": 500, "other": other})
        day = date(2026, 3, 1)
        connection.execute(text(ENTRY), {"entry": 900, "day": day, "piece_day": day})

    with pytest.raises(DBAPIError, match="another company"), transaction():
        insert_mixed_entry()


def test_a_lettered_line_is_not_lettered_again_and_not_across_accounts():
    add = "INSERT INTO lettering_line (company_id, lettering_id, line_id) SELECT company_id, {}, {} FROM lettering_undo"
    live = "(SELECT MAX(id) FROM lettering)"
    twice = (
        "(SELECT line_id FROM lettering_line WHERE lettering_id = (SELECT MAX(id) FROM lettering) LIMIT 1)"
    )
    refused("lettered already", add.format(live, twice))
    bank = "(SELECT MIN(id) FROM entry_line WHERE auxiliary_code = '')"
    refused("another account", add.format(live, bank))


def test_counters_only_go_on_one_by_one():
    for change in ("last_number - 1", "last_number + 2", "last_number"):
        refused("entry_counter is frozen", f"UPDATE entry_counter SET last_number = {change}")
    refused("entry_counter is frozen", "DELETE FROM entry_counter")
    refused("lettering_counter is frozen", "UPDATE lettering_counter SET last = 0")


def test_the_number_of_an_account_and_the_code_of_a_journal_never_change_but_their_labels_may():
    refused("account is frozen", "UPDATE account SET number = number || '9'")
    refused("journal is frozen", "UPDATE journal SET code = 'X' WHERE code = 'VE'")
    run("UPDATE account SET label = 'Autre nom'", "UPDATE journal SET label = 'Autre nom'")


def test_a_closed_year_is_not_opened_again_and_its_days_never_change():
    refused("fiscal_year is frozen", "UPDATE fiscal_year SET ends_on = '2027-06-30'")
    run("UPDATE fiscal_year SET closed_at = :now", now=utc_now().replace(tzinfo=None))
    refused("fiscal_year is frozen", "UPDATE fiscal_year SET closed_at = NULL")
