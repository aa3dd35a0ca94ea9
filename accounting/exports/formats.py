"""The list of formats: what each is called, how its file is named, what it can hold, and how sure its layout is.

A format is a module with `write(entries, options, out)`; a new one is added to `FORMATS` with its golden file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from accounting.exports import (
    acd,
    cegid,
    coala,
    ebp,
    isacompta,
    plain_csv,
    quadra,
    rimport,
    workbook,
    ximport,
)
from accounting.exports.pieces import ExportEntry, ExportOptions
from core.spreadsheets import CSV_TYPE, XLSX_TYPE

Write = Callable[[Iterable[ExportEntry], ExportOptions, BinaryIO], None]
TEXT: Final = "text/plain"


@dataclass(frozen=True)
class Limits:
    """How many characters a format has for what must stay whole; what is longer is refused, never cut off.

    `merges_parties`: the third party's code stands instead of the account.
    """

    account: int = 17
    party: int = 40
    journal: int = 3
    merges_parties: bool = False


@dataclass(frozen=True)
class ExportFormat:
    """One format. `name` is the software's; `caution` says what of its layout is not confirmed by its vendor."""

    key: str
    name: str
    hint: LazyString
    extension: str
    media_type: str
    write: Write
    limits: Limits
    caution: LazyString | str = ""
    fixed_name: str = ""

    def file_name(self, sequence: int, siren: str) -> str:
        """The name of the file of a batch; some software looks for one name only."""
        return self.fixed_name or f"{siren}-{self.key}-lot{sequence:04d}.{self.extension}"


_TRY_FIRST = _l(
    "Layout not confirmed by the vendor: try one small batch first, and cancel it if it is refused."
)

FORMATS: Final[dict[str, ExportFormat]] = {
    found.key: found
    for found in (
        ExportFormat(
            "quadra", "Cegid Quadra (Quadratus)", _l("Fixed width, with the customers’ accounts."), "txt", TEXT,
            quadra.write, Limits(8, 8, 2, merges_parties=True),
        ),
        ExportFormat("coala", "Sage Coala", _l("Text with semicolons."), "txt", TEXT, coala.write, Limits()),
        ExportFormat(
            "ximport", "Sage 50 / Ciel (XIMPORT)", _l("Fixed width."), "txt", TEXT, ximport.write,
            Limits(11, 11, 2, merges_parties=True),
            _l(
                "Sources disagree on the decimal mark of amounts: try one small batch first. If the amounts come out"
                " wrong, cancel it and change the mark in the settings of the exports."
            ),
            "XIMPORT.TXT",
        ),
        ExportFormat(
            "rimport", "Sage 50 / Ciel (RImport)", _l("Text with tabs."), "txt", TEXT, rimport.write,
            Limits(13, 13, 8, merges_parties=True), fixed_name="RIMPORT.TXT",
        ),
        ExportFormat(
            "ebp", "EBP", _l("Text with commas."), "txt", TEXT, ebp.write, Limits(merges_parties=True),
        ),
        ExportFormat(
            "acd", "ACD i-Suite Expert", _l("Text with semicolons."), "csv", TEXT, acd.write,
            Limits(merges_parties=True),
        ),
        ExportFormat(
            "isacompta", "Agiris Isacompta", _l("Text with semicolons."), "csv", TEXT, isacompta.write,
            Limits(merges_parties=True),
            _l("Newer versions also take .ecr files, which are not offered. Try one small batch first."),
        ),
        ExportFormat(
            "cegid", "Cegid (CSV)", _l("Text with semicolons."), "csv", TEXT, cegid.write, Limits(), _TRY_FIRST,
        ),
        ExportFormat(
            "csv", "CSV", _l("One row per line, for any software and spreadsheet."), "csv", CSV_TYPE,
            plain_csv.write, Limits(),
        ),
        ExportFormat(
            "xlsx", "Excel (XLSX)", _l("One row per line, for any software and spreadsheet."), "xlsx", XLSX_TYPE,
            workbook.write, Limits(),
        ),
    )
}  # fmt: skip
