"""What the delimited formats share: cells without separators, rows encoded one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from accounting.exports.pieces import ExportEntry, ExportLine, ExportOptions
from accounting.exports.text import ansi_text, ascii_text, fitted_account, fitted_code

Row = Callable[[ExportEntry, ExportLine], Sequence[str]]


def write_rows(
    entries: Iterable[ExportEntry], row: Row, out: BinaryIO, *, separator: str, end: str, encoding: str
) -> None:
    """Write one row per line of each entry. A separator inside a cell is an error of the format's module."""
    for entry in entries:
        for line in entry.lines:
            cells = row(entry, line)
            assert not any(separator in cell or "\n" in cell or "\r" in cell for cell in cells), cells
            out.write((separator.join(cells) + end).encode(encoding))


def plain(text: str, separator: str) -> str:
    """A text of ASCII without the separator and without quotation marks."""
    return ascii_text(text).replace(separator, " ").replace('"', "'")


def accented(text: str, separator: str) -> str:
    """A text of Windows-1252 without the separator and without quotation marks."""
    return ansi_text(text).replace(separator, " ").replace('"', "'")


def merged_account(line: ExportLine, options: ExportOptions, longest: int = 17) -> str:
    """The third party's code where the account is collective, else the general account.

    Raises:
        DoesNotFit: it is too long for the format.
    """
    if line.party:
        return fitted_code(line.party, longest)
    return fitted_account(line.account, options.account_length, longest)


def general_account(line: ExportLine, options: ExportOptions) -> str:
    """The general account at the software's length.

    Raises:
        DoesNotFit: it would lose more than zeros.
    """
    return fitted_account(line.account, options.account_length, 17)
