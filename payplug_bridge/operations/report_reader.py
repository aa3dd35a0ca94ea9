"""Read an accounting report: which rows it has, what could not be read and why. Pure: no database, no network.

Driven by the names of the columns, in any order, whatever stands above them; called for files of the API and for those
that people upload.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from flask_babel import lazy_gettext as _l

from core.money import MoneyTextError, parse_cents
from payplug_bridge.operations.models import OperationKind
from payplug_bridge.operations.report_cells import Line, ReportRefused, tables_of
from payplug_bridge.operations.report_columns import (
    ReportColumn,
    columns_of,
    is_header,
    is_payment_list,
    kind_of,
)
from payplug_bridge.snapshots import is_payment_id

HEADER_WITHIN: Final = 20
"""How many lines may stand above the names of the columns."""
LARGEST_AMOUNT_CENTS: Final = 10**12
_DATES = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d")
_TIMES = ("", " %H:%M", " %H:%M:%S")
_ZONE = re.compile(r" ?(?:UTC|GMT)$", re.IGNORECASE)
_PAYMENT_ID = re.compile(r"pay_[A-Za-z0-9]{8,64}")
_YEARS = range(2000, 2200)


@dataclass(frozen=True)
class ReportRow:
    """One movement as the file tells it; see `PayplugOperation` for the fields."""

    line: int
    kind: OperationKind
    type_text: str
    happened_at: datetime
    amount_cents: int
    payplug_id: str
    related_id: str
    reference: str
    description: str
    fee_cents: int | None
    balance_cents: int | None
    raw: dict[str, str]


@dataclass(frozen=True)
class RowProblem:
    """A row that could not be read: its line and why, as a word (`words`)."""

    line: int
    word: str


@dataclass(frozen=True)
class ReportContent:
    """What a file holds: rows in the order of their time, and what could not be read."""

    rows: tuple[ReportRow, ...]
    problems: tuple[RowProblem, ...]


class _Unreadable(Exception):
    """A cell of a row that cannot be read."""


def read_report(content: bytes) -> ReportContent:
    """Read the whole file.

    Raises:
        ReportRefused: it is no accounting report.
    """
    for lines in tables_of(content):
        for place, (_number, cells) in enumerate(lines[:HEADER_WITHIN]):
            if is_payment_list(cells):
                raise ReportRefused(
                    _l(
                        "This is the list of payments, not the accounting report: it has neither fees nor payouts. In"
                        " the PayPlug portal, download the accounting report."
                    )
                )
            columns = columns_of(cells)
            if is_header(columns):
                return _read(cells, columns, lines[place + 1 :])
    raise ReportRefused(
        _l(
            "This is not an accounting report of PayPlug: no line names a date, an amount and a type or an id."
        )
    )


def _read(header: list[str], columns: dict[ReportColumn, int], lines: list[Line]) -> ReportContent:
    rows: list[ReportRow] = []
    problems: list[RowProblem] = []
    for number, cells in lines:
        try:
            rows.append(_row(number, cells, header, columns))
        except _Unreadable as problem:
            problems.append(RowProblem(number, str(problem)))
    if rows and rows[0].happened_at > rows[-1].happened_at:
        # Newest first: turned round, so that of rows of one instant the later one stands behind.
        rows.reverse()
    rows.sort(key=lambda row: row.happened_at)
    return ReportContent(tuple(rows), tuple(problems))


def _row(number: int, cells: list[str], header: list[str], columns: dict[ReportColumn, int]) -> ReportRow:
    def cell(column: ReportColumn) -> str:
        place = columns.get(column)
        return cells[place] if place is not None and place < len(cells) else ""

    amount = _amount(cell(ReportColumn.AMOUNT))
    payplug_id = cell(ReportColumn.ID)[:80]
    type_text = cell(ReportColumn.TYPE)[:120]
    return ReportRow(
        line=number,
        kind=kind_of(type_text, payplug_id, amount),
        type_text=type_text,
        happened_at=_instant(cell(ReportColumn.DATE), cell(ReportColumn.TIME)),
        amount_cents=amount,
        payplug_id=payplug_id,
        related_id=_related(cells, payplug_id),
        reference=cell(ReportColumn.REFERENCE)[:80],
        description=cell(ReportColumn.DESCRIPTION)[:255],
        fee_cents=_cents_or_none(cell(ReportColumn.FEE)),
        balance_cents=_cents_or_none(cell(ReportColumn.BALANCE)),
        raw=_raw(header, cells),
    )


def _amount(text: str) -> int:
    if not text:
        raise _Unreadable("no_amount")
    try:
        cents = parse_cents(text)
    except MoneyTextError:
        raise _Unreadable("amount") from None
    if not cents or abs(cents) > LARGEST_AMOUNT_CENTS:
        raise _Unreadable("amount")
    return cents


def _cents_or_none(text: str) -> int | None:
    """A cell that only informs: what cannot be read stays in the raw row."""
    try:
        return parse_cents(text) if text else None
    except MoneyTextError:
        return None


def _instant(day_text: str, time_text: str) -> datetime:
    """An instant; without a zone it is UTC, as the days of a report are."""
    if not day_text:
        raise _Unreadable("no_date")
    text = _ZONE.sub("", day_text)
    found = _iso(text) or _written(text)
    if found is None or found.year not in _YEARS:
        raise _Unreadable("date")
    if time_text and found.time() == time():
        found = _with_time(found, time_text)
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _written(text: str) -> datetime | None:
    for form in (day + clock for day in _DATES for clock in _TIMES):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # the caller gives it a zone
        except ValueError:
            continue
    return None


def _with_time(day: datetime, text: str) -> datetime:
    try:
        clock = time.fromisoformat(_ZONE.sub("", text))
    except ValueError:
        raise _Unreadable("date") from None
    return datetime.combine(date(day.year, day.month, day.day), clock, tzinfo=day.tzinfo or clock.tzinfo)


def _related(cells: list[str], payplug_id: str) -> str:
    """A payment's id in any other cell: a refund or dispute may name its payment in the description."""
    for text in cells:
        match = _PAYMENT_ID.search(text) if text != payplug_id else None
        if match is not None and is_payment_id(match[0]):
            return match[0]
    return ""


def _raw(header: list[str], cells: list[str]) -> dict[str, str]:
    raw: dict[str, str] = {}
    for place, text in enumerate(cells):
        name = header[place] if place < len(header) and header[place] else f"column {place + 1}"
        # Two columns of one name are both kept.
        raw[name if name not in raw else f"{name} ({place + 1})"] = text
    return raw
