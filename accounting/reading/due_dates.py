"""When what stands on a match key falls due: packages above say it for the keys that are theirs.

The ledger knows no invoice: it asks here for the day of `invoice:12`. Used by the ageing of customers' balances, by
exports that carry a due date, by the bank's proposals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from flask import Flask, current_app

from accounting.match_keys import ids_by_kind

FindDueDates = Callable[[list[int]], Mapping[int, date]]
"""Gives the days of these ids, a few queries for all of them; an id without a day is left out."""


def add_due_dates(app: Flask, kind: str, find: FindDueDates) -> None:
    """Register who knows the days of one kind of key; called by the `wiring.py` of the package that makes them.

    Args:
        app: the application.
        kind: what stands before the colon of the key: `invoice`.
        find: gives the due dates by what stands after it.
    """
    app.extensions.setdefault("solde_due_dates", {})[kind] = find


def due_dates(match_keys: Iterable[str]) -> dict[str, date]:
    """The due date of each key that has one; credits (`payment:5`, `credit_note:7`) have none and are left out."""
    finders: dict[str, FindDueDates] = current_app.extensions.get("solde_due_dates", {})
    return {
        f"{kind}:{id_}": day
        for kind, wanted in ids_by_kind(match_keys, finders).items()
        for id_, day in finders[kind](wanted).items()
    }
