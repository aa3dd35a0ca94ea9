"""`solde verify`: recompute every chain of seals, compare it with the rows, and run what the packages check besides."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from core.checks import company_faults
from core.database import db
from core.models import Company
from core.seal import Fault, verify_chain
from core.tenancy import in_company
from core.triggers import missing_triggers


@click.command()
@with_appcontext
def verify() -> None:
    """Check that nothing sealed was changed and that the books hold. Ends with 0, or with 1 when something is wrong."""
    faults = [f"database: trigger {name} is missing" for name in missing_triggers(db.session.connection())]
    companies = [(c.id, c.name) for c in db.session.scalars(select(Company).order_by(Company.id))]
    faults += [_sentence("installation", fault) for fault in verify_chain(None)]
    for company_id, name in companies:
        with in_company(company_id):
            found = [_sentence(name, fault) for fault in verify_chain(company_id)]
            found += [f"{name}: {fault}" for fault in company_faults()]
        click.echo(f"{name}: {'holds' if not found else f'{len(found)} faults'}", err=True)
        faults += found
    for line in faults:
        click.echo(line)
    sys.exit(1 if faults else 0)


def _sentence(where: str, fault: Fault) -> str:
    link = f"link {fault.sequence}, " if fault.sequence else ""
    return f"{where}: {link}{fault.kind} {fault.subject_id}: {fault.reason}"
