"""`solde customers import` and `solde invoices import`. Registered in `wiring.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale, gettext
from sqlalchemy import select

from core.database import db, transaction
from core.models import Company
from core.tenancy import in_company
from invoicing.csv_files import FileRefusedError, ImportCount, Progress
from invoicing.import_customers import import_customers
from invoicing.import_invoices import import_invoices
from invoicing.send_to_contacts import send_to_contacts
from invoicing.standing import rebuild_standings

customers_group = AppGroup("customers", help="Customers of a company.")
invoices_group = AppGroup("invoices", help="Invoices of a company.")

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
COMPANY = click.option("--company", "siren", help="SIREN of the company; not needed when there is only one.")
LANGUAGE = click.option(
    "--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Language of the report."
)


@customers_group.command("import")
@FILE
@COMPANY
@LANGUAGE
def import_customers_command(file: Path, siren: str | None, lang: str) -> None:
    """Import the customers of FILE, a CSV file (template: docs/guide/import.md).

    All of it or nothing; customers that an earlier run made are left as they are. Every fault is written as
    file:line: column: reason. Exit status: 0 imported, 1 refused and nothing changed, 2 wrong call.
    """
    _run(file, siren, lang, import_customers)


@invoices_group.command("import")
@FILE
@COMPANY
@LANGUAGE
@click.option("--issue", is_flag=True, help="Issue each invoice on its own date.")
@click.option(
    "--send", is_flag=True, help="Send each issued invoice to the customer's contacts; needs --issue."
)
def import_invoices_command(file: Path, siren: str | None, lang: str, *, issue: bool, send: bool) -> None:
    """Import the invoices of FILE, a CSV file with one row per line (template: docs/guide/import.md).

    All of it or nothing; invoices that an earlier run made are left as they are. Every fault is written as
    file:line: column: reason. Exit status: 0 imported, 1 refused and nothing changed, 2 wrong call.
    """
    if send and not issue:
        raise click.UsageError("--send needs --issue: a draft cannot be sent")

    def work(content: bytes, *, progress: Progress) -> ImportCount:
        return import_invoices(
            content, issue=issue, send=send_to_contacts if send else None, progress=progress
        )

    _run(file, siren, lang, work)


@invoices_group.command("rebuild-lists")
@COMPANY
def rebuild_lists_command(siren: str | None) -> None:
    """Derive anew which invoices the lists and the dashboard count as open, late or paid.

    For a company of which `solde verify` says that lists are wrong. Nothing that is issued or recorded is touched.
    """
    with in_company(_company_id(siren)), transaction():
        count = rebuild_standings()
    click.echo(f"{count} invoices stand as they are derived.", err=True)


def _run(file: Path, siren: str | None, lang: str, work: Callable[..., ImportCount]) -> None:
    content = file.read_bytes()
    with in_company(_company_id(siren)), force_locale(lang):
        try:
            with click.progressbar(length=1, label=file.name, file=sys.stderr) as bar, transaction():

                def progress(done: int, total: int) -> None:
                    bar.length = total
                    bar.update(done - bar.pos)

                count = work(content, progress=progress)
        except FileRefusedError as refusal:
            _tell(file, refusal)
            sys.exit(1)
        said = gettext(
            "%(created)d imported, %(known)d known already.", created=count.created, known=count.known
        )
    click.echo(said, err=True)


def _tell(file: Path, refusal: FileRefusedError) -> None:
    for fault in refusal.faults:
        place = [f"{file.name}:{fault.line}", *([fault.column] if fault.column else [])]
        click.echo(": ".join([*place, str(fault.reason)]))
    click.echo(str(refusal), err=True)


def _company_id(siren: str | None) -> int:
    statement = select(Company.id)
    found = list(db.session.scalars(statement.where(Company.siren == siren) if siren else statement))
    if len(found) == 1:
        return found[0]
    raise click.UsageError(
        f"no company has the SIREN {siren}" if siren else "say which company with --company SIREN"
    )
