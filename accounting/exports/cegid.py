"""Cegid, delimited: `;`, LF, plain ASCII.

date (ddmmyyyy); journal; general account; third party's account; D or C; amount (decimal comma); label without accents;
reference. Source: the exporter of Dolibarr.
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
            f"{entry.entry_date:%d%m%Y}", entry.journal, general_account(line, options), plain(line.party, ";"),
            line.side, amount_text(line.cents, ","), plain(line.label, ";"), plain(entry.piece_ref, ";"),
        )  # fmt: skip

    write_rows(entries, row, out, separator=";", end="\n", encoding="ascii")
