"""The bare twin of a verb: the same rows written again without any code of ours, in as many transactions.

What a verb wrote is found by comparing the database before and after; the rows are then taken away and written again
with one INSERT or UPDATE a table and transaction. Triggers, constraints and durability stay, so both pay for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, TextClause, text

from core.database import Base, db
from core.triggers import create_all_triggers, registered

Row = dict[str, Any]
Tables = dict[str, dict[int, Row]]
Step = tuple[str, Sequence[Row]]

# As the triggers want them: lines before their entry, children before their document, which is issued last.
ORDER = (
    "number_series", "entry_counter", "lettering_counter", "document_vat", "document_line", "document", "document_xml",
    "payment_link", "todo", "invoice_standing", "payment", "settlement", "entry_line", "journal_entry", "lettering",
    "lettering_line", "event", "seal_link", "seal_chain",
)  # fmt: skip


@dataclass
class Written:
    """What a run of a verb wrote: new rows, and changed rows with what they were before, per table."""

    inserted: dict[str, list[Row]] = field(default_factory=dict)
    updated: dict[str, list[Row]] = field(default_factory=dict)
    before: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = (self.inserted.keys() | self.updated.keys()) - set(ORDER)
        assert not unknown, f"ORDER does not say when to write {unknown}"


def read_all() -> Tables:
    """Every row of every table by id, as the driver gives it."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            name: {
                row["id"]: dict(row) for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings()
            }
            for name in Base.metadata.tables
            if "id" in Base.metadata.tables[name].columns
        }


def written_between(before: Tables, after: Tables) -> Written:
    """What was written between two readings."""
    inserted: dict[str, list[Row]] = {}
    updated: dict[str, list[Row]] = {}
    for name, rows in after.items():
        old = before[name]
        if new := [rows[id_] for id_ in sorted(rows.keys() - old.keys())]:
            inserted[name] = new
        if changed := [row for id_, row in sorted(rows.items()) if id_ in old and old[id_] != row]:
            updated[name] = changed
    was = {name: [before[name][row["id"]] for row in rows] for name, rows in updated.items()}
    return Written(inserted, updated, was)


def take_back(written: Written) -> None:
    """Undo what was written, behind the triggers, so that it can be written again."""
    with _without_triggers() as connection:
        for name in reversed(ORDER):
            if name in written.inserted:
                ids = [{"id": row["id"]} for row in written.inserted[name]]
                connection.execute(text(f"DELETE FROM {name} WHERE id = :id"), ids)
            if name in written.before:
                connection.execute(_update(written.before[name][0], name), written.before[name])


class Replay:
    """The statements and rows of each transaction, made ready before the clock starts."""

    def __init__(self, written: Written, transactions: int) -> None:
        self._transactions = [_transaction(written, number, transactions) for number in range(transactions)]

    def run(self) -> None:
        """Write everything again."""
        with db.engine.connect().execution_options(solde_write=True) as connection:
            for steps in self._transactions:
                for statement, rows in steps:
                    connection.execute(statement, rows)
                connection.commit()


def _transaction(written: Written, number: int, transactions: int) -> list[tuple[TextClause, list[Row]]]:
    steps = []
    for name in ORDER:
        if name in written.inserted:
            rows = _share(written.inserted[name], number, transactions)
            steps.append((_insert(rows[0], name), rows))
        if name in written.updated:
            rows = _changes(written.before[name], written.updated[name], number, transactions)
            steps.append((_update(rows[0], name), rows))
    return steps


def _share(rows: Sequence[Row], number: int, transactions: int) -> list[Row]:
    """The rows of one transaction: every run of the verb wrote equally many, in order of id."""
    each, rest = divmod(len(rows), transactions)
    assert not rest, "each transaction of a round writes equally many rows of a table"
    return list(rows[number * each : (number + 1) * each])


def _changes(before: Sequence[Row], after: Sequence[Row], number: int, transactions: int) -> list[Row]:
    if len(after) > 1:
        return _share(after, number, transactions)
    # A counter, or the head of the chain: one row that each transaction moves on by one step.
    changed = {name: value for name, value in after[0].items() if before[0][name] != value}
    for name, value in changed.items():
        if isinstance(value, int):
            changed[name] = before[0][name] + (value - before[0][name]) * (number + 1) // transactions
    return [{"id": after[0]["id"], **changed}]


_STATEMENTS: dict[str, TextClause] = {}


def _statement(sql: str) -> TextClause:
    # One object per text, so that SQLAlchemy's cache finds it at once, as it finds ours.
    return _STATEMENTS.setdefault(sql, text(sql))


def _insert(row: Row, table: str) -> TextClause:
    values = ", ".join(f":{column}" for column in row)
    return _statement(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})")


def _update(row: Row, table: str) -> TextClause:
    columns = ", ".join(f"{column} = :{column}" for column in row if column != "id")
    return _statement(f"UPDATE {table} SET {columns} WHERE id = :id")


@contextmanager
def _without_triggers() -> Iterator[Connection]:
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for trigger in registered():
            on = "" if is_sqlite else f" ON {trigger.table}"
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger.name}{on}")
        yield connection
        create_all_triggers(connection)
        connection.commit()
