"""`solde samples DIR`: a PDF of every kind of document with its e-invoice beside it, of a company thrown away after.

Found by `wsgi.py` before an application is made: it needs no settings, and touches no data of the installation.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.settings import Settings, new_encryption_key, new_secret
from demo.command import MAKE_APP, MakeApp

if TYPE_CHECKING:
    from demo.sample_documents import Sample


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, writable=True, path_type=Path))
@click.option(
    "--only", default="", help="Make only the samples whose name has this in it, such as deposit or _en."
)
@click.pass_context
def samples(ctx: click.Context, directory: Path, only: str) -> None:
    """Write sample documents into DIR: PDF (Factur-X) and XML of every kind, case of VAT, customer and language.

    Quotes are no invoices: they have a PDF alone.

    The names of the files say what they are and are the same each time; files of these names are written anew.
    Exit status: 0 all written, 1 at least one could not be made, 2 wrong call.
    """
    make_app: MakeApp = ctx.meta[MAKE_APP]
    with _throw_away(make_app):
        failed = _write_all(directory, only)
    for line in failed:
        click.echo(line, err=True)
    sys.exit(1 if failed else 0)


@contextmanager
def _throw_away(make_app: MakeApp) -> Iterator[None]:
    """A made-up company entered, in a database of its own in a folder that is gone afterwards."""
    import flask_migrate  # noqa: PLC0415  # the command's help need not wait for these

    from core.cli.companies import add_company  # noqa: PLC0415
    from core.database import db  # noqa: PLC0415
    from core.tenancy import enter_company  # noqa: PLC0415
    from demo.people import COMPANY  # noqa: PLC0415

    logging.getLogger("alembic").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="solde-samples-") as folder:
        app = make_app(
            Settings(
                _env_file=None,
                database_url=f"sqlite:///{folder}/solde.db",
                secret_key=new_secret(),
                seal_key=new_secret(),
                encryption_keys=(new_encryption_key(),),
                files_url=f"file://{folder}/files",
            )
        )
        with app.app_context():
            flask_migrate.upgrade()
            enter_company(add_company(dict(COMPANY)).id)
            yield
            db.session.remove()
            db.engine.dispose()


def _write_all(directory: Path, only: str) -> list[str]:
    """Write the samples; returns a line for each that could not be made."""
    from core.clock import paris_today  # noqa: PLC0415
    from core.errors import SoldeError  # noqa: PLC0415
    from demo.sample_documents import all_samples  # noqa: PLC0415

    wanted = [sample for sample in all_samples() if only in sample.name]
    if not wanted:
        raise click.UsageError(f"no sample has {only} in its name")
    directory.mkdir(parents=True, exist_ok=True)
    failed, today = [], paris_today()
    with click.progressbar(wanted, label="Samples", file=sys.stderr) as bar:
        for sample in bar:
            try:
                pdf, xml = _files(sample, today)
            except SoldeError as error:
                failed.append(f"{sample.name}: {error}")
                continue
            (directory / f"{sample.name}.pdf").write_bytes(pdf)
            if xml:
                (directory / f"{sample.name}.xml").write_bytes(xml)
    return failed


def _files(sample: Sample, today: date) -> tuple[bytes, bytes]:
    """The PDF and its XML, which is empty for a quote."""
    from core.files import read_bytes  # noqa: PLC0415
    from demo.sample_documents import make_sample  # noqa: PLC0415
    from invoicing.einvoice_xml import xml_of  # noqa: PLC0415
    from invoicing.render_pdf import ensure_pdf  # noqa: PLC0415

    document_id = make_sample(sample, today)
    xml = xml_of(document_id)
    assert (xml is not None) is sample.kind.has_einvoice
    content = b"" if xml is None else xml.content.encode()
    return read_bytes(ensure_pdf(document_id).stored_file.sha256), content
