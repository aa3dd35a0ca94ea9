"""Payments and what was collected, as tables for a spreadsheet.

The files of collections name the fields of the flows that will carry them (status 212 of the life cycle, AFNOR XP
Z12-012; aggregated payments of private customers, flow 10.4). The names are those the texts use; no platform has
confirmed a file of this form, so the titles say "unconfirmed".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from core.spreadsheets import ColumnKind, Sheet, SheetColumn, Value
from invoicing.collected import CollectedRow, collected_rows
from invoicing.history_words import METHODS
from invoicing.models import CustomerKind
from invoicing.parties import Buyer
from invoicing.payment_register import MoveKind, RegisterTotals, money_moves, rate_totals
from invoicing.vat_cases import is_in_france

_TEXT, _CENTS, _DATE = ColumnKind.TEXT, ColumnKind.CENTS, ColumnKind.DATE
STATUS_COLLECTED: Final = "212"
AMOUNT_TYPE: Final = "MEN"
"""Status "encaissée" and the type of its amounts (one per VAT rate, VAT included): rule BR-FR-CDV-14."""

MOVES: dict[MoveKind, LazyString] = {
    MoveKind.PAYMENT: _l("Payment"),
    MoveKind.REVERSAL: _l("Payment cancelled"),
    MoveKind.REFUND: _l("Refund"),
    MoveKind.DISPUTE: _l("Dispute"),
    MoveKind.DISPUTE_WON: _l("Dispute won"),
}


class BuyerClass(StrEnum):
    """Whom e-reporting distinguishes: taxable persons in France, private ones, customers abroad."""

    B2B = "B2B"
    B2C = "B2C"
    ABROAD = "B2BINT"


def class_of(buyer: Buyer) -> BuyerClass:
    """A private person is one wherever she lives; a public body is invoiced through a platform as a business is."""
    if buyer.kind is CustomerKind.INDIVIDUAL:
        return BuyerClass.B2C
    return BuyerClass.B2B if is_in_france(buyer.country) else BuyerClass.ABROAD


@dataclass(frozen=True)
class DayTotal:
    """What private customers paid on one day at one rate, for services taxed on collection. Cents incl. VAT."""

    day: date
    rate: int
    cents: int
    count: int


def day_totals(rows: Iterable[CollectedRow]) -> list[DayTotal]:
    """Daily totals of private customers' payments: services with VAT due on collection, as e-reporting takes them."""
    cents: dict[tuple[date, int], int] = defaultdict(int)
    counts: dict[tuple[date, int], int] = defaultdict(int)
    for row in rows:
        if class_of(row.buyer) is not BuyerClass.B2C:
            continue
        for part, amount in row.cents.items():
            if part.on_collection:
                cents[row.day, part.rate] += amount
                counts[row.day, part.rate] += 1
    return [
        DayTotal(day, rate, amount, counts[day, rate])
        for (day, rate), amount in sorted(cents.items(), key=lambda one: (one[0][0], -one[0][1]))
    ]


def moves_sheet(starts_on: date, ends_on: date) -> Sheet:
    """Each payment and each time some of it went back."""
    columns = (
        SheetColumn(gettext("Date"), _DATE),
        SheetColumn(gettext("Kind"), _TEXT, 20),
        SheetColumn(gettext("Means"), _TEXT, 18),
        SheetColumn(gettext("Number"), ColumnKind.COUNT),
        SheetColumn(gettext("Reference")),
        SheetColumn(gettext("Customer number"), _TEXT, 14),
        SheetColumn(gettext("Customer"), _TEXT, 40),
        SheetColumn(gettext("Amount"), _CENTS),
        SheetColumn(gettext("Recorded at"), _TEXT, 22),
    )
    rows = (
        (
            move.day, str(MOVES[move.kind]), str(METHODS[move.method]), move.payment_id, move.reference,
            move.customer_number, move.customer, move.cents, move.recorded_at.isoformat(timespec="seconds"),
        )
        for move in money_moves(starts_on, ends_on)
    )  # fmt: skip
    return Sheet(gettext("Payments"), columns, rows)


def totals_sheet(totals: RegisterTotals, starts_on: date, ends_on: date) -> Sheet:
    """Totals by means and by VAT rate, and since the beginning."""
    columns = (
        SheetColumn(gettext("Total"), _TEXT, 40),
        SheetColumn(gettext("Received"), _CENTS),
        SheetColumn(gettext("Gone back"), _CENTS),
        SheetColumn(gettext("Balance"), _CENTS),
    )

    def rows() -> Iterator[tuple[Value, ...]]:
        for total in totals.methods:
            yield str(METHODS[total.method]), total.received_cents, total.back_cents, total.net_cents
        yield gettext("All means"), totals.received_cents, totals.back_cents, totals.net_cents
        grand = totals.grand_received_cents, totals.grand_back_cents
        yield gettext("Since the beginning"), *grand, grand[0] - grand[1]
        by_rate = rate_totals(collected_rows(starts_on, ends_on))
        for rate in sorted(by_rate, reverse=True):
            yield gettext("On invoices, at %(rate)s", rate=rate_text(rate)), None, None, by_rate[rate]
        rest = totals.net_cents - sum(by_rate.values())
        yield gettext("Not on an invoice in this period"), None, None, rest

    return Sheet(gettext("Totals"), columns, rows())


def rate_text(rate: int) -> str:
    """`5,5 %` for 550."""
    whole, rest = divmod(rate, 100)
    decimals = f",{rest:02d}".rstrip("0") if rest else ""
    return f"{whole}{decimals}\u00a0%"


def collected_sheet(starts_on: date, ends_on: date) -> Sheet:
    """What was collected on each invoice, a row per VAT rate: the data of the status "encaissée"."""
    columns = (
        SheetColumn(gettext("Invoice number (BT-1)"), _TEXT, 22),
        SheetColumn(gettext("Invoice date (BT-2)"), _DATE, 16),
        SheetColumn(gettext("Customer class"), _TEXT, 10),
        SheetColumn("SIREN", _TEXT, 12),
        SheetColumn(gettext("Customer"), _TEXT, 40),
        SheetColumn(gettext("Date of collection"), _DATE, 16),
        SheetColumn(gettext("Status"), _TEXT, 8),
        SheetColumn("TypeCode", _TEXT, 10),
        SheetColumn(gettext("Rate (ValuePercent)"), ColumnKind.RATE, 12),
        SheetColumn(gettext("Amount incl. VAT (ValueAmount)"), _CENTS),
        SheetColumn(gettext("VAT due on collection"), _TEXT, 12),
        SheetColumn(gettext("Means"), _TEXT, 18),
        SheetColumn(gettext("Credit note"), _TEXT, 22),
    )
    yes, no = gettext("yes"), gettext("no")

    def rows() -> Iterator[tuple[Value, ...]]:
        for row in collected_rows(starts_on, ends_on):
            means = str(METHODS[row.method]) if row.method else ""
            for part, cents in row.cents.items():
                yield (
                    row.number, row.issue_date, class_of(row.buyer).value, row.buyer.siren, row.buyer.name, row.day,
                    STATUS_COLLECTED, AMOUNT_TYPE, part.rate, cents, yes if part.on_collection else no, means,
                    row.reference,
                )  # fmt: skip

    return Sheet(gettext("Collected (unconfirmed)"), columns, rows())


def days_sheet(siren: str, starts_on: date, ends_on: date) -> Sheet:
    """Daily totals of private customers' payments, the data of flow 10.4."""
    columns = (
        SheetColumn("SIREN", _TEXT, 12),
        SheetColumn(gettext("Date of collection"), _DATE, 16),
        SheetColumn(gettext("Rate"), ColumnKind.RATE),
        SheetColumn(gettext("Amount incl. VAT"), _CENTS),
        SheetColumn(gettext("Currency"), _TEXT, 8),
        SheetColumn(gettext("Payments"), ColumnKind.COUNT),
    )
    rows = (
        (siren, total.day, total.rate, total.cents, "EUR", total.count)
        for total in day_totals(collected_rows(starts_on, ends_on))
    )
    return Sheet(gettext("Flow 10.4 (unconfirmed)"), columns, rows)
