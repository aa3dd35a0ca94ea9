"""Rows that are made when they are first asked for, without a race: counters of series, a company's own VAT rates."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select

from core.database import Base, lock
from core.insert_missing import insert_missing
from core.tenancy import current_company_id

Counter = TypeVar("Counter", bound=Base)


def locked_row(model: type[Counter], **key: str | int) -> Counter:
    """The counter's row under lock; made with zeros on first use (two first uses at once make one row)."""
    statement = select(model).filter_by(**key)
    row = lock(statement)
    if row is None:
        insert_missing(model, company_id=current_company_id(), **key)
        row = lock(statement)
    assert row is not None, "a counter exists once it was asked for"
    return row
