"""Runs the migrations on the application's own engine, without the triggers, which it creates again at the end."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, Enum

from core.database import Base, BigId, UtcDateTime, db
from core.triggers import create_all_triggers, drop_all_triggers


def _render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """Write our own column types by name."""
    imports: set[str] = autogen_context.imports  # type: ignore[attr-defined]
    if kind == "type" and isinstance(item, UtcDateTime):
        imports.add("from core.database import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and item is BigId:
        imports.add("from core.database import BigId")
        return "BigId"
    return False


def _compare_type(*types: object) -> bool | None:
    """Enums are text with a CHECK on both engines; Alembic would see a difference in each. `types[-1]` is ours."""
    return False if isinstance(types[-1], Enum) else None


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """The queue keeps tables of its own in the same PostgreSQL database."""
    return not (kind == "table" and name is not None and name.startswith("huey_"))


def _keep_children(connection: Connection, *, enforced: bool) -> None:
    """Switch SQLite's foreign keys: to change a table Alembic builds it anew, and dropping the old one would delete
    its children with it. Possible outside of a transaction only.
    """
    if connection.dialect.name == "sqlite":
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(f"PRAGMA foreign_keys={'ON' if enforced else 'OFF'}")


def _refuse_orphans(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        assert not orphans, f"the migration would leave rows without their parents: {orphans[:5]}"


def run() -> None:
    """Migrate in one transaction."""
    with db.engine.connect() as connection:
        _keep_children(connection, enforced=False)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=_render_item,
            compare_type=_compare_type,
            include_name=_is_ours,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            drop_all_triggers(connection)
            context.run_migrations()
            create_all_triggers(connection)
            _refuse_orphans(connection)
        connection.commit()
        _keep_children(connection, enforced=True)


run()
