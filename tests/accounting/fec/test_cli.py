"""`solde fec check`: the report a person reads, the report a program reads, and the exit status."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_babel import Babel

from accounting.fec.cli import fec
from tests.accounting.fec.right_file import NAME, Rows, column, line, right_rows, text_of

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    app = Flask(__name__)
    Babel(app, default_locale="fr")
    app.cli.add_command(fec)
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["fec", "check", *map(str, arguments)])


def stored(folder: Path, rows: Rows) -> Path:
    path = folder / NAME
    path.write_bytes(text_of(rows).encode())
    return path


def test_a_right_file_exits_0(run: Run, tmp_path: Path) -> None:
    result = run(stored(tmp_path, right_rows()), "--lang", "en")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        NAME,
        "13 lines, 5 entries, UTF-8",
        "Debit 2265,50, credit 2265,50",
        "Opening entries: 1000,00",
        "Numbering: one sequence per journal",
        "",
        "The file is right. 0 errors, 0 warnings.",
    ]


def test_a_faulty_file_exits_1_and_names_line_column_and_rule(run: Run, tmp_path: Path) -> None:
    rows = right_rows()
    rows[3][column("Debit")] = "120.00"
    result = run(stored(tmp_path, rows), "--lang", "en")
    assert result.exit_code == 1
    assert (
        "Error, line 4, Debit: “120.00” must be written with a decimal comma.  [number-dot]" in result.output
    )
    assert "The file is faulty." in result.output


def test_an_unreadable_file_exits_2(run: Run, tmp_path: Path) -> None:
    result = run(tmp_path / NAME, "--lang", "en")
    assert result.exit_code == 2
    assert "The file cannot be opened" in result.output


def test_more_findings_than_shown_are_counted(run: Run, tmp_path: Path) -> None:
    rows = right_rows() + [line("OD000001", "20260630", "706000", "1.00", "0,00") for _ in range(50)]
    result = run(stored(tmp_path, rows), "--lang", "en")
    assert "… and 30 more of the rule number-dot" in result.output


def test_the_json_report_can_be_read_by_a_program(run: Run, tmp_path: Path) -> None:
    rows = right_rows()
    rows[3][column("DateLet")] = ""
    result = run(stored(tmp_path, rows), "--json", "--lang", "en")
    assert result.exit_code == 1
    data = json.loads(result.output)
    assert data["verdict"] == "faulty"
    assert [finding["message"] for finding in data["findings"]] == ["Lettering “AA” has no date."]


def test_the_start_of_the_year_can_be_given(run: Run, tmp_path: Path) -> None:
    path = stored(tmp_path, right_rows())
    assert run(path, "--year-start", "2026-01-01").exit_code == 0
    assert run(path, "--year-start", "2026-02-01").exit_code == 1
