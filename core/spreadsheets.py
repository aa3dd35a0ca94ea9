"""Tables as files that spreadsheets open: CSV as a French one reads it, and XLSX with typed cells. Both row by row.

Every list that can be downloaded comes here with its columns and an iterator of rows; no more than one row is in
memory. A text never becomes a formula, whatever it begins with: customers choose their own names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import IO, Final

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from core.money import as_decimal

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MOST_XLSX_ROWS: Final = 1_048_576
"""Rows of one sheet (the format's own limit, the head included); what is beyond goes on a further sheet."""

_LONGEST_SHEET_TITLE = 31
_LONGEST_TEXT = 32_767
_NO_SHEET_TITLE = re.compile(r"[\[\]:*?/\\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# What a spreadsheet would run when it opens a CSV; an apostrophe before it keeps it a text.
_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r]")
_CSV_ROWS_AT_ONCE = 200

Value = str | int | date | None
"""One cell: what it is, its column says."""


class ColumnKind(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    DATE = "date"
    CENTS = "cents"
    COUNT = "count"
    RATE = "rate"


@dataclass(frozen=True)
class SheetColumn:
    """A column: its title, what its cells are (CENTS: integer cents, RATE: 1/100 %), its width in XLSX characters."""

    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 0


@dataclass(frozen=True)
class Sheet:
    """A table to write. `rows` is walked once; each has one value per column."""

    title: str
    columns: Sequence[SheetColumn]
    rows: Iterable[Sequence[Value]]
    is_bold: Callable[[Sequence[Value]], bool] = field(default=lambda _: False)


def csv_chunks(sheet: Sheet) -> Iterator[bytes]:
    """The table as CSV: semicolons, UTF-8 with a mark, decimal comma, days as 31/12/2026, lines ended by CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(column.title for column in sheet.columns)
    writers = [_CSV_TEXT[column.kind] for column in sheet.columns]
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(sheet.rows, start=1):
        writer.writerow(
            "" if value is None else write(value) for write, value in zip(writers, row, strict=True)
        )
        if number % _CSV_ROWS_AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def write_csv(sheet: Sheet, target: IO[bytes]) -> None:
    """`csv_chunks` into a file."""
    for chunk in csv_chunks(sheet):
        target.write(chunk)


def write_xlsx(sheets: Iterable[Sheet], target: IO[bytes]) -> None:
    """The tables as one workbook, each on a sheet: numbers are numbers, days are days, texts never formulas."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _write_sheet(book, sheet)
    book.save(target)


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken


def _decimals(scaled: object) -> str:
    assert isinstance(scaled, int)
    return f"{as_decimal(scaled, 2):.2f}".replace(".", ",")


def _day(value: object) -> str:
    assert isinstance(value, date)
    return f"{value:%d/%m/%Y}"


def _guarded(value: object) -> str:
    text = _CONTROL.sub(" ", str(value))
    return f"'{text}" if _FORMULA.match(text) else text


_CSV_TEXT: dict[ColumnKind, Callable[[object], str]] = {
    ColumnKind.TEXT: _guarded,
    ColumnKind.DATE: _day,
    ColumnKind.CENTS: _decimals,
    ColumnKind.COUNT: str,
    ColumnKind.RATE: _decimals,
}
_FORMATS = {
    ColumnKind.TEXT: "General",
    ColumnKind.DATE: "dd/mm/yyyy",
    ColumnKind.CENTS: "#,##0.00",
    ColumnKind.COUNT: "0",
    ColumnKind.RATE: "0.00",
}
_WIDTHS = {
    ColumnKind.TEXT: 24,
    ColumnKind.DATE: 12,
    ColumnKind.CENTS: 15,
    ColumnKind.COUNT: 10,
    ColumnKind.RATE: 8,
}


def _write_sheet(book: Workbook, sheet: Sheet) -> None:
    rows, number = iter(sheet.rows), 1
    while True:
        page = _new_page(book, sheet, number)
        if not _fill(page, sheet, rows):
            return
        number += 1


def _new_page(book: Workbook, sheet: Sheet, number: int) -> WriteOnlyWorksheet:
    suffix = f" ({number})" if number > 1 else ""
    title = _NO_SHEET_TITLE.sub(" ", sheet.title)[: _LONGEST_SHEET_TITLE - len(suffix)].strip("' ") + suffix
    page: WriteOnlyWorksheet = book.create_sheet(title)
    page.freeze_panes = "A2"
    for index, column in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(index)].width = column.width or _WIDTHS[column.kind]  # type: ignore[attr-defined]  # the stubs forget it
    head = []
    for column in sheet.columns:
        cell = WriteOnlyCell(page)
        _set_text(cell, column.title)
        cell.font = Font(bold=True)
        head.append(cell)
    page.append(head)
    return page


def _fill(page: WriteOnlyWorksheet, sheet: Sheet, rows: Iterator[Sequence[Value]]) -> bool:
    """Write rows until none is left or the page is full; True when it is full."""
    plain, bold = _cells(page, sheet, is_bold=False), _cells(page, sheet, is_bold=True)
    kinds = [column.kind for column in sheet.columns]
    for count, row in enumerate(rows, start=2):
        # Each row is written when it is appended, so its cells are used again for the next one.
        cells = bold if sheet.is_bold(row) else plain
        for cell, kind, value in zip(cells, kinds, row, strict=True):
            _set(cell, kind, value)
        page.append(cells)
        if count == MOST_XLSX_ROWS:
            return True
    return False


def _cells(page: WriteOnlyWorksheet, sheet: Sheet, *, is_bold: bool) -> list[Cell]:
    cells = []
    for column in sheet.columns:
        cell = WriteOnlyCell(page)
        cell.number_format = _FORMATS[column.kind]
        if is_bold:
            cell.font = Font(bold=True)
        cells.append(cell)
    return cells


def _set(cell: Cell, kind: ColumnKind, value: Value) -> None:
    if value is None:
        cell.value = None
    elif kind is ColumnKind.TEXT:
        _set_text(cell, str(value))
    elif kind is ColumnKind.DATE:
        number_format = cell.number_format
        cell.value = value
        cell.number_format = number_format
    else:
        assert isinstance(value, int)
        cell.value = value if kind is ColumnKind.COUNT else Decimal(as_decimal(value, 2))


def _set_text(cell: Cell, text: str) -> None:
    cell.value = _CONTROL.sub(" ", text)[:_LONGEST_TEXT]
    # openpyxl takes what begins with "=" for a formula, and "#N/A" for an error.
    cell.data_type = "s"
