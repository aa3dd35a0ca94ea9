"""Writes the file of an export and says exactly which entries are in it. It may take a while:
it is called outside any transaction.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask_babel import lazy_gettext as _l

from accounting.errors import AccountingError
from accounting.exports.pieces import ExportEntry
from accounting.exports.reading import read_entries
from accounting.exports.selection import ExportPreview, chosen_entries, is_held
from accounting.exports.text import DoesNotFit
from accounting.models import JournalEntry
from core.progress import Progress


@dataclass
class WrittenExport:
    """What was written; `entry_ids` in the order of the file (8 bytes each, however many there are)."""

    preview: ExportPreview
    entry_ids: array[int]
    line_count: int = 0
    debit_cents: int = 0
    credit_cents: int = 0


def write_export(
    preview: ExportPreview, path: Path, progress: Progress = lambda _done, _total: None
) -> WrittenExport:
    """Write what the preview showed to `path`.

    Raises:
        AccountingError: a value does not fit into the format.
    """
    written = WrittenExport(preview, array("q"))
    with path.open("wb") as out:
        try:
            preview.choice.export_format.write(_counted(written, progress), preview.options, out)
        except DoesNotFit as error:
            raise AccountingError(
                _l(
                    "“%(value)s” does not fit into the format %(format)s. Choose another format, or another length of"
                    " accounts.",
                    value=str(error),
                    format=preview.choice.export_format.name,
                )
            ) from None
    return written


def _counted(written: WrittenExport, progress: Progress) -> Iterator[ExportEntry]:
    total = max(written.preview.entry_count, 1)
    preview = written.preview
    wanted = (*chosen_entries(preview.choice), ~is_held(), JournalEntry.id <= preview.last_entry_id)
    for entry in read_entries(*wanted):
        written.entry_ids.append(entry.id)
        written.line_count += len(entry.lines)
        written.debit_cents += sum(line.debit_cents for line in entry.lines)
        written.credit_cents += sum(line.credit_cents for line in entry.lines)
        yield entry
        progress(min(len(written.entry_ids), total), total)
