"""What the tests of the imports share: files of a few rows, the faults of a refusal, and a count of everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask_babel import force_locale
from sqlalchemy import text

from core.database import Base, db, transaction
from invoicing.csv_files import FileRefusedError, ImportCount

Import = Callable[..., ImportCount]


def csv_of(*rows: dict[str, Any], separator: str = ";") -> bytes:
    """A CSV file of the columns of the first row; other rows may leave columns out."""
    titles = list(rows[0])
    lines = [titles, *([str(row.get(title, "")) for title in titles] for row in rows)]
    return "".join(separator.join(_quoted(cell) for cell in line) + "\n" for line in lines).encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ';,\t"\n\r') else cell


def run(work: Import, content: bytes, **options: Any) -> ImportCount:
    """The import in a transaction of its own."""
    with transaction():
        return work(content, **options)


def faults_of(work: Import, content: bytes, **options: Any) -> list[tuple[int, str, str]]:
    """Line, column and reason (in English) of each fault; nothing at all was written."""
    before = rows_everywhere()
    with pytest.raises(FileRefusedError) as refused:
        run(work, content, **options)
    assert rows_everywhere() == before
    with force_locale("en"):
        return [(fault.line, fault.column, str(fault.reason)) for fault in refused.value.faults]


def rows_everywhere() -> dict[str, int]:
    """How many rows each table holds."""
    counts = {
        name: int(db.session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one())
        for name in Base.metadata.tables
    }
    db.session.rollback()
    return counts
