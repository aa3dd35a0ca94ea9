"""The cells of a report's file as texts, whatever its format: CSV in the usual encodings, or a spreadsheet (XLSX).

Files come from people and from the net: their size, what they unfold to and what they may make a program do is bounded
here. Only this module knows openpyxl.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import SoldeError

MOST_BYTES: Final = 10_000_000
MOST_UNFOLDED_BYTES: Final = 120_000_000
MOST_PARTS: Final = 200
MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 100
MOST_SHEETS: Final = 10
SEPARATORS: Final = ",;\t"
_ZIP = b"PK\x03\x04"
_NOT_REPORT = _l("This is not an accounting report of PayPlug: neither a CSV file nor a spreadsheet (XLSX).")

Line = tuple[int, list[str]]
"""Number of a line, counted from 1 as a spreadsheet shows it, and its cells."""


class ReportRefused(SoldeError):
    """The file is no accounting report that can be read; nothing was kept of it."""

    default = _NOT_REPORT

    def __init__(self, message: LazyString | None = None) -> None:
        super().__init__(message, field="file")


def tables_of(content: bytes) -> Iterator[list[Line]]:
    """Each table of the file: the one of a CSV file, or every sheet of a spreadsheet.

    Raises:
        ReportRefused: too large, of another kind, with formulas, or damaged.
    """
    if not content.strip():
        raise ReportRefused(_l("This file is empty."))
    if len(content) > MOST_BYTES:
        raise ReportRefused(_l("This file is too large for an accounting report."))
    if content.startswith(_ZIP):
        yield from _sheets(content)
    else:
        yield _csv_lines(_decoded(content))


def _decoded(content: bytes) -> str:
    if b"\0" in content:
        raise ReportRefused
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Windows writes; every byte of it means something in ISO-8859-1, which is near enough.
        return content.decode("cp1252", "replace")


def _csv_lines(text: str) -> list[Line]:
    first, _newline, rest = text.partition("\n")
    separator, passed = "", 0
    if first.strip().lower().startswith("sep="):
        # A line for spreadsheets only: it names the separator.
        separator, text, passed = first.strip("\r\n")[len("sep=") :][:1], rest, 1
    if separator not in tuple(SEPARATORS):
        separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines: list[Line] = []
    while True:
        number = reader.line_num + 1 + passed
        try:
            cells = next(reader)
        except StopIteration:
            return lines
        except csv.Error as error:
            raise ReportRefused(
                _l("Line %(line)s cannot be read: a quotation mark is not closed.", line=number)
            ) from error
        if len(lines) >= MOST_ROWS:
            raise ReportRefused(_l("This file is too large for an accounting report."))
        if any(cell.strip() for cell in cells):
            lines.append((number, [cell.strip() for cell in cells[:MOST_COLUMNS]]))


def _sheets(content: bytes) -> Iterator[list[Line]]:
    _refuse_traps(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            for sheet in book.worksheets[:MOST_SHEETS]:
                # The size a sheet claims is not believed: it is read as far as it has rows.
                sheet.reset_dimensions()
                yield _sheet_lines(sheet)
        finally:
            book.close()
    except ReportRefused:
        raise
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        SyntaxError,
        zlib.error,
    ) as error:
        # SyntaxError: what XML parsers raise.
        raise ReportRefused(_l("This spreadsheet is damaged and cannot be read.")) from error


def _refuse_traps(content: bytes) -> None:
    """A small file that unfolds to gigabytes, or XML that defines its own entities, is no report.

    Raises:
        ReportRefused: it is one of them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNFOLDED_BYTES:
                raise ReportRefused(_l("This file is too large for an accounting report."))
            if "[Content_Types].xml" not in archive.namelist():
                raise ReportRefused
            for part in parts:
                with archive.open(part) as stream:
                    head = stream.read(4096)
                if (
                    b"<!DOCTYPE" in head
                    or b"<!ENTITY" in head
                    or (b"\0" in head and part.filename.endswith(".xml"))
                ):
                    raise ReportRefused
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
        EOFError,
    ) as error:
        raise ReportRefused(_l("This spreadsheet is damaged and cannot be read.")) from error


def _sheet_lines(sheet: object) -> list[Line]:
    lines: list[Line] = []
    rows = sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS + 1)  # type: ignore[attr-defined]
    for number, cells in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise ReportRefused(_l("This file is too large for an accounting report."))
        if any(getattr(cell, "data_type", "") == "f" for cell in cells):
            raise ReportRefused(
                _l(
                    "Line %(line)s has a formula: a report of PayPlug has none. Download it again.",
                    line=number,
                )
            )
        texts = [_text(cell.value) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            lines.append((number, texts))
    return lines


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime() | date() | time():
            return value.isoformat()
        case float():
            # What a spreadsheet stores as 12.340000000000002 was written as 12.34.
            rounded = format(round(Decimal(repr(value)), 8), "f")
            return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded
        case _:
            return str(value).strip()
