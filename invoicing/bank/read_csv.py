"""Reads the CSV files of banks. Each bank has a layout of its own: the columns are guessed from their names, and a
person may say otherwise; what she said is remembered for the bank account (`BankLayout`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from flask_babel import lazy_gettext as _l

from invoicing.bank.models import StatementFormat
from invoicing.bank.reading import (
    EARLIEST,
    LARGEST_CENTS,
    LATEST,
    MOST_BYTES,
    MOST_LINES,
    ReadLine,
    ReadStatement,
    StatementRefused,
    joined,
    squeezed,
)

HEADER_WITHIN: Final = 40
"""How many lines may stand above the names of the columns: account, period, balance."""
MOST_COLUMNS: Final = 60
_SEPARATORS = ";,\t|"
_DATES = ("%d/%m/%Y", "%Y-%m-%d", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,2})?")


class CsvColumn(StrEnum):
    """What a column of the file may mean."""

    DATE = "date"
    WORDING = "wording"
    MORE = "more"
    AMOUNT = "amount"
    DEBIT = "debit"
    CREDIT = "credit"
    PARTY = "party"
    IBAN = "iban"
    REFERENCE = "reference"
    BALANCE = "balance"


# How French banks name their columns, squeezed; the first column whose name begins so is taken.
_NAMES: dict[CsvColumn, tuple[str, ...]] = {
    CsvColumn.DATE: (
        "DATEOPERATION", "DATEDOPERATION", "DATECOMPTABLE", "DATEDECOMPTABILISATION", "DATE", "BOOKINGDATE",
    ),
    CsvColumn.WORDING: ("LIBELLE", "INTITULE", "DESCRIPTION", "OPERATION", "NATUREDELOPERATION", "LABEL"),
    CsvColumn.MORE: (
        "DETAIL", "LIBELLECOMPLEMENTAIRE", "INFORMATIONSCOMPLEMENTAIRES", "INFOCOMPLEMENTAIRE", "COMMENTAIRE",
    ),
    CsvColumn.AMOUNT: ("MONTANT", "AMOUNT", "VALEUREUROS"),
    CsvColumn.DEBIT: ("DEBIT", "MONTANTDEBIT", "SORTIE"),
    CsvColumn.CREDIT: ("CREDIT", "MONTANTCREDIT", "ENTREE"),
    CsvColumn.PARTY: ("TIERS", "CONTREPARTIE", "BENEFICIAIRE", "NOMDUTIERS", "EMETTEUR", "COUNTERPARTY"),
    CsvColumn.IBAN: ("IBANTIERS", "IBANCONTREPARTIE", "COMPTETIERS"),
    CsvColumn.REFERENCE: ("REFERENCE", "REF", "NUMERODOPERATION"),
    CsvColumn.BALANCE: ("SOLDE", "BALANCE"),
}  # fmt: skip

Layout = Mapping[CsvColumn, int]
"""Which column (from 0) has what."""


@dataclass(frozen=True)
class CsvTable:
    """The file as a table: the names of its columns, and its rows with their line in the file."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def fingerprint(self) -> str:
        """What the header of every file of this layout is."""
        return squeezed("/".join(self.header))


def csv_table(content: bytes) -> CsvTable:
    """The table in the file, whatever stands above it.

    Raises:
        StatementRefused: too large, not a text, or no line names a date and an amount.
    """
    if len(content) > MOST_BYTES:
        raise StatementRefused(_l("This file is too large for a statement."))
    text = _decoded(content)
    for separator in sorted(_SEPARATORS, key=text.count, reverse=True):
        lines = _split(text, separator)
        for place, (_, cells) in enumerate(lines[:HEADER_WITHIN]):
            if is_complete(guess(cells)):
                return CsvTable(tuple(cells), tuple(lines[place + 1 :]))
    raise StatementRefused(
        _l(
            "No line of this file names its columns: a date, what the bank says, and an amount or debit and credit."
        )
    )


def _decoded(content: bytes) -> str:
    if b"\0" in content or not content.strip():
        raise StatementRefused
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Windows and most French banks write.
        return content.decode("cp1252", "replace")


def _split(text: str, separator: str) -> list[tuple[int, tuple[str, ...]]]:
    lines: list[tuple[int, tuple[str, ...]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((reader.line_num, tuple(cell.strip() for cell in cells[:MOST_COLUMNS])))
            if len(lines) > MOST_LINES + HEADER_WITHIN:
                raise StatementRefused(_l("This file has too many lines. Download a shorter period."))
    except csv.Error as error:
        raise StatementRefused(
            _l("Line %(line)s cannot be read: a quotation mark is not closed.", line=reader.line_num)
        ) from error
    return lines


def guess(header: Sequence[str]) -> dict[CsvColumn, int]:
    """Which column means what, by the names; columns that say nothing to us are left out."""
    names = [squeezed(name) for name in header]
    found: dict[CsvColumn, int] = {}
    for column, known in _NAMES.items():
        places = (
            place
            for begins in known
            for place, name in enumerate(names)
            if name.startswith(begins) and place not in found.values()
        )
        place = next(places, None)
        if place is not None:
            found[column] = place
    if CsvColumn.DEBIT in found and CsvColumn.CREDIT in found:
        found.pop(CsvColumn.AMOUNT, None)
    return found


def is_complete(layout: Layout) -> bool:
    """Whether a statement can be read by it."""
    has_amount = CsvColumn.AMOUNT in layout or (CsvColumn.DEBIT in layout and CsvColumn.CREDIT in layout)
    return CsvColumn.DATE in layout and CsvColumn.WORDING in layout and has_amount


def read_csv(table: CsvTable, layout: Layout) -> ReadStatement:
    """Read the rows; one that has neither amount nor date (a total, a remark) is told among the problems."""
    lines: list[ReadLine] = []
    balances: list[int | None] = []
    problems = []
    for number, cells in table.rows:
        try:
            lines.append(_line(table.header, cells, layout))
        except _Unreadable as problem:
            problems.append((number, problem.args[0]))
        else:
            balances.append(_balance(cells, layout))
    if lines and lines[0].booked_on > lines[-1].booked_on:
        # Newest first, as banks show it: turned round.
        lines.reverse()
        balances.reverse()
    opening, closing = _ends(lines, balances)
    return ReadStatement(StatementFormat.CSV, tuple(lines), opening, closing, problems=tuple(problems))


class _Unreadable(Exception):
    """A row that cannot be read; its argument says why."""


def _line(header: Sequence[str], cells: Sequence[str], layout: Layout) -> ReadLine:
    def cell(column: CsvColumn) -> str:
        place = layout.get(column)
        return cells[place] if place is not None and place < len(cells) else ""

    return ReadLine(
        booked_on=_day(cell(CsvColumn.DATE)),
        amount_cents=_amount(cell(CsvColumn.AMOUNT), cell(CsvColumn.DEBIT), cell(CsvColumn.CREDIT)),
        wording=joined((cell(CsvColumn.WORDING), cell(CsvColumn.MORE)), 500),
        party=joined((cell(CsvColumn.PARTY),), 140),
        iban="".join(cell(CsvColumn.IBAN).split()).upper()[:34],
        reference=joined((cell(CsvColumn.REFERENCE),), 140),
        raw={
            f"{place + 1} {name}": text for place, (name, text) in enumerate(zip(header, cells, strict=False))
        },
    )


def _day(text: str) -> date:
    for form in _DATES:
        try:
            day = datetime.strptime(text[:10].strip(), form).date()  # noqa: DTZ007  # a business date
        except ValueError:
            continue
        if EARLIEST <= day <= LATEST:
            return day
    raise _Unreadable(_l("no date"))


def _amount(amount: str, debit: str, credit: str) -> int:
    # Some banks write debits below zero, some above.
    two_columns = [_cents(credit) if credit else 0, -abs(_cents(debit)) if debit else 0]
    cents = _cents(amount) if amount else sum(two_columns)
    if not cents:
        raise _Unreadable(_l("no amount"))
    return cents


def _cents(text: str) -> int:
    plain = text.replace("\u2212", "-").upper().replace("EUR", "").replace("€", "")
    plain = "".join(plain.split()).replace("\u202f", "").replace("'", "")
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".", 1)
    if plain.endswith(("-", "+")):
        plain = plain[-1] + plain[:-1]
    if not _AMOUNT.fullmatch(plain):
        raise _Unreadable(_l("no amount"))
    sign = -1 if plain.startswith("-") else 1
    whole, _, part = plain.lstrip("+-").partition(".")
    cents = sign * (int(whole) * 100 + int(part.ljust(2, "0") or 0))
    if abs(cents) >= LARGEST_CENTS:
        raise _Unreadable(_l("no amount"))
    return cents


def _balance(cells: Sequence[str], layout: Layout) -> int | None:
    place = layout.get(CsvColumn.BALANCE)
    try:
        return _cents(cells[place]) if place is not None and place < len(cells) and cells[place] else None
    except _Unreadable:
        return None


def _ends(lines: Sequence[ReadLine], balances: Sequence[int | None]) -> tuple[int | None, int | None]:
    """The balance before the first line and after the last, where a column tells it.

    Lines of one day alone do not say whether the newest comes first: the order in which the balances fit is right.
    """
    ends: list[tuple[int, int]] = []
    for first, last in ((0, -1), (-1, 0)):
        before, after = balances[first] if lines else None, balances[last] if lines else None
        if before is None or after is None:
            return None, None
        ends.append((before - lines[first].amount_cents, after))
    moved = sum(line.amount_cents for line in lines)
    return next((end for end in ends if end[0] + moved == end[1]), ends[0])
