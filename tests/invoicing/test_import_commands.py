"""`solde customers import` and `solde invoices import`: exit codes, what is said where, the examples of the guide."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from core.database import db
from core.jobs import run_due_jobs
from core.mail import OutboxMail
from core.tenancy import in_company
from invoicing.csv_files import Column, plain
from invoicing.import_customers import COLUMNS as CUSTOMERS
from invoicing.import_invoices import COLUMNS as INVOICES
from invoicing.models import Customer, Document
from tests.conftest import make_company
from tests.invoicing.importing import csv_of

GUIDE = Path(__file__).parents[2] / "docs/guide"
CUSTOMER: dict[str, Any] = {
    "reference": "CLI", "kind": "individual", "first_name": "Zoé", "name": "Modèle", "address1": "1 rue de l’Essai",
    "postcode": "69001", "city": "Lyon", "email": "zoe@example.org",
}  # fmt: skip
LINE = {"customer": "CLI", "label": "Cours", "quantity": "1", "unit_price": "12.34", "vat_rate": "20"}


def _import(app: Flask, what: str, content: bytes | Path, *options: str) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "liste.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        return app.test_cli_runner().invoke(args=[what, "import", str(file), *options])


def _count(app: Flask, company_id: int, model: type[Any]) -> int:
    with app.app_context(), in_company(company_id):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_examples_of_the_guide_are_imported_as_they_stand(app: Flask, company_id: int) -> None:
    customers = _import(app, "customers", GUIDE / "clients.csv")
    assert (customers.exit_code, customers.stdout) == (0, "")
    invoices = _import(app, "invoices", GUIDE / "factures.csv", "--issue", "--send")
    assert (invoices.exit_code, invoices.stdout) == (0, "")
    run_due_jobs(app)
    with app.app_context(), in_company(company_id):
        issued = db.session.scalars(select(Document).order_by(Document.number)).all()
        assert [(d.number, d.net_cents, d.total_cents) for d in issued] == [
            ("F-2026-0001", 187_260, 223_250), ("F-2026-0002", 5_000, 6_000), ("F-2026-0003", 7_500, 9_000),
        ]  # fmt: skip
    assert _count(app, company_id, OutboxMail) == 3


def test_a_second_run_of_the_examples_adds_nothing(app: Flask, company_id: int) -> None:
    _import(app, "customers", GUIDE / "clients.csv")
    result = _import(app, "customers", GUIDE / "clients.csv", "--lang", "en")
    assert result.exit_code == 0
    assert "0 imported, 3 known already." in result.stderr
    assert _count(app, company_id, Customer) == 3


def test_a_refused_file_ends_with_1_and_names_line_column_and_reason(app: Flask, company_id: int) -> None:
    content = csv_of(CUSTOMER, {**CUSTOMER, "reference": "C2", "postcode": "1"}, {**CUSTOMER, "name": ""})
    result = _import(app, "customers", content, "--lang", "en")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "liste.csv:3: postcode: A French postcode has 5 digits.",
        "liste.csv:4: name: Give the name.",
        "liste.csv:4: reference: Line 2 has this reference too.",
    ]
    assert "nothing has changed" in result.stderr
    assert _count(app, company_id, Customer) == 0


def test_the_report_speaks_french_unless_asked_otherwise(app: Flask, company_id: int) -> None:
    result = _import(app, "customers", csv_of({**CUSTOMER, "postcode": "1"}))
    assert result.stdout == "liste.csv:2: postcode: Un code postal français comporte 5 chiffres.\n"
    assert "rien n’a changé" in result.stderr


def test_a_file_that_is_not_there_and_a_wrong_call_end_with_2(app: Flask, company_id: int) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["customers", "import", "not-there.csv"]).exit_code == 2
    assert runner.invoke(args=["invoices", "import", "."]).exit_code == 2
    without_issue = _import(app, "invoices", csv_of({"reference": "F", **LINE}), "--send")
    assert without_issue.exit_code == 2
    assert "--send needs --issue" in without_issue.stderr


def test_the_company_must_be_named_when_there_are_several(app: Flask, company_id: int) -> None:
    other_id = make_company(app, siren="404833048", vat_number="")
    assert _import(app, "customers", csv_of(CUSTOMER)).exit_code == 2
    assert _import(app, "customers", csv_of(CUSTOMER), "--company", "123").exit_code == 2
    assert _import(app, "customers", csv_of(CUSTOMER), "--company", "404833048").exit_code == 0
    assert (_count(app, company_id, Customer), _count(app, other_id, Customer)) == (0, 1)


@pytest.mark.parametrize("what", ["customers", "invoices"])
def test_the_help_says_what_the_exit_codes_mean(app: Flask, what: str) -> None:
    result = app.test_cli_runner().invoke(args=[what, "import", "--help"])
    assert result.exit_code == 0
    assert "0 imported, 1 refused" in " ".join(result.output.split())


def test_a_thousand_rows_are_issued_in_reasonable_time_with_progress_on_stderr(
    app: Flask, company_id: int
) -> None:
    assert _import(app, "customers", csv_of(CUSTOMER)).exit_code == 0
    days = [f"2026-01-{1 + i % 28:02d}" for i in range(200)]
    rows = [{"reference": f"F{i}", "date": day, **LINE} for i, day in enumerate(days) for _ in range(5)]
    started = time.monotonic()
    result = _import(app, "invoices", csv_of(*rows), "--issue", "--lang", "en")
    seconds = time.monotonic() - started
    assert result.exit_code == 0, result.output
    assert "liste.csv" in result.stderr.splitlines()[0]
    assert "200 imported, 0 known already." in result.stderr
    assert _count(app, company_id, Document) == 200
    # An idle machine needs 3 seconds.
    assert seconds < 40


@pytest.mark.parametrize(
    ("heading", "columns"), [("## Les clients", CUSTOMERS), ("## Les factures", INVOICES)]
)
def test_the_guide_names_every_column_as_the_program_knows_it(
    heading: str, columns: tuple[Column, ...]
) -> None:
    section = (GUIDE / "import.md").read_text("utf-8").split(f"{heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    # Those of further contacts (`email_2`) are told in a sentence.
    columns = tuple(column for column in columns if not re.search(r"_\d+$", column.name))
    assert [row[1].strip(" |") for row in rows] == [column.name for column in columns]
    for row, column in zip(rows, columns, strict=True):
        names = row[0].replace("*", "").split(", ")
        assert {plain(name) for name in names} <= {plain(name) for name in (column.name, *column.french)}
        assert column.required == row[0].startswith("**"), column.name
