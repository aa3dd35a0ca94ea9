"""Documents that a customer was asked to pay and that are in no account: the package that issues them tells it.

A deposit invoice that is booked when it is paid is one (docs/decisions/0028). Lists of the books name them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from flask import Flask, current_app

from accounting.source_links import source_url


class Unbooked(NamedTuple):
    """Such a document: its id for a link, the customer's code in the books, the cents that are unpaid today."""

    document_id: int
    number: str
    code: str
    customer: str
    open_cents: int

    @property
    def url(self) -> str:
        """The address of its page."""
        return source_url(("document", self.document_id)) or ""


ReadUnbooked = Callable[[date], list[Unbooked]]
"""Gives those issued up to a day, as they stand today."""


def set_unbooked(app: Flask, read: ReadUnbooked) -> None:
    """Register who knows them; called by the `wiring.py` of the package that issues them."""
    app.extensions["solde_unbooked"] = read


def unbooked_until(day: date, code: str | None = None) -> list[Unbooked]:
    """Those issued up to a day, of one customer (its code in the books) or of all."""
    read: ReadUnbooked | None = current_app.extensions.get("solde_unbooked")
    found = read(day) if read else []
    return [one for one in found if code is None or one.code == code]
