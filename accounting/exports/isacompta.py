"""Agiris Isacompta: `;`, LF, Windows-1252.

piece; label; date (ddmmyyyy); label; account (the third party's, if any); its label; reference; debit; credit; amount
without sign; D or C; lettering; journal. Decimal comma. Source: the exporter of Dolibarr. Newer versions take .ecr
files, whose layout is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from accounting.exports.delimited import accented, merged_account, write_rows
from accounting.exports.pieces import ExportEntry, ExportLine, ExportOptions
from accounting.exports.text import amount_text


def write(entries: Iterable[ExportEntry], options: ExportOptions, out: BinaryIO) -> None:
    """Write one row per line."""

    def row(entry: ExportEntry, line: ExportLine) -> Sequence[str]:
        label = accented(line.label, ";")
        return (
            entry.number, label, f"{entry.entry_date:%d%m%Y}", label, merged_account(line, options),
            accented(line.party_label or line.account_label, ";"), accented(entry.piece_ref, ";"),
            amount_text(line.debit_cents, ","), amount_text(line.credit_cents, ","), amount_text(line.cents, ","),
            line.side, line.letter, entry.journal,
        )  # fmt: skip

    write_rows(entries, row, out, separator=";", end="\n", encoding="cp1252")
