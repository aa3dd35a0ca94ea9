"""The formats: golden files, each field's position against the facts' tables, lengths in bytes, hostile texts."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.exports import quadra, ximport
from accounting.exports.fixed_width import Field, Record
from accounting.exports.formats import FORMATS
from accounting.exports.pieces import ExportEntry, ExportOptions
from accounting.exports.text import DoesNotFit, amount_text, ansi_text, ascii_text, fitted_account
from tests.accounting.exports.samples import COLLECTION, ENTRIES, LINE_COUNT, LONG, OPTIONS, OWN_ACCOUNT, SALE

GOLDEN = Path(__file__).parent / "golden"
# (separator, line end, encoding, fields per row): section 7 of the facts.
DELIMITED = {
    "coala": (";", "\n", "ascii", 9),
    "rimport": ("\t", "\r\n", "cp1252", 22),
    "ebp": (",", "\n", "ascii", 9),
    "acd": (";", "\r\n", "cp1252", 13),
    "isacompta": (";", "\n", "cp1252", 13),
    "cegid": (";", "\n", "ascii", 8),
}
HEADINGS = {"rimport": 2}

# Position, length, what stands there for the first line of SALE: the tables of the facts, 7.1 and 7.2.
QUADRA_M = (
    (1, 1, "M"), (2, 8, "C00010  "), (10, 2, "VE"), (12, 3, "000"), (15, 6, "020326"), (21, 1, " "),
    (22, 20, "Facture FA-2026-0001"), (42, 1, "D"), (43, 1, "+"), (44, 12, "001000000000"), (56, 8, " " * 8),
    (64, 6, "010426"), (70, 2, "AA"), (72, 3, "   "), (75, 5, "00001"), (80, 10, " " * 10), (90, 10, " " * 10),
    (100, 8, "VE000001"), (108, 3, "EUR"), (111, 3, "VE "), (114, 1, " "), (115, 1, " "), (116, 1, " "),
    (117, 30, "Facture FA-2026-00012 Cafe \" L"), (147, 2, "  "), (149, 10, "2026-00012"), (159, 10, " " * 10),
    (169, 13, " " * 13), (182, 12, " " * 12), (194, 38, " " * 38),
)  # fmt: skip
QUADRA_C = (
    (1, 1, "C"), (2, 8, "C00010  "), (10, 30, 'Cafe " L\'OEuf, 5 EUR " ; "Crem'), (40, 7, "CAFELOE"),
    (47, 52, " " * 52), (99, 8, "41100000"), (107, 110, " " * 110), (217, 1, "2"), (218, 1, "C"),
    (219, 235, " " * 235),
)  # fmt: skip
XIMPORT = (
    (1, 5, "00001"), (6, 2, "VE"), (8, 8, "20260302"), (16, 8, "20260401"), (24, 12, "A-2026-00012"),
    (36, 11, "C00010     "), (47, 25, "Facture FA-2026-00012 Caf"), (72, 13, "  10000000,00"), (85, 1, "D"),
    (86, 12, " " * 12), (98, 6, " " * 6), (104, 34, 'Cafe " L\'OEuf, 5 EUR " ; "Creme|br'), (138, 5, "O2003"),
)  # fmt: skip


def written(key: str, *entries: ExportEntry, options: ExportOptions = OPTIONS) -> bytes:
    out = io.BytesIO()
    FORMATS[key].write(entries or ENTRIES, options, out)
    return out.getvalue()


@pytest.mark.parametrize("key", sorted(FORMATS.keys() - {"xlsx"}))
def test_each_format_gives_its_golden_file(key: str) -> None:
    assert written(key) == (GOLDEN / f"{key}.{FORMATS[key].extension}").read_bytes()


@pytest.mark.parametrize(
    ("record", "table", "line"),
    [
        (quadra.PARTY, QUADRA_C, written("quadra").split(b"\r\n")[0]),
        (quadra.MOVEMENT, QUADRA_M, written("quadra").split(b"\r\n")[1]),
        (ximport.MOVEMENT, XIMPORT, written("ximport").split(b"\r\n")[0]),
    ],
)
def test_each_field_of_a_fixed_record_stands_where_the_table_says(
    record: Record, table: tuple[tuple[int, int, str], ...], line: bytes
) -> None:
    assert [(field.start, field.length) for field in record.fields] == [row[:2] for row in table]
    assert len(line) == record.length
    text = line.decode("ascii")
    assert [text[start - 1 : start - 1 + length] for start, length, _ in table] == [row[2] for row in table]


def test_lengths_in_bytes_are_the_same_for_every_record() -> None:
    by_kind: dict[bytes, set[int]] = {}
    for line in written("quadra").removesuffix(b"\r\n").split(b"\r\n"):
        by_kind.setdefault(line[:1], set()).add(len(line))
    assert by_kind == {b"C": {453}, b"M": {231}}
    lines = written("ximport").removesuffix(b"\r\n").split(b"\r\n")
    assert {len(line) for line in lines} == {142}
    assert len(lines) == LINE_COUNT


@pytest.mark.parametrize("key", sorted(DELIMITED))
def test_a_separator_a_line_end_or_a_quotation_mark_in_a_text_breaks_no_row(key: str) -> None:
    separator, end, encoding, fields = DELIMITED[key]
    rows = written(key).decode(encoding).split(end)
    assert rows.pop() == ""
    rows = rows[HEADINGS.get(key, 0) :]
    assert len(rows) == LINE_COUNT
    assert {len(row.split(separator)) for row in rows} == {fields}
    assert not any(mark in row for row in rows for mark in "\r\n")
    # EBP's own quotation marks only.
    assert {row.count('"') for row in rows} == ({4} if key == "ebp" else {0})


@given(st.text(min_size=1, max_size=300), st.text(max_size=40), st.integers(1, 10**11))
def test_whatever_people_write_every_file_stays_well_formed(name: str, reference: str, cents: int) -> None:
    lines = (
        replace(SALE.lines[0], party_label=name, label=name, debit_cents=cents),
        replace(SALE.lines[1], label=name, credit_cents=cents),
    )
    entry = replace(SALE, piece_ref=reference, label=name, lines=lines)
    for key, (separator, end, encoding, fields) in DELIMITED.items():
        rows = written(key, entry).decode(encoding).split(end)[HEADINGS.get(key, 0) :]
        assert [len(row.split(separator)) for row in rows] == [fields, fields, 1], (key, rows)
    assert [len(line) for line in written("quadra", entry).split(b"\r\n")] == [453, 231, 231, 0]
    assert [len(line) for line in written("ximport", entry).split(b"\r\n")] == [142, 142, 0]
    table = csv.reader(io.StringIO(written("csv", entry).decode("utf-8-sig"), newline=""), delimiter=";")
    assert [len(row) for row in table] == [13, 13, 13]


def test_the_smallest_and_a_large_amount_are_exact_everywhere() -> None:
    large = {
        "quadra": "001000000000", "ximport": "  10000000,00", "coala": "10000000,00", "rimport": "10000000.00",
        "ebp": "10000000.00", "acd": "10000000,00", "isacompta": "10000000,00", "cegid": "10000000,00",
        "csv": "10000000,00",
    }  # fmt: skip
    small = {"quadra": "+000000000001", "ximport": "         0,01", "rimport": "0.01", "ebp": "0.01"}
    for key, text in large.items():
        assert text in written(key, SALE).decode("latin-1"), key
        assert small.get(key, "0,01") in written(key, OWN_ACCOUNT).decode("latin-1"), key
    assert b"0010000000.00" in written("ximport", SALE, options=replace(OPTIONS, ximport_dot=True))
    assert amount_text(-5, ",") == "-0,05"


def test_each_third_party_has_one_account_record_with_its_collective_account() -> None:
    found = [line.decode() for line in written("quadra").split(b"\r\n") if line.startswith(b"C")]
    shown = [(line[1:9], line[98:106], line[217]) for line in found]
    assert shown == [
        ("C00010  ", "41100000", "C"), ("411LONG0", "41100000", "C"), ("PAYPLUG ", "40100000", "F"),
    ]  # fmt: skip
    assert all(line[9:39].strip() for line in found)


def test_a_letter_that_would_be_cut_off_is_left_out_and_an_entry_without_due_date_says_so() -> None:
    lines = [line.decode() for line in written("quadra").split(b"\r\n") if line.startswith(b"M")]
    assert [line[69:71] for line in lines if line[1:8] == "PAYPLUG"] == ["  "]
    assert {line[63:69] for line in lines if line[9:11] == "BQ"} == {"000000"}


def test_what_must_stay_whole_is_refused_and_never_cut_off() -> None:
    party = replace(SALE, lines=(replace(SALE.lines[0], party="CUSTOMER-12"),))
    journal = replace(SALE, journal="VEN")
    account = replace(SALE, lines=(replace(SALE.lines[1], account="706123456789"),))
    amount = replace(SALE, lines=(replace(SALE.lines[1], credit_cents=10**12),))
    for entry in (party, journal, account, amount):
        with pytest.raises(DoesNotFit):
            written("quadra", entry)
    for entry in (replace(SALE, lines=(replace(SALE.lines[0], party="C" * 12),)), journal, account):
        with pytest.raises(DoesNotFit):
            written("ximport", entry)
    with pytest.raises(DoesNotFit):
        written("ximport", replace(SALE, lines=(replace(SALE.lines[1], credit_cents=10**13),)))


@pytest.mark.parametrize(
    ("number", "length", "longest", "expected"),
    [
        ("411000", 0, 17, "411000"), ("411000", 8, 17, "41100000"), ("41100000", 6, 17, "411000"),
        ("44574", 6, 17, "445740"), ("411000", 10, 8, "41100000"), ("70710000000", 0, 8, "70710000"),
    ],
)  # fmt: skip
def test_accounts_take_the_length_of_the_software(
    number: str, length: int, longest: int, expected: str
) -> None:
    assert fitted_account(number, length, longest) == expected


def test_an_account_is_never_shortened_to_another_one() -> None:
    for number, length, longest in (("4457112", 6, 17), ("706000001", 0, 8), ("411DUPONT0", 8, 8)):
        with pytest.raises(DoesNotFit):
            fitted_account(number, length, longest)


@pytest.mark.parametrize(
    ("text", "ascii_", "ansi"),
    [
        ("Œuvre naïve à 5 €", "OEuvre naive a 5 EUR", "Œuvre naïve à 5 €"),
        ("« L’été »", '" L\'ete "', "« L’été »"),
        ("Ελλάδα & Łódź", "?????? & Lodz", "?????? & Lódz"),
        ("a\tb\r\nc\x00d", "a b c d", "a b c d"),
        ("e\u0301", "e", "é"),
        ("10\u202f000", "10 000", "10\xa0000"),
        ("日本", "??", "??"),
    ],
)
def test_texts_are_spelled_in_what_old_software_reads(text: str, ascii_: str, ansi: str) -> None:
    assert ascii_text(text) == ascii_
    assert ansi_text(text) == ansi
    ansi_text(text).encode("cp1252")


def test_the_workbook_has_typed_cells_and_no_formula(tmp_path: Path) -> None:
    evil = replace(SALE, lines=(replace(SALE.lines[0], party_label="=1+1"), *SALE.lines[1:]))
    (tmp_path / "a.xlsx").write_bytes(written("xlsx", evil, COLLECTION))
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    rows = list(page.iter_rows(min_row=2))
    assert len(rows) == 7
    first: list[Any] = [cell.value for cell in rows[0]]
    assert first[1].date() == date(2026, 3, 2)
    assert first[7] == "=1+1"
    assert rows[0][7].data_type == "s"
    assert (float(first[9]), float(first[10]), first[12]) == (10_000_000.0, 0.0, "AA")


def test_a_table_of_fields_with_a_gap_is_a_programmers_error() -> None:
    with pytest.raises(AssertionError):
        Record((Field("a", 1, 2), Field("b", 4, 1)))
    record = Record((Field("a", 1, 2), Field("b", 3, 3, right=True, fill="0")))
    assert record.line({"a": "é", "b": "7"}) == b"e 007"
    with pytest.raises(AssertionError):
        record.line({"c": "x"})


def test_names_of_255_characters_fill_their_field_and_no_more() -> None:
    record = written("quadra", OWN_ACCOUNT).split(b"\r\n")[0]
    assert record[9:39].decode() == ascii_text(LONG)[:30]
