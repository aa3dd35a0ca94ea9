"""Insert a row unless its unique key is there: for counters and years that two transactions may open at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from core.database import Base, db, dialect_name


def insert_missing(model: type[Base], **values: Any) -> None:
    """Insert the row if no row has its unique values; waits for another transaction that is just inserting it."""
    if dialect_name() == "postgresql":
        db.session.execute(postgresql.insert(model).values(**values).on_conflict_do_nothing())
    else:
        db.session.execute(sqlite.insert(model).values(**values).on_conflict_do_nothing())
