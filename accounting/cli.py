"""`solde fec export`, added to the group that `accounting.fec.cli` opens with `fec check`."""

from __future__ import annotations

from pathlib import Path

import click
from flask_babel import force_locale
from sqlalchemy import select

from accounting.fec.cli import fec, report_lines
from accounting.fec.notice import notice_file_name
from accounting.fec.produce import ProducedFec, log_export, notice_of, produce_fec
from accounting.fiscal_years import year_ending_in
from accounting.models import FiscalYear
from core.database import db, transaction
from core.models import Company
from core.progress import terminal_bar
from core.tenancy import in_company

FAULTY_EXIT = 1


class NothingToExport(click.ClickException):
    """There is no such company or financial year; exit code 2."""

    exit_code = 2


@fec.command("export")
@click.option("--company", "siren", required=True, help="SIREN of the company.")
@click.option("--year", type=int, required=True, help="Calendar year in which the financial year ends.")
@click.option(
    "--output",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the file and its notice into; made when missing.",
)
@click.option(
    "--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Language of the report."
)
def export_command(siren: str, year: int, folder: Path, lang: str) -> None:
    """Write the FEC of one financial year, with its notice, into a folder.

    The file is checked as `fec check` does before it takes its name. Exit status: 0 written and right; 1 the check
    found it faulty, nothing is left in the folder; 2 there is no such company or financial year.
    """
    company_id = db.session.scalars(select(Company.id).where(Company.siren == siren)).one_or_none()
    if company_id is None:
        raise NothingToExport(f"no company has the SIREN {siren}")
    with in_company(company_id), force_locale(lang):
        fiscal_year = year_ending_in(year)
        if fiscal_year is None:
            raise NothingToExport(f"{siren} has no financial year that ends in {year}")
        _export(fiscal_year, folder)


def _export(year: FiscalYear, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    notice = notice_of(year)
    notice_name = notice_file_name(db.session.get_one(Company, year.company_id).siren, year.ends_on)
    # Under another name until it is right: whoever watches the folder never meets half a file or a faulty one.
    partial = folder / f".{year.ends_on:%Y%m%d}.partial"
    try:
        with terminal_bar(f"{year.ends_on:%d/%m/%Y}") as progress:
            produced = produce_fec(year, partial, progress)
        _report(produced)
        if not produced.is_right:
            raise SystemExit(FAULTY_EXIT)
        with transaction():
            log_export(produced)
        (folder / notice_name).write_bytes(notice.encode())
        partial.replace(folder / produced.file_name)
    finally:
        partial.unlink(missing_ok=True)
    click.echo(str(folder / produced.file_name))


def _report(produced: ProducedFec) -> None:
    for line in report_lines(produced.report):
        click.echo(line, err=True)
