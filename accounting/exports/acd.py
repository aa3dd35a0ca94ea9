"""ACD i-Suite Expert: `;`, CR LF, Windows-1252.

piece; date (dd/mm/yyyy); year; month; day; reference; label; account (the third party's, if any); third party's name;
debit; credit; amount; journal. Decimal comma. Source: the exporter of Dolibarr, which also takes the zeros off the end
of third parties' codes; they are kept here, because C0001 and C00010 are two customers.
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
        day = entry.entry_date
        return (
            entry.number, f"{day:%d/%m/%Y}", f"{day:%Y}", f"{day:%m}", f"{day:%d}", accented(entry.piece_ref, ";"),
            accented(line.label, ";"), merged_account(line, options), accented(line.party_label, ";"),
            amount_text(line.debit_cents, ","), amount_text(line.credit_cents, ","), amount_text(line.cents, ","),
            entry.journal,
        )  # fmt: skip

    write_rows(entries, row, out, separator=";", end="\r\n", encoding="cp1252")
