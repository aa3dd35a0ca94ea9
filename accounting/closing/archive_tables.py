"""The tables of a year's archive: each package says which of its rows belong to a year. Written as CSV, as they stand.

Basis: BOI-TVA-DECLA-30-10-30 §220-250 (web): what is archived is frozen, dated, readable by the tax office without the
software.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from flask import Flask, current_app
from flask_babel import LazyString
from sqlalchemy import ColumnElement, select

from accounting.closing.checks import YearDays
from core.database import Base, db

Condition: TypeAlias = Callable[[YearDays], ColumnElement[bool] | None]
_BATCH = 500


@dataclass(frozen=True)
class ArchiveTable:
    """A table in the archive.

    Attributes:
        model: its rows, scoped to the company entered.
        label: what it holds, for the notice.
        of_year: which rows belong to the year; None: all of them.
        order: smaller stands first.
        left_out: columns that say nothing about the business (tokens, keys of forms).
    """

    model: type[Base]
    label: LazyString
    of_year: Condition
    order: int = 50
    left_out: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """Its file in the archive."""
        return f"donnees/{self.model.__tablename__}.csv"


def add_archive_table(app: Flask, table: ArchiveTable) -> None:
    """Add a table; called by the `wiring.py` of each package."""
    app.extensions.setdefault("solde_archive_tables", []).append(table)


def archive_tables() -> list[ArchiveTable]:
    """Every table that was added, in the order of the notice."""
    added: list[ArchiveTable] = current_app.extensions.get("solde_archive_tables", [])
    return sorted(added, key=lambda table: (table.order, table.model.__tablename__))


def write_table(table: ArchiveTable, year: YearDays, path: Path) -> int:
    """Write the rows of the year, in order of id: UTF-8, `;`, a head of column names. Returns how many.

    Amounts are whole cents, rates hundredths of a percent, instants UTC: the columns are the database's own.
    """
    columns = [column.key for column in table.model.__table__.columns if column.key not in table.left_out]
    count = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
        writer.writerow(columns)
        for row in _rows(table, year, columns):
            writer.writerow([_cell(value) for value in row])
            count += 1
    return count


def _rows(table: ArchiveTable, year: YearDays, columns: list[str]) -> Iterator[Any]:
    entity: Any = table.model
    statement = select(*(getattr(entity, name) for name in columns)).order_by(entity.id)
    condition = table.of_year(year)
    if condition is not None:
        statement = statement.where(condition)
    yield from db.session.execute(statement.execution_options(yield_per=_BATCH))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(getattr(value, "value", value))
