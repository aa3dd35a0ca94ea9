"""Sage 50 and Ciel, the file RIMPORT.TXT: tabs, CR LF, Windows-1252, 22 fields.

Two lines of heading, then: number, journal, date (dd/mm/yyyy), account, its label, amount (decimal dot), D or C, status
(B: brouillard, so that the accountant validates what she imports), label, piece, type (blank), due date, then empty
fields. What exceeds a field's length is cut off, accounts and codes never are. Source: the vendor's knowledge base.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final

from accounting.exports.delimited import accented, merged_account, write_rows
from accounting.exports.pieces import ExportEntry, ExportLine, ExportOptions
from accounting.exports.text import amount_text, fitted_code

WIDTH: Final = 13
FIELDS: Final = 22
HEADING: Final = b"##Fichier\tRImport\r\n##Section\tMvt\r\n"


def write(entries: Iterable[ExportEntry], options: ExportOptions, out: BinaryIO) -> None:
    """Write the heading and one row per line.

    Raises:
        DoesNotFit: an account or a code is too long.
    """

    def row(entry: ExportEntry, line: ExportLine) -> Sequence[str]:
        cells = [
            str(entry.rank), fitted_code(entry.journal, 8), f"{entry.entry_date:%d/%m/%Y}",
            merged_account(line, options, WIDTH), accented(line.party_label or line.account_label, "\t")[:40],
            amount_text(line.cents, "."), line.side, "B", accented(line.label, "\t")[:50],
            accented(entry.piece_ref, "\t")[-15:], "", "" if line.due_on is None else f"{line.due_on:%d/%m/%Y}",
        ]  # fmt: skip
        return [*cells, *[""] * (FIELDS - len(cells))]

    out.write(HEADING)
    write_rows(entries, row, out, separator="\t", end="\r\n", encoding="cp1252")
