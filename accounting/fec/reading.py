"""Reading a FEC as lines of text: its encoding, its line ends, its separator and its header.

The first stage of `check`; nothing here knows what an entry is. At most one line is in memory.
"""

import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import BinaryIO, Final

from stdnum.fr import siren as siren_number

from accounting.fec import rules
from accounting.fec.findings import Findings
from accounting.fec.format import COLUMNS
from accounting.fec.rules import Rule

LONGEST_LINE: Final = 100_000
_LEAST_COLUMNS = 9
_FILE_NAME = re.compile(r"(.*)FEC(20[0-9]{6})(?:\.[A-Za-z0-9]{1,5})?", re.IGNORECASE)
_SIGNED_COLUMNS = tuple({"Debit": "Montant", "Credit": "Sens"}.get(name, name) for name in COLUMNS)
CASH_COLUMNS: Final = ("DateRglt", "ModeRglt", "NatOp", "IdClient")
"""What cash accounting adds: 21 columns for farmers, 22 for the liberal professions (A47 A-1 VIII)."""

_ESSENTIAL = (
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "EcritureLib",
    "Debit",
    "Credit",
    "Montant",
    "Sens",
)


class Stopped(Exception):
    """Nothing more can be read; the rule says why, unless the findings already do."""

    def __init__(self, rule: Rule | None, line: int | None = None, **parameters: str) -> None:
        super().__init__(rule.code if rule else "")
        self.rule = rule
        self.line = line
        self.parameters = parameters


def read_file_name(file_name: str, findings: Findings) -> date | None:
    """The closing date that the name gives, if it gives one; notes what is wrong with the name (A47 A-1, IX)."""
    match = _FILE_NAME.fullmatch(file_name)
    if match is None:
        findings.add(rules.FILE_NAME)
        return None
    siren, day = match.groups()
    if not re.fullmatch("[0-9]{9}", siren):
        findings.add(rules.SIREN_LENGTH)
    elif not siren_number.is_valid(siren):
        findings.add(rules.SIREN_KEY, siren=siren)
    try:
        return date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        findings.add(rules.FILE_DATE, date=day)
        return None


class Lines:
    """The lines of a binary stream, without their ends, decoded one by one.

    Iterate once; `encoding` and the findings about it are known after that. The stream stays open.
    """

    def __init__(self, stream: BinaryIO) -> None:
        # What is not UTF-8 comes through as lone surrogates, so that the line can be read again as ISO-8859-15.
        self._text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline=None)
        self._has_mark = False
        self._first_utf8 = 0
        self._first_latin = 0

    def __iter__(self) -> Iterator[str]:
        for number, raw in enumerate(iter(partial(self._text.readline, LONGEST_LINE), ""), start=1):
            if len(raw) >= LONGEST_LINE:
                raise Stopped(rules.LINE_TOO_LONG, number, limit=str(LONGEST_LINE))
            line = raw.removesuffix("\n")
            if number == 1:
                line = self._without_mark(line)
            yield line if line.isascii() else self._decoded(line, number)

    def _without_mark(self, line: str) -> str:
        if "\0" in line:
            raise Stopped(rules.FILE_NOT_TEXT)
        self._has_mark = line.startswith("\ufeff")
        return line.removeprefix("\ufeff")

    def _decoded(self, line: str, number: int) -> str:
        try:
            line.encode()
        except UnicodeEncodeError:
            self._first_latin = self._first_latin or number
            return line.encode("utf-8", "surrogateescape").decode("iso-8859-15")
        self._first_utf8 = self._first_utf8 or number
        return line

    @property
    def encoding(self) -> str:
        """The encoding as far as it has been read; ASCII is said to be UTF-8."""
        if self._first_latin:
            return "ISO-8859-15"
        return "UTF-8-BOM" if self._has_mark else "UTF-8"

    def note_oddities(self, findings: Findings) -> None:
        """Note what is odd about the encoding and the line ends of what has been read."""
        if self._has_mark:
            findings.add(rules.ENCODING_BOM)
        if self._first_latin and self._first_utf8:
            findings.add(rules.ENCODING_MIXED, max(self._first_latin, self._first_utf8))
        if isinstance(self._text.newlines, tuple):
            findings.add(rules.LINE_ENDS_MIXED)

    def release(self) -> None:
        """Let go of the stream without closing it."""
        self._text.detach()


@contextmanager
def lines_of(stream: BinaryIO) -> Iterator[Lines]:
    """The lines of a stream that its owner keeps."""
    lines = Lines(stream)
    try:
        yield lines
    finally:
        lines.release()


@dataclass(frozen=True)
class Layout:
    """How a line of this file is cut: its separator, its number of fields and where each of the 18 columns is."""

    separator: str
    width: int
    positions: tuple[int | None, ...]
    has_sens: bool
    """Montant and Sens stand in place of Debit and Credit."""
    ends_with_separator: bool
    """The header does, so that lines may."""
    settlement_position: int | None = None
    """Where `DateRglt` is in a file of cash accounting."""

    @property
    def names(self) -> tuple[str, ...]:
        """The 18 columns as this file calls them."""
        return _SIGNED_COLUMNS if self.has_sens else COLUMNS

    @cached_property
    def is_canonical(self) -> bool:
        """The first 18 fields are the 18 columns in order."""
        return self.positions == tuple(range(len(COLUMNS)))

    def cut(self, line: str) -> list[str]:
        """The fields of a line as they stand in the file."""
        fields = line.split(self.separator)
        if self.ends_with_separator and len(fields) == self.width + 1 and not fields[-1]:
            fields.pop()
        return fields

    def arrange(self, fields: list[str]) -> list[str]:
        """As many fields as the header has, in the order of the 18 columns; blank where there is no such column."""
        return ["" if position is None else fields[position] for position in self.positions]


def read_header(header: str, findings: Findings) -> Layout:
    """Understand the first line; notes what is wrong with it. Raises `Stopped` when lines cannot be cut by it."""
    if header.lstrip().startswith("<"):
        raise Stopped(rules.FILE_XML, 1)
    separator = _separator(header)
    fields = header.split(separator)
    ends_with_separator = not fields[-1].strip()
    if ends_with_separator:
        fields.pop()
    plain = [_plain(field) for field in fields]
    has_sens = "montant" in plain and "sens" in plain and "debit" not in plain
    names = _SIGNED_COLUMNS if has_sens else COLUMNS
    found = {name: plain.index(_plain(name)) for name in names if _plain(name) in plain}
    if len(found) < _LEAST_COLUMNS:
        raise Stopped(rules.HEADER_ABSENT, 1)
    if ends_with_separator:
        findings.add(rules.HEADER_TRAILING, 1)
    _note_columns(fields, plain, names, found, findings)
    missing = [name for name in _ESSENTIAL if name in names and name not in found]
    if missing:
        raise Stopped(None)
    positions = tuple(found.get(name) for name in names)
    settled = plain.index(_plain(CASH_COLUMNS[0])) if _plain(CASH_COLUMNS[0]) in plain else None
    return Layout(separator, len(fields), positions, has_sens, ends_with_separator, settled)


def _separator(header: str) -> str:
    """The official rule: a tab if it makes nine columns, else a vertical bar; others ended with the year 2013."""
    for separator in "\t|":
        if header.count(separator) >= _LEAST_COLUMNS - 1:
            return separator
    for separator in ";,":
        if header.count(separator) >= _LEAST_COLUMNS - 1:
            raise Stopped(rules.SEPARATOR_REFUSED, 1, separator=separator)
    raise Stopped(rules.NO_SEPARATOR, 1)


def _plain(name: str) -> str:
    """A column name without case, accents and punctuation, as the official checker compares it."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum() and letter.isascii())


def _note_columns(
    fields: list[str], plain: list[str], names: tuple[str, ...], found: dict[str, int], findings: Findings
) -> None:
    """Note missing, repeated, misspelt, misplaced and additional columns."""
    for name in names:
        if name not in found:
            findings.add(rules.HEADER_MISSING, 1, name)
        elif plain.count(_plain(name)) > 1:
            findings.add(rules.HEADER_DUPLICATE, 1, name)
        elif fields[found[name]] != name:
            findings.add(rules.HEADER_SPELLING, 1, name, name=fields[found[name]])
    if list(found.values()) != list(range(len(found))):
        findings.add(rules.HEADER_ORDER, 1)
    cash = {_plain(name) for name in CASH_COLUMNS} if _has_cash_columns(plain, findings) else set()
    known = {_plain(name) for name in names} | cash
    for field, text in zip(fields, plain, strict=True):
        if text not in known:
            findings.add(rules.HEADER_EXTRA, 1, field)


def _has_cash_columns(plain: list[str], findings: Findings) -> bool:
    """Whether the first three columns of cash accounting are there, which is told; wherever they stand."""
    wanted = [_plain(name) for name in CASH_COLUMNS]
    if not set(wanted[:3]) <= set(plain):
        return False
    count = len(COLUMNS) + (4 if wanted[3] in plain else 3)
    findings.add(rules.CASH_COLUMNS, 1, count=str(count))
    if plain[len(COLUMNS) : count] != wanted[: count - len(COLUMNS)]:
        findings.add(rules.CASH_COLUMNS_PLACE, 1, names=", ".join(CASH_COLUMNS))
    return True
