"""`solde export`: an export batch from the command line, with its file in a folder."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import click
from flask.cli import with_appcontext
from flask_babel import force_locale
from sqlalchemy import select

from accounting.exports.batches import find_batch
from accounting.exports.export_task import export_now
from accounting.exports.formats import FORMATS
from accounting.exports.selection import ExportChoice, exportable_journals, preview_export, usual_journals
from core.database import db
from core.errors import SoldeError
from core.files import open_stored
from core.models import Company
from core.tenancy import in_company

_DAY = click.DateTime(["%Y-%m-%d"])


class NoSuchCompany(click.ClickException):
    """Exit code 2, as for a wrong call."""

    exit_code = 2


@click.command()
@click.option("--company", "siren", required=True, help="SIREN of the company.")
@click.option(
    "--format", "key", required=True, type=click.Choice(sorted(FORMATS)), help="Format of the file."
)
@click.option("--from", "first", required=True, type=_DAY, help="First day of the entries.")
@click.option("--to", "last", required=True, type=_DAY, help="Last day of the entries.")
@click.option(
    "--journal", "journals", multiple=True, help="Code of a journal; by default all but the opening entries."
)
@click.option(
    "--output",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the file into; made when missing.",
)
@with_appcontext
def export(
    *, siren: str, key: str, first: datetime, last: datetime, journals: tuple[str, ...], folder: Path
) -> None:
    """Make an export batch of the entries that are in none yet, and write its file into a folder.

    The batch stands in the history as one made on the page does. Exit status: 0 made; 1 nothing to export, or
    something does not fit into the format; 2 no such company, or a wrong call.
    """
    company_id = db.session.scalars(select(Company.id).where(Company.siren == siren)).one_or_none()
    if company_id is None:
        raise NoSuchCompany(f"no company has the SIREN {siren}")
    if last < first:
        raise click.UsageError("--to comes after --from")
    with in_company(company_id), force_locale("fr"):
        known = {journal.code for journal in exportable_journals()}
        if unknown := sorted(set(journals) - known):
            raise click.UsageError(f"there is no journal {', '.join(unknown)}")
        chosen = tuple(sorted(set(journals))) or usual_journals()
        _export(ExportChoice(key, first.date(), last.date(), chosen), folder)


def _export(choice: ExportChoice, folder: Path) -> None:
    preview = preview_export(choice)
    if preview.misfits:
        raise click.ClickException(f"no room in this format for {', '.join(preview.misfits)}")
    if not preview.entry_count:
        raise click.ClickException(f"nothing to export ({preview.held_count} entries are in batches)")
    folder.mkdir(parents=True, exist_ok=True)
    with click.progressbar(
        length=preview.entry_count,
        file=sys.stderr,
        label=choice.export_format.name,
        hidden=not sys.stderr.isatty(),
    ) as bar:
        try:
            batch_id = export_now(
                preview, request_key=uuid4().hex, progress=lambda done, _total: bar.update(done - bar.pos)
            )
        except SoldeError as error:
            raise click.ClickException(str(error)) from error
    batch = find_batch(batch_id)
    target = folder / batch.file_name
    with open_stored(batch.stored_file.sha256) as content, target.open("wb") as out:
        shutil.copyfileobj(content, out)
    click.echo(f"{batch.entry_count} entries, {batch.line_count} lines", err=True)
    click.echo(str(target))
