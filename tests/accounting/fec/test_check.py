"""accounting/fec/check.py: a right file passes; each way of spoiling it is found by its own rule."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from accounting.fec import entries, rules
from accounting.fec.check import check_fec
from accounting.fec.findings import Verdict, in_english
from accounting.fec.rules import Severity
from tests.accounting.fec.right_file import (
    NAME,
    Rows,
    Spoil,
    check_rows,
    check_text,
    codes,
    column,
    line,
    right_rows,
    text_of,
)


def setting(row: int, name: str, value: str) -> Spoil:
    def spoil(rows: Rows) -> None:
        rows[row][column(name)] = value

    return spoil


def setting_all(name: str, value: str, *rows_to_set: int) -> Spoil:
    def spoil(rows: Rows) -> None:
        for row in rows_to_set:
            rows[row][column(name)] = value

    return spoil


def spoiled(*spoils: Spoil) -> Rows:
    rows = right_rows()
    for spoil in spoils:
        spoil(rows)
    return rows


def test_a_right_file_has_no_finding_at_all() -> None:
    report = check_rows(right_rows())
    assert report.findings == ()
    assert (report.verdict, report.verdict.exit_code) == (Verdict.RIGHT, 0)
    assert (report.line_count, report.entry_count, report.numbering) == (13, 5, "journal")
    assert report.debit_cents == report.credit_cents == 226_550
    assert report.closing_date == date(2026, 12, 31)
    assert {journal.code: journal.debit_cents for journal in report.journals} == {
        "AN": 100_000,
        "VE": 112_050,
        "PP": 14_000,
        "OD": 500,
    }


CELL_FAULTS = [
    ("mandatory-blank", 4, "JournalCode", setting(3, "JournalCode", "")),
    ("mandatory-blank", 4, "JournalLib", setting(3, "JournalLib", " ")),
    ("mandatory-blank", 4, "EcritureNum", setting(3, "EcritureNum", "")),
    ("mandatory-blank", 4, "EcritureDate", setting(3, "EcritureDate", "")),
    ("mandatory-blank", 4, "CompteNum", setting(3, "CompteNum", "")),
    ("mandatory-blank", 4, "CompteLib", setting(3, "CompteLib", "")),
    ("mandatory-blank", 4, "PieceRef", setting(3, "PieceRef", "")),
    ("mandatory-blank", 4, "PieceDate", setting(3, "PieceDate", "")),
    ("mandatory-blank", 4, "EcritureLib", setting(3, "EcritureLib", "")),
    ("mandatory-blank", 4, "Credit", setting(3, "Credit", "")),
    ("mandatory-blank", 4, "ValidDate", setting(3, "ValidDate", "")),
    ("number-dot", 4, "Debit", setting(3, "Debit", "120.00")),
    ("number-thousands", 11, "Debit", setting(10, "Debit", "1 000,50")),
    ("number-thousands", 11, "Debit", setting(10, "Debit", "1\u202f000,50")),
    ("number-thousands", 11, "Debit", setting(10, "Debit", "1,000,50")),
    ("number-invalid", 4, "Debit", setting(3, "Debit", "12O,00")),
    ("number-invalid", 4, "Debit", setting(3, "Debit", "1,2E2")),
    ("number-invalid", 4, "Debit", setting(3, "Debit", "+120,00-")),
    ("number-decimals", 4, "Debit", setting(3, "Debit", "120,001")),
    ("number-invalid", 4, "Montantdevise", setting(3, "Montantdevise", "cent")),
    ("date-format", 4, "EcritureDate", setting(3, "EcritureDate", "10/02/2026")),
    ("date-format", 4, "EcritureDate", setting(3, "EcritureDate", "10022026x")),
    ("date-format", 4, "PieceDate", setting(3, "PieceDate", "2026-02-10")),
    ("date-format", 4, "ValidDate", setting(3, "ValidDate", "202602")),
    ("date-calendar", 4, "PieceDate", setting(3, "PieceDate", "20260231")),
    ("date-calendar", 4, "DateLet", setting(3, "DateLet", "20261301")),
    ("date-calendar", 4, "EcritureDate", setting(3, "EcritureDate", "10022026")),
    ("date-outside-year", 13, "EcritureDate", setting(12, "EcritureDate", "20270101")),
    ("date-outside-year", 13, "EcritureDate", setting(12, "EcritureDate", "20241231")),
    ("piece-after-entry", 4, "PieceDate", setting(3, "PieceDate", "20260211")),
    ("lettering-without-date", 4, "DateLet", setting(3, "DateLet", "")),
    ("lettering-without-code", 4, "EcritureLet", setting(3, "EcritureLet", "")),
    ("forbidden-character", 4, "EcritureLib", setting(3, "EcritureLib", "Facture | avoir")),
    ("forbidden-character", 4, "EcritureLib", setting(3, "EcritureLib", "Facture\x07")),
    ("forbidden-character", 4, "CompteLib", setting(3, "CompteLib", "Clients\u2028")),
]


@pytest.mark.parametrize(("code", "at_line", "at_column", "spoil"), CELL_FAULTS)
def test_a_wrong_cell_is_an_error_with_its_line_and_column(
    code: str, at_line: int, at_column: str, spoil: Spoil
) -> None:
    report = check_rows(spoiled(spoil))
    places = [(finding.line, finding.column) for finding in report.findings if finding.rule.code == code]
    assert places == [(at_line, at_column)]
    assert code in codes(report)
    assert report.verdict is Verdict.FAULTY
    assert report.verdict.exit_code == 1


WARNINGS = [
    ("number-sign", [setting(12, "Debit", "0,00"), setting(12, "Credit", "-5,00")]),
    ("number-sign", [setting(12, "Debit", "0,00"), setting(12, "Credit", "5,00-")]),
    ("number-sign", [setting(12, "Debit", "+5,00")]),
    ("amount-both", [setting(12, "Debit", "6,00"), setting(12, "Credit", "1,00")]),
    ("amount-none", [lambda rows: rows.append(line("OD000001", "20260630", "706000", "0,00", "0,00"))]),
    ("account-digits", [setting(3, "CompteNum", "41A000")]),
    ("account-digits", [setting(4, "CompteNum", "70")]),
    ("date-century", [setting(3, "PieceDate", "18990101")]),
    ("header-spelling", [setting(0, "Montantdevise", "MontantDevise")]),
    ("header-spelling", [setting(0, "Debit", "Débit")]),
    ("number-start", [setting_all("EcritureNum", "OD000007", 12, 13)]),
    ("number-order", [setting_all("EcritureNum", "VE000003", 3, 4, 5), lambda rows: rows.insert(
        12, line("VE000001", "20260415", "706000", "0,00", "0,00"))]),
    ("number-no-digits", [setting_all("EcritureNum", "OD", 12, 13)]),
    ("lettering-unbalanced", [setting(3, "EcritureLet", "AB")]),
    ("currency-alone", [setting(3, "Montantdevise", "130,00")]),
    ("currency-alone", [setting(3, "Idevise", "USD")]),
    ("currency-code", [setting(3, "Idevise", "$"), setting(3, "Montantdevise", "130,00")]),
    ("auxiliary-unnamed", [setting(3, "CompAuxLib", "")]),
    ("auxiliary-unnumbered", [setting(10, "CompAuxNum", " ")]),
    ("journal-names", [setting(10, "JournalLib", "Vente")]),
    ("account-names", [setting(7, "CompteLib", "Client")]),
    ("opening-result", [setting(2, "CompteNum", "706000"), setting(2, "CompteLib", "Prestations de services")]),
    ("opening-spread", [lambda rows: rows.insert(3, line("AN000002", "20260102", "512000", "5,00", "0,00")),
                        lambda rows: rows.insert(4, line("AN000002", "20260102", "101000", "0,00", "5,00"))]),
    ("result-zeroed", [lambda rows: rows.extend([
        line("OD000002", "20261231", "706000", "1095,50", "0,00"),
        [*line("OD000002", "20261231", "101000", "0,00", "1095,50")[:4], "120000", "Résultat",
         *line("OD000002", "20261231", "101000", "0,00", "1095,50")[6:]]])]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "spoils"), WARNINGS)
def test_an_oddity_is_a_warning_and_the_file_stays_right(code: str, spoils: list[Spoil]) -> None:
    report = check_rows(spoiled(*spoils))
    assert code in codes(report)
    assert report.total(Severity.ERROR) == 0
    assert report.verdict is Verdict.RIGHT


def test_a_currency_beside_every_line_says_nothing_wrong() -> None:
    assert codes(check_rows(spoiled(setting(3, "Idevise", "EUR")))) == set()
    both = spoiled(setting(3, "Idevise", "USD"), setting(3, "Montantdevise", "130,00"))
    assert codes(check_rows(both)) == set()


def _with_cash_columns(*names: str, day: str = "20260302") -> Rows:
    rows = right_rows()
    rows[0] += names
    for row in rows[1:]:
        row.extend([day, "VIR", "BNC", "C1"][: len(names)])
    return rows


def test_the_columns_of_cash_accounting_are_known_and_their_date_is_checked() -> None:
    farmer, doctor = ("DateRglt", "ModeRglt", "NatOp"), ("DateRglt", "ModeRglt", "NatOp", "IdClient")
    assert codes(check_rows(_with_cash_columns(*farmer))) == {"cash-columns"}
    report = check_rows(_with_cash_columns(*doctor))
    assert codes(report) == {"cash-columns"}
    assert report.findings[0].parameters == {"count": "22"}
    assert codes(check_rows(_with_cash_columns("ModeRglt", "DateRglt", "NatOp"))) >= {"cash-columns-place"}
    wrong = check_rows(_with_cash_columns(*doctor, day="2026-03-02"))
    assert {(f.rule.code, f.column) for f in wrong.findings[:1]} == {("date-format", "DateRglt")}


def test_opening_entries_are_known_by_their_code_or_their_label() -> None:
    def renamed(rows: Rows) -> None:
        for row in rows[1:3]:
            row[0], row[2] = "RAN", "RAN000001"

    report = check_rows(spoiled(renamed))
    assert report.findings == ()
    assert report.opening_cents == 100_000
    spoil = setting_all("JournalLib", "Report des soldes", 1, 2)
    stream = BytesIO(text_of(spoiled(renamed, spoil)).encode())
    assert check_fec(stream, NAME, opening_journal="RAN").findings == ()
    assert check_fec(BytesIO(text_of(spoiled(renamed, spoil)).encode()), NAME).opening_cents == 0


def test_an_entry_that_does_not_balance_is_found_with_its_difference() -> None:
    report = check_rows(spoiled(setting(3, "Debit", "120,01")))
    (finding,) = [finding for finding in report.findings if finding.rule.code == "entry-unbalanced"]
    assert finding.line == 4
    assert finding.sentence(in_english) == "Entry VE000001 of journal VE does not balance: 0,01."


def test_a_journal_and_a_file_that_do_not_balance_are_found() -> None:
    assert {"journal-unbalanced", "file-unbalanced"} <= codes(
        check_rows(spoiled(setting(3, "Debit", "120,01")))
    )


def test_entries_whose_errors_cancel_out_are_still_found_one_by_one() -> None:
    report = check_rows(spoiled(setting(3, "Debit", "121,00"), setting(10, "Debit", "999,50")))
    assert codes(report) >= {"entry-unbalanced"}
    assert "file-unbalanced" not in codes(report)
    assert report.counts[report.findings[0].rule] == 2


@pytest.mark.parametrize("name", ["EcritureDate", "ValidDate"])
def test_an_entry_with_several_dates_is_found(name: str) -> None:
    report = check_rows(spoiled(setting(5, name, "20260211")))
    assert [(f.rule.code, f.line, f.column) for f in report.findings] == [("entry-dates", 6, name)]


def test_an_entry_in_several_journals_is_found() -> None:
    report = check_rows(spoiled(setting(13, "JournalCode", "VE")))
    assert "entry-journals" in codes(report)
    assert "entry-unbalanced" not in codes(report)


def test_lines_of_an_entry_that_do_not_stand_together_are_found() -> None:
    report = check_rows(spoiled(lambda rows: rows.append(rows.pop(5))))
    assert "entry-scattered" in codes(report)


def test_a_number_given_twice_is_found() -> None:
    report = check_rows(spoiled(setting_all("EcritureNum", "VE000001", 10, 11)))
    assert codes(report) == {"number-repeated"}


def test_a_missing_number_is_found_on_the_line_after_it() -> None:
    report = check_rows(spoiled(setting_all("EcritureNum", "VE000005", 10, 11)))
    (finding,) = report.findings
    assert (finding.rule.code, finding.line) == ("number-gap", 11)
    assert finding.sentence(in_english) == "3 entry numbers are missing after VE000001."


def numbered(numbers: list[str]) -> Rows:
    """The right file with other numbers for its five entries."""
    rows = right_rows()
    old = ["AN000001", "VE000001", "PP000001", "VE000002", "OD000001"]
    for row in rows[1:]:
        row[column("EcritureNum")] = numbers[old.index(row[column("EcritureNum")])]
    return rows


@pytest.mark.parametrize(
    ("numbers", "numbering"),
    [
        (["1", "2", "3", "4", "5"], "file"),
        (["000001", "000002", "000003", "000004", "000005"], "file"),
        (["2026/0001 A", "2026/0002 A", "2026/0003 A", "2026/0004 A", "2026/0005 A"], "file"),
        (["1", "1", "1", "2", "1"], "journal"),
        (["AN1", "VE1", "PP1", "VE2", "OD1"], "journal"),
        (["A1", "B1", "B2", "B3", "B4"], "prefix"),
    ],
)
def test_every_accepted_way_of_numbering_is_recognised(numbers: list[str], numbering: str) -> None:
    report = check_rows(numbered(numbers))
    assert report.findings == ()
    assert (report.numbering, report.entry_count) == (numbering, 5)


@pytest.mark.parametrize(
    "numbers", [["1", "2", "3", "5", "6"], ["1", "1", "1", "3", "1"], ["AN1", "VE1", "PP1", "VE3", "OD1"]]
)
def test_a_gap_is_found_in_every_way_of_numbering(numbers: list[str]) -> None:
    assert codes(check_rows(numbered(numbers))) == {"number-gap"}


def test_numbers_that_follow_nothing_are_an_error() -> None:
    rows = right_rows()[:1]
    for index in range(10_001):
        for side in (("1,00", "0,00"), ("0,00", "1,00")):
            row = line("OD000001", "20260630", "706000", *side)
            row[column("EcritureNum")] = f"{index}-1"
            rows.append(row)
    report = check_rows(rows)
    assert codes(report) == {"numbering-lost"}
    assert report.numbering is None


def test_entries_out_of_the_order_of_validation_are_found() -> None:
    report = check_rows(spoiled(setting_all("ValidDate", "20260228", 10, 11)))
    assert [(f.rule.code, f.line) for f in report.findings] == [("validation-order", 11)]


def test_opening_entries_may_be_validated_late_but_must_come_first() -> None:
    def move_opening(rows: Rows) -> None:
        rows[1:6] = rows[3:6] + rows[1:3]

    assert codes(check_rows(spoiled(move_opening))) == {"opening-first"}


def test_the_financial_year_starts_where_the_caller_says() -> None:
    content = BytesIO(text_of(right_rows()).encode())
    report = check_fec(content, NAME, year_start=date(2026, 2, 1))
    assert [(f.rule.code, f.line) for f in report.findings] == [
        ("date-outside-year", 2),
        ("date-outside-year", 3),
    ]


def test_a_year_of_24_months_is_accepted_and_not_a_day_more() -> None:
    first_day = check_rows(spoiled(setting_all("EcritureDate", "20250101", 12, 13), _old_pieces))
    day_before = check_rows(spoiled(setting_all("EcritureDate", "20241231", 12, 13), _old_pieces))
    assert codes(first_day) == set()
    assert codes(day_before) == {"date-outside-year"}


def _old_pieces(rows: Rows) -> None:
    setting_all("PieceDate", "20241201", 12, 13)(rows)


def test_a_lettering_completed_after_the_closing_date_is_only_told() -> None:
    report = check_rows(spoiled(setting(10, "EcritureLet", "AB"), setting(10, "DateLet", "20270115")))
    assert codes(report) == {"lettering-later"}
    assert report.total(Severity.INFO) == 1


def test_the_same_letters_for_two_customers_are_two_letterings() -> None:
    report = check_rows(spoiled(setting(3, "CompAuxNum", "C009")))
    assert codes(report) == {"lettering-unbalanced"}


def test_a_lettering_in_lower_case_is_partial_and_need_not_balance() -> None:
    assert (
        codes(check_rows(spoiled(setting(10, "EcritureLet", "ab"), setting(10, "DateLet", "20260601"))))
        == set()
    )


def test_letterings_beyond_the_bound_are_left_alone_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MOST_OPEN_LETTERINGS", 0)
    assert codes(check_rows(right_rows())) == {"lettering-unchecked"}


@pytest.mark.parametrize("separator", ["\t", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_both_separators_and_all_line_ends_are_read(separator: str, end: str) -> None:
    report = check_text(text_of(right_rows(), separator, end))
    assert report.findings == ()
    assert report.separator == separator


@pytest.mark.parametrize("separator", [";", ","])
def test_the_separators_of_before_2013_are_refused(separator: str) -> None:
    report = check_text(text_of(right_rows(), separator))
    assert codes(report) == {"separator-refused"}
    assert report.verdict is Verdict.FAULTY


def test_the_last_line_may_lack_its_end() -> None:
    assert check_text(text_of(right_rows()).rstrip("\r\n")).findings == ()


def test_mixed_line_ends_are_a_warning() -> None:
    text = text_of(right_rows()).replace("\r\n", "\n", 3)
    assert codes(check_text(text)) == {"line-ends-mixed"}


def test_an_empty_line_is_an_error() -> None:
    report = check_text(text_of(right_rows()) + "\r\n")
    assert [(f.rule.code, f.line) for f in report.findings] == [("empty-line", 15)]


def test_a_line_with_too_few_or_too_many_fields_is_an_error() -> None:
    report = check_rows(spoiled(lambda rows: rows[12].append("x"), lambda rows: rows[13].pop()))
    assert [f.line for f in report.findings if f.rule.code == "field-count"] == [13, 14]
    assert report.findings[0].sentence(in_english) == "The line has 19 fields instead of 18."


def test_a_file_with_only_a_header_is_an_error() -> None:
    report = check_rows(right_rows()[:1])
    assert codes(report) == {"no-lines"}
    assert report.verdict is Verdict.FAULTY


@pytest.mark.parametrize("name", ["JournalCode", "EcritureNum", "Debit", "Idevise"])
def test_a_missing_column_is_an_error(name: str) -> None:
    def drop(rows: Rows) -> None:
        for row in rows:
            del row[column(name)]

    report = check_rows(spoiled(drop))
    assert ("header-missing", name) in [(f.rule.code, f.column) for f in report.findings]
    assert report.verdict is Verdict.FAULTY


def test_columns_in_another_order_are_an_error_but_are_read() -> None:
    def swap(rows: Rows) -> None:
        for row in rows:
            row[11], row[12] = row[12], row[11]

    report = check_rows(spoiled(swap))
    assert codes(report) == {"header-order"}
    assert report.debit_cents == 226_550


def test_a_column_named_twice_is_an_error() -> None:
    def append(rows: Rows) -> None:
        for row in rows:
            row.append(row[0])

    assert "header-duplicate" in codes(check_rows(spoiled(append)))


def test_more_columns_may_follow_the_18() -> None:
    def append(rows: Rows) -> None:
        for row in rows:
            row.append("DateLimitReglmt" if row is rows[0] else "20260430")

    report = check_rows(spoiled(append))
    assert codes(report) == {"header-extra"}
    assert report.verdict is Verdict.RIGHT


def test_one_separator_at_the_end_of_the_header_is_a_warning() -> None:
    assert codes(check_rows(spoiled(lambda rows: rows[0].append("")))) == {"header-trailing"}
    on_every_line = [[*row, ""] for row in right_rows()]
    assert codes(check_rows(on_every_line)) == {"header-trailing"}


def test_a_file_without_header_is_an_error() -> None:
    assert codes(check_rows(right_rows()[1:])) == {"header-absent"}


def as_sens(rows: Rows, debit: str = "D", credit: str = "C") -> Rows:
    rows[0][11:13] = ["Montant", "Sens"]
    for row in rows[1:]:
        row[11:13] = [row[12], credit] if row[11] == "0,00" else [row[11], debit]
    return rows


@pytest.mark.parametrize(("debit", "credit"), [("D", "C"), ("+1", "-1")])
def test_amount_and_side_may_stand_for_debit_and_credit(debit: str, credit: str) -> None:
    report = check_rows(as_sens(right_rows(), debit, credit))
    assert report.findings == ()
    assert report.debit_cents == report.credit_cents == 226_550


@pytest.mark.parametrize("sens", ["X", "1", "d", "", "+ 1"])
def test_any_other_side_is_an_error(sens: str) -> None:
    rows = as_sens(right_rows())
    rows[3][12] = sens
    report = check_rows(rows)
    assert ("sens-invalid", 4) in [(f.rule.code, f.line) for f in report.findings]


def test_a_blank_amount_beside_a_side_is_an_error() -> None:
    rows = as_sens(right_rows())
    rows[3][11] = ""
    places = [(f.rule.code, f.column) for f in check_rows(rows).findings]
    assert ("mandatory-blank", "Montant") in places


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("FEC.txt", "file-name"),
        ("732829320FEC2026.txt", "file-name"),
        ("732829320-20261231.txt", "file-name"),
        ("732829320FEC20261231-v2.txt", "file-name"),
        ("732829320FEC20260231.txt", "file-date"),
        ("732829320FEC20261331.txt", "file-date"),
        ("73282932FEC20261231.txt", "siren-length"),
        ("732829321FEC20261231.txt", "siren-key"),
    ],
)
def test_a_wrong_file_name_is_an_error(name: str, code: str) -> None:
    report = check_rows(right_rows(), name)
    assert codes(report) == {code}
    assert report.verdict is Verdict.FAULTY


def test_the_extension_is_free() -> None:
    assert check_rows(right_rows(), "732829320FEC20261231").findings == ()


@pytest.mark.parametrize(
    ("encoding", "said", "found"),
    [
        ("utf-8", "UTF-8", set()),
        ("utf-8-sig", "UTF-8-BOM", {"encoding-bom"}),
        ("iso-8859-15", "ISO-8859-15", set()),
    ],
)
def test_the_encoding_is_recognised(encoding: str, said: str, found: set[str]) -> None:
    text = text_of(right_rows()).replace("’", "'").replace("Capital", "Capital €")
    report = check_text(text, encoding=encoding)
    assert (report.encoding, codes(report)) == (said, found)


def test_windows_quotes_are_control_characters_in_iso_8859_15() -> None:
    text = text_of(right_rows())
    assert codes(check_text(text, encoding="windows-1252")) == {"forbidden-character"}


def test_mixed_encodings_are_an_error() -> None:
    lines = text_of(right_rows()).replace("’", "'").splitlines(keepends=True)
    mixed = b"".join(one.encode("iso-8859-15" if one.startswith("PP") else "utf-8") for one in lines)
    report = check_fec(BytesIO(mixed), NAME)
    assert [(f.rule.code, f.line) for f in report.findings] == [("encoding-mixed", 7)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"\xff\xfe" + "JournalCode\t".encode("utf-16-le"), "file-not-text"),
        (b'<?xml version="1.0" encoding="UTF-8"?><comptabilite/>', "file-xml"),
        (b"%PDF-1.7\n%\xe2\xe3", "no-separator"),
        (b"a" * 200_000, "line-too-long"),
        (text_of(right_rows()).encode() + b"x" * 200_000, "line-too-long"),
    ],
)
def test_what_is_no_table_is_unreadable(content: bytes, code: str) -> None:
    report = check_fec(BytesIO(content), NAME)
    assert code in codes(report)
    assert (report.verdict, report.verdict.exit_code) == (Verdict.UNREADABLE, 2)


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path / NAME, tmp_path):
        report = check_fec(path)
        assert report.verdict is Verdict.UNREADABLE
        assert codes(report) == {"file-unreadable"}
        assert report.findings[0].parameters["reason"]


def test_the_name_of_a_path_is_judged_without_its_folder(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(text_of(right_rows()).encode())
    assert check_fec(path).findings == ()


def test_findings_are_counted_beyond_those_that_are_kept() -> None:
    rows = right_rows() + [line("OD000001", "20260630", "706000", "1.00", "0,00") for _ in range(50)]
    report = check_rows(rows)
    kept = [finding for finding in report.findings if finding.rule.code == "number-dot"]
    assert (len(kept), report.counts[kept[0].rule]) == (20, 50)


def test_the_report_as_data_says_everything() -> None:
    data = check_rows(spoiled(setting(3, "Debit", "120.00"))).as_dict()
    assert data["verdict"] == "faulty"
    assert data["totals"]["number-dot"] == 1
    assert {
        "severity": "error",
        "rule": "number-dot",
        "line": 4,
        "column": "Debit",
        "message": "“120.00” must be written with a decimal comma.",
        "parameters": {"value": "120.00"},
    } in data["findings"]


def test_every_rule_is_held_by_some_test_of_this_file() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    all_codes = {rule.code for rule in vars(rules).values() if isinstance(rule, rules.Rule)}
    untested = {code for code in all_codes if f'"{code}"' not in source}
    assert not untested
