"""Room for adding up a whole ledger: lists over a million lines sort and group in memory instead of on the disk."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from core.database import db

ROOM: Final = "64MB"
"""For one sort or group of one statement; PostgreSQL's usual 4 MB send those of a large ledger to the disk."""


def make_room() -> None:
    """Let the statements of this transaction use more memory (PostgreSQL; SQLite needs no telling)."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text(f"SET LOCAL work_mem = '{ROOM}'"))
