"""Files for spreadsheets: what a French one reads, what stays a text, and that no table is held in memory."""

from __future__ import annotations

import io
import tracemalloc
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from core import spreadsheets
from core.spreadsheets import ColumnKind, Sheet, SheetColumn, csv_chunks, write_csv, write_xlsx

COLUMNS = (
    SheetColumn("Libellé"),
    SheetColumn("Date", ColumnKind.DATE),
    SheetColumn("Débit", ColumnKind.CENTS),
    SheetColumn("Lignes", ColumnKind.COUNT),
    SheetColumn("Taux", ColumnKind.RATE),
)
NAMES = ["Été; « œuvre »", "=1+1", "+33", "-2", "@SUM(A1)", "\t=1", "#N/A", 'a"b\nc', "x\x00\x0by"]


def sheet(names=NAMES, title="Balance"):
    return Sheet(title, COLUMNS, ((name, date(2026, 12, 31), -123_456_05, 7, 550) for name in names))


def read(content: bytes):
    return openpyxl.load_workbook(io.BytesIO(content))


def test_a_csv_is_read_by_a_french_spreadsheet_and_runs_nothing():
    target = io.BytesIO()
    write_csv(sheet(), target)
    assert target.getvalue().startswith(b"\xef\xbb\xbf")
    lines = target.getvalue().decode("utf-8-sig").split("\r\n")
    assert lines[0] == "Libellé;Date;Débit;Lignes;Taux"
    assert lines[1] == '"Été; « œuvre »";31/12/2026;-123456,05;7;5,50'
    for line, name in zip(lines[2:6], NAMES[1:5], strict=True):
        assert line.startswith(f"'{name};"), line
    assert lines[6].startswith("'\t=1;")


def test_a_workbook_has_numbers_days_and_texts_that_are_no_formulas():
    target = io.BytesIO()
    write_xlsx([sheet(), sheet(["second"], "Deux: [a/b]")], target)
    book = read(target.getvalue())
    assert book.sheetnames == ["Balance", "Deux   a b"]
    page = book["Balance"]
    assert page.freeze_panes == "A2"
    assert [cell.value for cell in page[1]] == [column.title for column in COLUMNS]
    assert [page.cell(row, 1).value for row in range(2, 11)] == [*NAMES[:-1], "x  y"]
    assert {page.cell(row, 1).data_type for row in range(2, 11)} <= {"s", "inlineStr"}
    _, day, debit, count, rate = page[2]
    assert (day.value.date(), day.number_format) == (date(2026, 12, 31), "dd/mm/yyyy")
    assert (Decimal(str(debit.value)), debit.data_type) == (Decimal("-123456.05"), "n")
    assert (count.value, rate.value) == (7, 5.5)


def test_what_is_empty_stays_empty_in_both():
    empty = Sheet("Vide", COLUMNS, [(None, None, None, None, None)])
    assert b"".join(csv_chunks(empty)).endswith(b"\r\n;;;;\r\n")
    target = io.BytesIO()
    write_xlsx([Sheet("Vide", COLUMNS, [("x", None, 0, None, None), (None,) * 5])], target)
    page = read(target.getvalue())["Vide"]
    assert [cell.value for cell in page[2]] == ["x", None, 0, None, None]


def test_a_full_sheet_goes_on_on_the_next(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_XLSX_ROWS", 4)
    target = io.BytesIO()
    write_xlsx([sheet([str(n) for n in range(7)])], target)
    book = read(target.getvalue())
    assert book.sheetnames == ["Balance", "Balance (2)", "Balance (3)"]
    found = [page.cell(row, 1).value for page in book for row in range(2, page.max_row + 1)]
    assert found == [str(n) for n in range(7)]


@pytest.mark.parametrize("write", [write_csv, lambda table, target: write_xlsx([table], target)])
def test_rows_are_not_kept(write, tmp_path):
    rows = 5_000
    with (tmp_path / "file").open("wb") as target:
        tracemalloc.start()
        write(sheet("x" * 200 for _ in range(rows)), target)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < rows * 200
