"""Accounting reports as PayPlug's users have seen them, made here from rows of a test."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook

HEADER_A = ("Date", "Type", "Montant", "ID API", "Description", "E-mail")
HEADER_B = (
    "ID", "Data di registrazione (UTC)", "Tipo", "Descrizione", "E-mail", "Carta", "Importo (€)",
    "Commissione variabile excl. IVA (%)", "Commissione fissa excl. IVA (€)", "Commissioni excl. IVA (€)",
    "Saldo lordo (€)", "metadata_Order", "metadata_solde_attempt",
)  # fmt: skip


def csv_file(
    *rows: Sequence[str], header: Sequence[str] = HEADER_A, separator: str = ",", first: str = ""
) -> bytes:
    """A CSV file; every cell in quotation marks."""
    lines = [separator.join(f'"{cell}"' for cell in row) for row in (header, *rows)]
    return (first + "\r\n".join(lines) + "\r\n").encode()


def xlsx_file(*rows: Sequence[object], header: Sequence[str] = HEADER_B, above: int = 0) -> bytes:
    """A spreadsheet; `above` lines of words stand over the header."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for _ in range(above):
        sheet.append(["PayPlug"])
    for row in (header, *rows):
        sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
