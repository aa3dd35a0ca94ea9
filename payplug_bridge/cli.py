"""`solde payplug sync` and `solde payplug simulator`."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from core.database import db
from core.models import Company
from core.tenancy import in_company
from payplug_bridge.process_notifications import process_notifications
from payplug_bridge.simulator.__main__ import DEFAULT_STATE
from payplug_bridge.simulator.__main__ import main as run_simulator
from payplug_bridge.sync import SyncReport, companies_with_payplug, sync_company

payplug_group = AppGroup("payplug", help="PayPlug: reconciliation, simulator.")
INCOMPLETE_EXIT = 1


@payplug_group.command("sync")
@click.option("--company", "siren", default=None, help="SIREN of one company; all of them without it.")
@click.option(
    "--days",
    default=3,
    show_default=True,
    type=click.IntRange(0, 365),
    help="How far to walk PayPlug's list back.",
)
def sync_command(siren: str | None, days: int) -> None:
    """Ask PayPlug about every payment not at its end, and record what no notification told.

    Exit code 0 when everything could be asked, 1 when PayPlug did not answer for some.
    """
    process_notifications()
    total = SyncReport()
    company_ids = _chosen(siren)
    with click.progressbar(company_ids, label="PayPlug", file=sys.stderr) as progress:
        for company_id in progress:
            with in_company(company_id):
                total.add(sync_company(timedelta(days=days)))
    click.echo(f"{total.checked} checked, {total.changed} changed, {total.failed} not answered.", err=True)
    if total.failed:
        sys.exit(INCOMPLETE_EXIT)


def _chosen(siren: str | None) -> list[int]:
    if siren is None:
        return companies_with_payplug()
    company_id = db.session.scalars(select(Company.id).where(Company.siren == siren)).one_or_none()
    if company_id is None:
        raise click.ClickException(f"no company has the SIREN {siren}")
    return [company_id]


@payplug_group.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5005, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option(
    "--state",
    default=DEFAULT_STATE,
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that keeps its payments.",
)
def simulator_command(host: str, port: int, state: Path) -> None:
    """Run a local PayPlug, for demonstrations and tests; stops on Ctrl-C.

    Exit code 1 when the port or the state file cannot be opened.
    """
    sys.exit(run_simulator(["--host", host, "--port", str(port), "--state", str(state)]))
