"""Answers that are spreadsheets: what `?format=csv` or `?format=xlsx` on a list's address gives."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator

from flask import Response, request, send_file, stream_with_context

from core.spreadsheets import CSV_TYPE, XLSX_TYPE, Sheet, csv_chunks, write_xlsx
from core.tenancy import current_company_id, in_company

FORMATS = ("csv", "xlsx")
_IN_MEMORY = 4 * 1024 * 1024


def asked_format() -> str:
    """The format of a file that the address asks for; empty for the page."""
    asked = request.args.get("format", "")
    return asked if asked in FORMATS else ""


def spreadsheet(file_format: str, name: str, *sheets: Sheet) -> Response:
    """The tables as a download of that format; a CSV has the first one alone and is sent while it is read.

    Args:
        file_format: `csv` or `xlsx`.
        name: of the file, without its ending.
        sheets: the tables, the main one first.
    """
    if file_format == "csv":
        # The answer is read after the request's own session is gone: its reader enters the company again.
        chunks = stream_with_context(_of_company(current_company_id(), sheets[0]))
        answer = Response(chunks, content_type=CSV_TYPE)
        answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
        return answer
    return _workbook(name, sheets)


def _of_company(company_id: int, sheet: Sheet) -> Iterator[bytes]:
    with in_company(company_id):
        yield from csv_chunks(sheet)


def _workbook(name: str, sheets: Iterable[Sheet]) -> Response:
    # The zip needs a file to go back in; small ones never touch the disk. Flask closes it after the last byte.
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    write_xlsx(sheets, target)
    target.seek(0)
    return send_file(target, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"{name}.xlsx")
