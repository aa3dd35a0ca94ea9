"""The entries as a table with a heading, for any software that lets its user name the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from accounting.exports.delimited import general_account
from accounting.exports.pieces import ExportEntry, ExportOptions
from accounting.exports.text import one_line
from core.spreadsheets import ColumnKind, Sheet, SheetColumn, Value

# French as the books are: an accountant maps these columns once and for all, whatever language the page has.
COLUMNS = (
    SheetColumn("Journal", width=8),
    SheetColumn("Date", ColumnKind.DATE),
    SheetColumn("N° écriture", width=14),
    SheetColumn("Pièce", width=20),
    SheetColumn("Compte", width=12),
    SheetColumn("Libellé du compte", width=32),
    SheetColumn("Compte auxiliaire", width=16),
    SheetColumn("Nom du tiers", width=32),
    SheetColumn("Libellé", width=44),
    SheetColumn("Débit", ColumnKind.CENTS),
    SheetColumn("Crédit", ColumnKind.CENTS),
    SheetColumn("Échéance", ColumnKind.DATE),
    SheetColumn("Lettrage", width=9),
)


def sheet(entries: Iterable[ExportEntry], options: ExportOptions, title: str = "Écritures") -> Sheet:
    """The table; its rows are made while they are written."""
    return Sheet(title, COLUMNS, _rows(entries, options))


def _rows(entries: Iterable[ExportEntry], options: ExportOptions) -> Iterator[Sequence[Value]]:
    for entry in entries:
        for line in entry.lines:
            yield (
                entry.journal, entry.entry_date, entry.number, one_line(entry.piece_ref),
                general_account(line, options), one_line(line.account_label), line.party,
                one_line(line.party_label), one_line(line.label), line.debit_cents, line.credit_cents,
                line.due_on, line.letter,
            )  # fmt: skip
