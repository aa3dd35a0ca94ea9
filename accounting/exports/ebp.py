"""EBP Compta: `,`, LF, plain ASCII, two fields in quotation marks.

number of the line; date (ddmmyyyy); journal; account (the third party's, if any); "label" of 40; "piece" of 15; amount
(decimal dot); D or C; due date (ddmmyyyy; the entry's date when there is none). Source: the exporter of Dolibarr.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import BinaryIO

from accounting.exports.delimited import merged_account, plain, write_rows
from accounting.exports.pieces import ExportEntry, ExportLine, ExportOptions
from accounting.exports.text import amount_text


def write(entries: Iterable[ExportEntry], options: ExportOptions, out: BinaryIO) -> None:
    """Write one row per line."""
    numbers = count(1)

    def row(entry: ExportEntry, line: ExportLine) -> Sequence[str]:
        return (
            str(next(numbers)), f"{entry.entry_date:%d%m%Y}", entry.journal, merged_account(line, options),
            f'"{plain(line.label, ",")[:40]}"', f'"{plain(entry.piece_ref, ",")[-15:]}"',
            amount_text(line.cents, "."), line.side, f"{line.due_on or entry.entry_date:%d%m%Y}",
        )  # fmt: skip

    write_rows(entries, row, out, separator=",", end="\n", encoding="ascii")
