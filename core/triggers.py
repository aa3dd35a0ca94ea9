"""The registry of database triggers: it says which rows are frozen, and re-creates what a migration drops.

Alembic's batch mode rebuilds tables on SQLite and drops their triggers silently, so every migration ends with
`create_all_triggers`. A test and `solde verify` compare what is there with the registry.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Trigger:
    """One trigger in both dialects. `name` is its name in the database; the SQL creates exactly that trigger."""

    name: str
    table: str
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]


_REGISTRY: dict[str, Trigger] = {}


def register(trigger: Trigger) -> None:
    """Add a trigger; called by the `triggers.py` of each package when it is imported."""
    _REGISTRY[trigger.name] = trigger


def registered() -> tuple[Trigger, ...]:
    """Every trigger that must exist, in order of name."""
    return tuple(_REGISTRY[name] for name in sorted(_REGISTRY))


def freeze(table: str, *, when: str = "", allow: str = "") -> None:
    """Refuse UPDATE and DELETE of the table's rows (and TRUNCATE on PostgreSQL).

    Args:
        table: the table whose rows never change once written.
        when: an SQL condition over OLD that limits the freeze (an issued document, not a draft).
        allow: an SQL condition over OLD and NEW under which an UPDATE passes (the passage from draft to issued
            needs none: its OLD row is a draft).
    """
    update = f"({when or 'TRUE'}) AND NOT ({allow})" if allow else when
    _register_refusal(f"frozen_{table}_update", table, "UPDATE", update)
    _register_refusal(f"frozen_{table}_delete", table, "DELETE", when)
    _register_truncate_refusal(table)


def freeze_children(table: str, parent: str, column: str, *, when: str) -> None:
    """Refuse INSERT, UPDATE and DELETE of rows whose parent row is frozen (`when` is a condition over the parent)."""
    for operation, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        name = f"frozen_{table}_{operation.lower()}_{row.lower()}"
        condition = f"EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.id = {row}.{column} AND {when})"  # noqa: S608
        _register_refusal(name, table, operation, condition)
    _register_truncate_refusal(table)


def _register_refusal(name: str, table: str, operation: str, condition: str) -> None:
    message = f"{table} is frozen"
    row = "OLD" if operation == "DELETE" else "NEW"
    sqlite_when = f" WHEN {condition}" if condition else ""
    register_check(
        name,
        table,
        f"BEFORE {operation}",
        sqlite=f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        sqlite_when=sqlite_when,
        body=(f"IF {condition} THEN " if condition else "")
        + f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
        + (" END IF;" if condition else "")
        + f" RETURN {row};",
    )


def register_check(
    name: str,
    table: str,
    timing: str,
    *,
    sqlite: str,
    body: str,
    sqlite_when: str = "",
    constraint: bool = False,
) -> None:
    """Register one row trigger written for both engines.

    Args:
        name: its name in both databases.
        table: the table it watches.
        timing: such as `BEFORE UPDATE` or `AFTER INSERT`.
        sqlite: the SQLite body, from BEGIN to END.
        body: the PL/pgSQL statements of the function, without BEGIN and END.
        sqlite_when: the WHEN clause on SQLite (PostgreSQL tests inside the body).
        constraint: on PostgreSQL a constraint trigger, checked when the transaction commits.
    """
    kind = "CONSTRAINT TRIGGER" if constraint else "TRIGGER"
    deferred = " DEFERRABLE INITIALLY DEFERRED" if constraint else ""
    register(
        Trigger(
            name,
            table,
            sqlite=(f"CREATE TRIGGER {name} {timing} ON {table} FOR EACH ROW{sqlite_when} {sqlite}",),
            postgresql=(
                _function(name, body),
                f"CREATE {kind} {name} {timing} ON {table}{deferred} FOR EACH ROW EXECUTE FUNCTION {name}()",
            ),
        )
    )


def _function(name: str, body: str) -> str:
    head = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
    return f"{head} AS $body$ BEGIN {body} END $body$"


def _register_truncate_refusal(table: str) -> None:
    name = f"frozen_{table}_truncate"
    raise_it = f"RAISE EXCEPTION '{table} is frozen' USING ERRCODE = 'integrity_constraint_violation';"
    register(
        Trigger(
            name,
            table,
            sqlite=(),
            postgresql=(
                _function(name, raise_it),
                f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
            ),
        )
    )


def create_all_triggers(connection: Connection) -> None:
    """Drop and create every registered trigger whose table exists; the last step of every migration."""
    dialect = connection.dialect.name
    tables = set(_tables(connection))
    for trigger in registered():
        if trigger.table not in tables:
            continue
        on = f" ON {trigger.table}" if dialect == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger.name}{on}"))
        for statement in trigger.postgresql if dialect == "postgresql" else trigger.sqlite:
            connection.exec_driver_sql(statement)


def drop_all_triggers(connection: Connection) -> None:
    """Drop every trigger of ours; the first step of every migration, whose last one creates them again.

    SQLite builds a table anew by renaming, and refuses while a trigger of another table names the one that is gone.
    """
    if connection.dialect.name == "sqlite":
        for name in _present(connection):
            connection.execute(text(f"DROP TRIGGER {name}"))
        return
    on_ours = (
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
        " WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace"
    )
    for name, table in connection.execute(text(on_ours)).all():
        # The queue keeps tables of its own in the same database.
        if not table.startswith("huey_"):
            connection.execute(text(f"DROP TRIGGER {name} ON {table}"))


def missing_triggers(connection: Connection) -> list[str]:
    """Names that the registry asks for and the database does not have."""
    present = set(_present(connection))
    dialect = connection.dialect.name
    return [t.name for t in registered() if getattr(t, dialect) and t.name not in present]


def _present(connection: Connection) -> list[str]:
    if connection.dialect.name == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return [str(row[0]) for row in connection.execute(text(query))]


def _tables(connection: Connection) -> list[str]:
    if connection.dialect.name == "postgresql":
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return [str(row[0]) for row in connection.execute(text(query))]
