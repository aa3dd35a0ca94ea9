"""Reading the CSV files people have: the usual encodings, separators and decimal marks; every fault located.

Used by the imports of customers and invoices. Columns are known by their English name or a French one, whatever the
case and accents; an unknown or missing column refuses the file before any row is read.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from flask_babel import lazy_gettext as _l

from core.errors import SoldeError
from core.money import MoneyTextError, parse_scaled
from invoicing.errors import Message

SEPARATORS = ";,\t"
MOST_BYTES = 50 * 1024 * 1024
_DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d")

# What a spreadsheet would run; a quotation mark before it keeps it a text. Phone numbers begin with + and a digit.
_FORMULA = re.compile(r"'*(?:[=@]|[+-](?!\d))")

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a file: line (counted from 1, the header is line 1), column as the file names it, reason."""

    line: int
    column: str
    reason: Message


class FileRefusedError(SoldeError):
    """The file was not imported at all; `faults` says everything that is wrong with it, in the order of its lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.line)
        assert self.faults, "a refusal says at least one thing"
        super().__init__(_l("The file was not imported: nothing has changed."))


@dataclass(frozen=True)
class ImportCount:
    """How much of the file was new, and how much was here from an earlier run."""

    created: int
    known: int


@dataclass(frozen=True)
class Column:
    """A column of a template: its name, the other names it is known by, whether the file must have it."""

    name: str
    french: tuple[str, ...] = ()
    required: bool = False


@dataclass
class Row:
    """One row: the line it begins on, its cells by our column names, the file's own names, the faults found in it."""

    line: int
    cells: Mapping[str, str]
    titles: Mapping[str, str]
    found: dict[str, Fault] = field(default_factory=dict)

    def fault(self, column: str, reason: Message) -> None:
        """Note a fault; the first one of a column stands, what follows from it would only confuse."""
        self.found.setdefault(column, Fault(self.line, self.titles.get(column, column), reason))

    def text(self, column: str) -> str:
        """The cell without blanks around it; empty when the file has no such column."""
        text = self.cells.get(column, "").strip()
        return text[1:] if text.startswith("'") and _FORMULA.match(text) else text

    def number(self, column: str, decimals: int, default: int | None = None) -> int:
        """The cell as a scaled integer (a % behind it is allowed); the default, or 0 and a fault, when it is empty."""
        text = self.text(column).removesuffix("%")
        if not text:
            if default is None:
                self.fault(column, _l("This is missing."))
            return default or 0
        try:
            return parse_scaled(text, decimals)
        except MoneyTextError as error:
            self.fault(column, error.message)
            return 0

    def whole(self, column: str) -> int | None:
        """The cell as a whole number, None when it is empty."""
        text = self.text(column)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            self.fault(column, _l("This is not a whole number."))
            return None
        return int(text)

    def day(self, column: str) -> date | None:
        """The cell as a date (2026-03-31 or 31/03/2026), None when it is empty."""
        text = self.text(column)
        if not text:
            return None
        for form in _DATE_FORMATS:
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007  # a calendar day, no instant
            except ValueError:
                continue
        self.fault(column, _l("This is not a date such as 31/03/2026 or 2026-03-31."))
        return None

    def choice(self, column: str, choices: Mapping[str, str], default: str) -> str:
        """The cell as one of the choices (keys as `plain` writes them); the default when it is empty."""
        text = plain(self.text(column))
        if not text:
            return default
        if text not in choices:
            self.fault(column, _l("Write one of: %(choices)s.", choices=", ".join(sorted(choices))))
            return default
        return choices[text]


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; `Row.text` takes the mark off again."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(text: str) -> str:
    """Lower case without accents, blanks as one underscore: how column names and choices are compared."""
    bare = unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode()
    return "_".join(re.split(r"[\s'_-]+", bare.lower().strip()))


def refuse_faulty(rows: Iterable[Row]) -> None:
    """Stop when anything was found in any row.

    Raises:
        FileRefusedError: with every fault of every row.
    """
    faults = [fault for row in rows for fault in row.found.values()]
    if faults:
        raise FileRefusedError(faults)


def read_rows(content: bytes, columns: Sequence[Column]) -> list[Row]:
    """Every row of the file that is not empty.

    Raises:
        FileRefusedError: not text, no header, an unknown, doubled or missing column, quotes that do not close.
    """
    records = _records(_decoded(content))
    titles = _titles(next(records, (1, []))[1], columns)
    return [_row(line, cells, titles) for line, cells in records if cells]


def _refusal(line: int, reason: Message) -> FileRefusedError:
    return FileRefusedError([Fault(line, "", reason)])


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _refusal(1, _l("This file is too large. Split it into several."))
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise _refusal(line, _l("This is not a text file. Save it as “CSV UTF-8”."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _decoded_from_8_bits(content, content.count(b"\n", 0, error.start) + 1)


def _decoded_from_8_bits(content: bytes, line: int) -> str:
    """Text of a file whose byte at `line` is not UTF-8."""
    # Ã followed by a sign is an é of UTF-8 read wrongly: such a file mixes encodings and would be stored garbled.
    if re.search(rb"\xc3[\x80-\xbf]", content):
        raise _refusal(
            line, _l("This line is not in the encoding of the others. Save the file as “CSV UTF-8”.")
        )
    # ISO-8859-15 has only control characters there; spreadsheets on Windows put € and œ there.
    encoding = "cp1252" if re.search(rb"[\x80-\x9f]", content) else "iso-8859-15"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refusal(line, _l("This is not a text file. Save it as “CSV UTF-8”.")) from error


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on; empty cells at its end, which spreadsheets add, are left out."""
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = _l(
                "This line cannot be read: a quotation mark is not closed, or a cell is far too long."
            )
            raise _refusal(line, reason) from error
        while cells and not cells[-1].strip():
            cells.pop()
        yield line, cells


def _titles(header: Sequence[str], columns: Sequence[Column]) -> dict[str, str]:
    """Our name → the file's own name, in the order of the file."""
    if not header:
        raise _refusal(1, _l("The first line must name the columns."))
    known = {plain(alias): column.name for column in columns for alias in (column.name, *column.french)}
    faults = []
    titles: dict[str, str] = {}
    for title in header:
        name = known.get(plain(title))
        if name is None:
            names = ", ".join(column.name for column in columns)
            faults.append(Fault(1, title, _l("This column is not known. Known are: %(names)s.", names=names)))
        elif name in titles:
            faults.append(Fault(1, title, _l("This column stands twice in the file.")))
        else:
            titles[name] = title.strip()
    missing = (column.name for column in columns if column.required and column.name not in titles)
    faults += [Fault(1, name, _l("This column is missing.")) for name in missing]
    if faults:
        raise FileRefusedError(faults)
    return titles


def _row(line: int, cells: Sequence[str], titles: Mapping[str, str]) -> Row:
    row = Row(line, dict(zip(titles, cells, strict=False)), titles)
    if len(cells) > len(titles):
        row.fault("", _l("This line has more cells than the first line has columns."))
    return row


def lines_sharing(rows: Iterable[Row], column: str) -> Iterator[tuple[Row, Row]]:
    """Pairs (first row, later row) that say the same in a column, for columns in which each row needs its own text."""
    said = sorted((row for row in rows if row.text(column)), key=lambda row: (row.text(column), row.line))
    for _text, members in groupby(said, key=lambda row: row.text(column)):
        first, *others = members
        yield from ((first, other) for other in others)
