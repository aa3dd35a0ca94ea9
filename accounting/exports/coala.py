"""Sage Coala: `;`, LF, plain ASCII.

date (dd/mm/yyyy); journal; general account; piece number; reference of the document; debit; credit; `E` (euro);
account of the third party. Decimal comma. Source: the exporter of Dolibarr; the vendor publishes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from accounting.exports.delimited import general_account, plain, write_rows
from accounting.exports.pieces import ExportEntry, ExportLine, ExportOptions
from accounting.exports.text import amount_text


def write(entries: Iterable[ExportEntry], options: ExportOptions, out: BinaryIO) -> None:
    """Write one row per line."""

    def row(entry: ExportEntry, line: ExportLine) -> Sequence[str]:
        return (
            f"{entry.entry_date:%d/%m/%Y}", entry.journal, general_account(line, options), entry.number,
            plain(entry.piece_ref, ";"), amount_text(line.debit_cents, ","), amount_text(line.credit_cents, ","),
            "E", plain(line.party, ";"),
        )  # fmt: skip

    write_rows(entries, row, out, separator=";", end="\n", encoding="ascii")
