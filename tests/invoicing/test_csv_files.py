"""Reading CSV files: whatever encoding, separator and line end they have, and where exactly they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask_babel import Babel

from invoicing.csv_files import MOST_BYTES, Column, FileRefusedError, Row, plain, read_rows

COLUMNS = (
    Column("name", ("nom", "raison sociale"), required=True),
    Column("city", ("ville",)),
    Column("amount"),
)


def _read(text: str, encoding: str = "utf-8") -> list[Row]:
    return read_rows(text.encode(encoding), COLUMNS)


def _texts(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.text("name"), row.text("city")) for row in rows]


def _faults(content: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(FileRefusedError) as refused:
        read_rows(content.encode() if isinstance(content, str) else content, COLUMNS)
    return [(fault.line, fault.column, str(fault.reason)) for fault in refused.value.faults]


@pytest.fixture(autouse=True, scope="module")
def _english() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app, default_locale="en")
    with app.app_context():
        yield


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-15", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_usual_encodings_separators_and_line_ends_are_recognised(
    encoding: str, separator: str, end: str
) -> None:
    lines = [("nom", "ville"), ("Crêperie à 5 €", "Bœuf-en-Velay"), ("Élan", "Sète")]
    text = end.join(separator.join(cells) for cells in lines) + end
    assert _texts(_read(text, encoding)) == lines[1:]


def test_a_file_of_spreadsheets_on_windows_keeps_its_apostrophes() -> None:
    assert _texts(_read("nom;ville\nL’Œuvre;Cœur\n", "cp1252")) == [("L’Œuvre", "Cœur")]


def test_columns_are_known_in_both_languages_whatever_case_accents_and_blanks() -> None:
    assert _texts(_read(" RAISON  Sociale ;Ville\nA;B\n")) == [("A", "B")]
    assert _texts(_read("City,Name\nB,A\n")) == [("A", "B")]
    assert {plain("date d'échéance"), plain("Date d’Échéance"), plain("DATE_D_ECHEANCE")} == {
        "date_d_echeance"
    }


def test_quoted_cells_hold_separators_quotes_and_line_ends_and_the_line_is_the_first_one() -> None:
    rows = _read('nom;ville\n"a;b ""c""";"d\ne"\n\nf;g\n')
    assert _texts(rows) == [('a;b "c"', "d\ne"), ("f", "g")]
    assert [row.line for row in rows] == [2, 5]


def test_empty_lines_and_the_empty_cells_that_spreadsheets_add_are_passed_over() -> None:
    assert _texts(_read("nom;ville;;;\nA;B;;;\n;;;;\n  ; ;;;\nC;;;;\n")) == [("A", "B"), ("C", "")]


def test_a_header_alone_has_no_rows() -> None:
    assert _read("nom;ville") == []


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n", b";;;\nA;B\n"])
def test_a_file_without_names_of_columns_is_refused(content: bytes) -> None:
    assert _faults(content) == [(1, "", "The first line must name the columns.")]


def test_unknown_doubled_and_missing_columns_are_told_together() -> None:
    assert _faults("ville;city;Farbe\nA;B;C\n") == [
        (1, "city", "This column stands twice in the file."),
        (1, "Farbe", "This column is not known. Known are: name, city, amount."),
        (1, "name", "This column is missing."),
    ]


def test_a_row_with_too_many_cells_is_told() -> None:
    (row,) = _read("nom,ville\nA,B,C\n")
    assert [(f.line, f.column) for f in row.found.values()] == [(2, "")]


def test_a_quotation_mark_that_does_not_close_is_told_where_it_opens() -> None:
    ((line, column, reason),) = _faults('nom;ville\nA;B\n"C;D\nE;F\n')
    assert (line, column) == (3, "")
    assert "quotation mark" in reason


def test_a_cell_of_200_000_characters_is_told() -> None:
    ((line, _, reason),) = _faults("nom;ville\nA;B\n" + "x" * 200_000 + ";D\n")
    assert line == 3
    assert "too long" in reason


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"nom;ville\nA;\0B\n", 2),
        ("nom;ville\nA;B\n".encode("utf-16"), 1),
        (b"nom;ville\nA;B\nC;\x81\x8d\n", 3),
        (b"PK\x03\x04\x14\x00\x06\x00", 1),
    ],
)
def test_what_is_no_text_is_refused_at_its_line(content: bytes, line: int) -> None:
    assert _faults(content) == [(line, "", "This is not a text file. Save it as “CSV UTF-8”.")]


def test_a_file_of_two_encodings_is_refused_rather_than_garbled() -> None:
    content = "nom;ville\nÉlan;Sète\n".encode() + "Été;Lyon\n".encode("iso-8859-15")
    ((line, _, reason),) = _faults(content)
    assert line == 3
    assert "encoding of the others" in reason


def test_a_file_beyond_the_limit_is_refused() -> None:
    assert (
        _faults(b"nom;ville\n" + b"x" * MOST_BYTES)[0][2] == "This file is too large. Split it into several."
    )


@pytest.mark.parametrize(
    ("text", "scaled"),
    [("12,5", 1250), ("12.50", 1250), ("1 234,5", 123450), ("-3", -300), ("20 %", 2000), ("5,5%", 550)],
)
def test_numbers_are_read_with_comma_or_point(text: str, scaled: int) -> None:
    (row,) = _read(f"nom;amount\nA;{text}\n")
    assert row.number("amount", 2) == scaled
    assert not row.found


@pytest.mark.parametrize("text", ["douze", "1,2.3", "1,234", "--1", "1e5", "=1+1", "٣"])
def test_what_is_no_clear_number_is_told_in_its_column(text: str) -> None:
    (row,) = _read(f"nom;amount\nA;{text}\n")
    assert row.number("amount", 2) == 0
    assert [(f.line, f.column) for f in row.found.values()] == [(2, "amount")]


@pytest.mark.parametrize("text", ["2026-03-31", "31/03/2026", "31-03-2026", "31.03.2026", "20260331"])
def test_dates_are_read_as_people_write_them(text: str) -> None:
    (row,) = _read(f"nom;ville\nA;{text}\n")
    assert row.day("city") == date(2026, 3, 31)


@pytest.mark.parametrize("text", ["31/02/2026", "03/31/2026", "31/03/26", "demain", "45992"])
def test_what_is_no_date_is_told_under_the_files_own_name_of_the_column(text: str) -> None:
    (row,) = _read(f"nom;Ville\nA;{text}\n")
    assert row.day("city") is None
    assert [f.column for f in row.found.values()] == ["Ville"]


@pytest.mark.parametrize("text", ["30.0", "-1", "9999999999", "²"])
def test_what_is_no_whole_number_is_told(text: str) -> None:
    (row,) = _read(f"nom;ville\nA;{text}\n")
    assert row.whole("city") is None
    assert len(row.found) == 1


def test_the_first_fault_of_a_cell_stands() -> None:
    (row,) = _read("nom;ville\nA;B\n")
    row.fault("city", "first")
    row.fault("city", "second")
    assert [f.reason for f in row.found.values()] == ["first"]
