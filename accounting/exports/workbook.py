"""XLSX with a heading and typed cells (see `table`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from accounting.exports.pieces import ExportEntry, ExportOptions
from accounting.exports.table import sheet
from core.spreadsheets import write_xlsx


def write(entries: Iterable[ExportEntry], options: ExportOptions, out: BinaryIO) -> None:
    """Write the table as a workbook."""
    write_xlsx([sheet(entries, options)], out)
