"""CSV with a heading: `;`, CR LF, UTF-8 with a mark, decimal comma, dates as dd/mm/yyyy (see `table`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from accounting.exports.pieces import ExportEntry, ExportOptions
from accounting.exports.table import sheet
from core.spreadsheets import write_csv


def write(entries: Iterable[ExportEntry], options: ExportOptions, out: BinaryIO) -> None:
    """Write the heading and one row per line."""
    write_csv(sheet(entries, options), out)
