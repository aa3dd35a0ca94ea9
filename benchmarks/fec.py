"""The FEC of 100,000 lines (`--large`: a million) against a query and a loop that writes its columns; its memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from accounting.fec.export import write_company_fec
from accounting.models import FiscalYear
from benchmarks import report
from benchmarks.installation import ENGINES, environment, installation
from benchmarks.ledger import fill_ledger
from benchmarks.side_by_side import compare
from core.database import db
from core.tenancy import current_company_id

LINES, LARGE_LINES = 100_000, 1_000_000
ROUNDS, LARGE_ROUNDS = 5, 3
ERP_LINES_PER_SECOND, TIMES = 450, 500

_QUERY = """
SELECT journal.code, journal.label, entry.number, entry.entry_date, account.number, account.label,
       line.auxiliary_code, line.auxiliary_label, entry.piece_ref, entry.piece_date, line.label, line.debit_cents,
       line.credit_cents, lettering.code, lettering.lettered_on, entry.validated_at, '', ''
  FROM entry_line AS line
  JOIN journal_entry AS entry ON entry.id = line.entry_id
  JOIN journal ON journal.id = entry.journal_id
  JOIN account ON account.id = line.account_id
  LEFT JOIN lettering_line ON lettering_line.line_id = line.id
  LEFT JOIN lettering ON lettering.id = lettering_line.lettering_id
 WHERE entry.company_id = {company_id} AND entry.fiscal_year_id = {year_id}
 ORDER BY journal.kind <> 'opening', entry.validated_at, entry.id, line.position
"""


def run(*, large: bool = False) -> None:
    """Measure on both engines; a large year has 1,000,000 lines."""
    lines, rounds = (LARGE_LINES, LARGE_ROUNDS) if large else (LINES, ROUNDS)
    report.heading(
        f"FEC of {lines:,} lines ({rounds} rounds; bare = one query by the driver, its rows joined with tabs)"
    )
    for engine in ENGINES:
        with installation(engine) as app:
            _measure(engine, app, fill_ledger(lines), (lines, rounds))


def _measure(engine: str, app: Flask, year: FiscalYear, size: tuple[int, int]) -> None:
    lines, rounds = size
    _analyse()
    path = Path(app.config["SOLDE"].files_url.removeprefix("file://")).with_name("fec.txt")
    ratio = compare(lambda _: _ours(year, path, lines), lambda _: _bare(year.id, path), rounds)
    report.ratio_line(f"{engine}: write_company_fec", ratio, per=1, aim="≤ 2")
    rate = lines / ratio.ours_s
    report.note(
        f"{engine}: {rate:,.0f} lines per second, {rate / ERP_LINES_PER_SECOND:.0f} × {ERP_LINES_PER_SECOND}"
        f" (aim {TIMES} ×); bare {lines / ratio.bare_s:,.0f}"
    )
    report.note(f"{engine}: {_peak_mb(app, year)} MB at most above idle (aim ≤ 80)")


def _ours(year: FiscalYear, path: Path, lines: int) -> None:
    with path.open("wb") as out:
        assert write_company_fec(year, out).line_count == lines


def _bare(year_id: int, path: Path) -> None:
    query = _QUERY.format(company_id=current_company_id(), year_id=year_id)
    with db.engine.connect() as connection, path.open("w", encoding="utf-8", newline="") as out:
        driver = connection.connection.driver_connection
        assert driver is not None
        # On PostgreSQL a named cursor keeps the rows on the server, as ours does.
        cursor = driver.cursor() if connection.dialect.name == "sqlite" else driver.cursor("bare")
        if hasattr(cursor, "itersize"):
            cursor.itersize = 2_000
        cursor.execute(query)
        for row in cursor:
            out.write("\t".join(["" if value is None else str(value) for value in row]) + "\r\n")
        cursor.close()


def _analyse() -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _peak_mb(app: Flask, year: FiscalYear) -> str:
    """What a fresh process needs at most to write the file, above what it needs when idle."""
    command = [sys.executable, "-m", "benchmarks.memory", str(current_company_id()), str(year.id)]
    done = subprocess.run(
        command, env={**os.environ, **environment(app)}, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]
