"""accounting/fec/format.py: every byte of the file, and that its own checker finds nothing in it."""

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting.fec.check import check_fec
from accounting.fec.findings import Verdict
from accounting.fec.format import (
    COLUMNS,
    FecLine,
    FecSummary,
    amount_text,
    clean_text,
    fec_file_name,
    write_fec,
)
from accounting.fec.rules import Severity

DAY = date(2026, 2, 10)


def fec_line(**changes: object) -> FecLine:
    line = FecLine(
        "VE", "Ventes", "VE000001", DAY, "411000", "Clients", "C001", "Société Étoile", "F-1", DAY, "Facture F-1",
        12_050, 0, "AA", date(2026, 3, 2), date(2026, 2, 11),
    )  # fmt: skip
    return line._replace(**changes)  # type: ignore[arg-type]  # the test chooses fields by name


def written(*lines: FecLine) -> tuple[list[str], FecSummary]:
    out = BytesIO()
    summary = write_fec(lines, out)
    text = out.getvalue().decode("utf-8")
    assert text.endswith("\r\n")
    return text.removesuffix("\r\n").split("\r\n"), summary


def test_a_line_is_written_to_the_letter() -> None:
    (header, line), summary = written(fec_line())
    assert header == "\t".join(COLUMNS)
    assert line == (
        "VE\tVentes\tVE000001\t20260210\t411000\tClients\tC001\tSociété Étoile\tF-1\t20260210\tFacture F-1\t"
        "120,50\t0,00\tAA\t20260302\t20260211\t\t"
    )
    assert summary == FecSummary(1, 12_050, 0, len(f"{header}\r\n{line}\r\n".encode()))


def test_there_is_no_byte_order_mark() -> None:
    out = BytesIO()
    write_fec([], out)
    assert out.getvalue().startswith(b"JournalCode\t")


def test_what_is_unused_is_blank_and_what_is_mandatory_is_not() -> None:
    (_, line), _ = written(
        fec_line(
            auxiliary_number=None,
            auxiliary_label=None,
            piece_ref=None,
            label="  ",
            lettering_code=None,
            lettering_date=None,
        )
    )
    cells = line.split("\t")
    assert (cells[6], cells[7], cells[8], cells[10], cells[13], cells[14]) == ("", "", "-", "/", "", "")


def test_blank_references_stay_dashes_on_consecutive_lines() -> None:
    (_, *lines), _ = written(
        fec_line(piece_ref=None, label=None),
        fec_line(piece_ref=None, label=""),
        fec_line(),
        fec_line(piece_ref=""),
    )
    assert [line.split("\t")[8] for line in lines] == ["-", "-", "F-1", "-"]
    assert [line.split("\t")[10] for line in lines] == ["/", "/", "Facture F-1", "Facture F-1"]


def test_forbidden_characters_become_one_space() -> None:
    (_, line), _ = written(fec_line(label="\tUn|deux\r\ntrois\u2028quatre\x00\ud800 ’œ€\u00a0! "))
    assert line.split("\t")[10] == "Un deux trois quatre  ’œ€\u00a0!"


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0,00"),
        (1, "0,01"),
        (10, "0,10"),
        (99, "0,99"),
        (100, "1,00"),
        (123_456_789, "1234567,89"),
        (10**15, "10000000000000,00"),
        (-1, "-0,01"),
        (-12_345, "-123,45"),
    ],
)
def test_cents_are_written_exactly(cents: int, text: str) -> None:
    assert amount_text(cents) == text


@pytest.mark.parametrize(
    ("debit", "credit", "sides"),
    [
        (5, 0, ["0,05", "0,00"]),
        (0, 10**15, ["0,00", "10000000000000,00"]),
        (-500, 0, ["0,00", "5,00"]),
        (0, -500, ["5,00", "0,00"]),
        (0, 0, ["0,00", "0,00"]),
    ],
)
def test_a_negative_amount_goes_positive_to_the_other_side(debit: int, credit: int, sides: list[str]) -> None:
    (_, line), summary = written(fec_line(debit_cents=debit, credit_cents=credit))
    assert line.split("\t")[11:13] == sides
    assert [amount_text(summary.debit_cents), amount_text(summary.credit_cents)] == sides


@pytest.mark.parametrize(("debit", "credit"), [(100, 100), (100, -100), (-1, 5)])
def test_a_line_with_two_amounts_is_refused(debit: int, credit: int) -> None:
    with pytest.raises(ValueError, match="debit"):
        written(fec_line(debit_cents=debit, credit_cents=credit))


def test_a_foreign_amount_keeps_its_sign() -> None:
    (_, line), _ = written(fec_line(currency_amount_cents=-150, currency="USD"))
    assert line.split("\t")[16:] == ["-1,50", "USD"]


def test_the_file_is_named_for_the_siren_and_the_closing_date() -> None:
    assert fec_file_name("732829320", date(2026, 12, 31)) == "732829320FEC20261231.txt"


@pytest.mark.parametrize("siren", ["", "73282932", "73282932000074", "73282932O", "../732829320"])
def test_a_wrong_siren_names_no_file(siren: str) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        fec_file_name(siren, DAY)


def test_rows_are_taken_as_they_come() -> None:
    """A hundred thousand rows are never all asked for before the first is written."""
    out = BytesIO()
    seen: list[int] = []

    def rows() -> Iterator[FecLine]:
        for number in range(10_000):
            seen.append(out.tell())
            yield fec_line(entry_number=f"VE{number:06d}")

    write_fec(rows(), out)
    assert seen[0] == len("\t".join(COLUMNS)) + 2
    assert seen[-1] > 700_000


TEXTS = st.text(max_size=40)
CENTS = st.integers(1, 10**15)


@st.composite
def entries(draw: st.DrawFn) -> list[FecLine]:
    """Balanced entries with any text in them, numbered and validated in order."""
    lines = []
    validated = date(2026, 1, 1)
    for rank in range(1, draw(st.integers(1, 8)) + 1):
        validated += timedelta(days=draw(st.integers(0, 30)))
        booked = draw(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
        head = fec_line(
            entry_number=f"VE{rank:06d}",
            entry_date=booked,
            piece_date=booked,
            validation_date=validated,
            piece_ref=draw(st.none() | TEXTS),
            label=draw(st.none() | TEXTS),
            lettering_code=None,
            lettering_date=None,
        )
        credits_in_cents = draw(st.lists(CENTS, min_size=1, max_size=4))
        lines.append(head._replace(debit_cents=sum(credits_in_cents), auxiliary_label=draw(TEXTS)))
        negative = draw(st.booleans())
        lines += [
            head._replace(
                account_number="706000",
                debit_cents=-cents if negative else 0,
                credit_cents=0 if negative else cents,
                label=draw(TEXTS),
            )
            for cents in credits_in_cents
        ]
    return lines


@given(entries())
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_passes_the_check_to_the_cent(lines: list[FecLine]) -> None:
    out = BytesIO()
    summary = write_fec(lines, out)
    out.seek(0)
    report = check_fec(out, fec_file_name("732829320", date(2026, 12, 31)))
    assert report.verdict is Verdict.RIGHT
    # What a name is the rows decide: these are drawn at random.
    names = {"account-names", "journal-names", "auxiliary-unnamed", "auxiliary-unnumbered"}
    assert {rule.code for rule in report.counts if rule.severity is Severity.WARNING} <= names
    assert report.line_count == summary.line_count == len(lines)
    assert report.debit_cents == report.credit_cents == summary.debit_cents == summary.credit_cents
    assert summary.byte_count == len(out.getvalue())


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert cleaned.encode().decode() == cleaned
