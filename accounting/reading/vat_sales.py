"""What documents say of the VAT of a period: the package that issues them tells it, the report of VAT asks here.

The ledger alone does not know the net of what a deposit or a final invoice taxes, nor whether a credit note takes back
VAT that had been collected: the documents do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from flask import Flask, current_app

from accounting.facts import SaleTreatment, SupplyKind


@dataclass(frozen=True)
class VatSale:
    """Net and VAT of documents of a period, of one rate (1/100 %), treatment and kind. Cents, credits below zero.

    `on_collection`: its VAT falls due when it is paid (services under the rule, deposits under any regime).
    """

    rate: int
    treatment: SaleTreatment
    kind: SupplyKind
    on_collection: bool
    net_cents: int
    vat_cents: int


ReadVatSales = Callable[[date, date], Iterable[VatSale]]
"""Gives the sums of a period, both days included, by the day on which the entry of the document is booked."""


def set_vat_sales(app: Flask, read: ReadVatSales) -> None:
    """Register who reads the documents; called by the `wiring.py` of the package that issues them."""
    app.extensions["solde_vat_sales"] = read


def vat_sales(starts_on: date, ends_on: date) -> list[VatSale]:
    """The documents' own sums of the period, of the company entered."""
    read: ReadVatSales | None = current_app.extensions.get("solde_vat_sales")
    return list(read(starts_on, ends_on)) if read else []
