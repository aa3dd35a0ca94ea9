"""`solde company add FILE.toml` and `solde user add`."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select
from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError
from stdnum.fr import siren as stdnum_siren

from core.database import db, next_id, transaction
from core.event_log import record_event
from core.models import LARGEST_CAPITAL_CENTS, Company, Role
from core.tenancy import in_company
from core.web.sign_in import SHORTEST_PASSWORD, add_user

company_group = AppGroup("company", help="Companies of this installation.")
user_group = AppGroup("user", help="People who sign in.")

FIELDS = frozenset(
    {
        "name",
        "legal_form",
        "share_capital_cents",
        "siren",
        "siret",
        "vat_number",
        "registration",
        "address1",
        "address2",
        "postcode",
        "city",
        "country",
        "email",
        "phone",
        "website",
        "iban",
        "bic",
        "colour",
        "legal_notice",
    }
)
REQUIRED = ("name", "siren", "address1", "postcode", "city")


class CompanyFileError(click.ClickException):
    """The file cannot be used; the message names the line to mend."""

    exit_code = 2


@company_group.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def add_company_command(file: Path) -> None:
    """Add the company described in FILE.toml (keys: name, siren, address1, postcode, city, …; demo = true)."""
    company = add_company(read_company_file(file))
    click.echo(f"{company.name} (SIREN {company.siren}) was added as company {company.id}.", err=True)


def read_company_file(file: Path) -> dict[str, Any]:
    """Read and check a company file.

    Raises:
        CompanyFileError: not TOML, an unknown key, a missing or wrong value.
    """
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CompanyFileError(f"{file.name} is not a TOML file: {error}") from error
    demo = values.pop("demo", False)
    for key in values.keys() - FIELDS:
        raise CompanyFileError(f"{file.name}: unknown key {key}; known: {', '.join(sorted(FIELDS))}, demo")
    for key in REQUIRED:
        if not values.get(key):
            raise CompanyFileError(f"{file.name}: {key} is missing")
    values = {key: _checked_value(file, key, value) for key, value in values.items()}
    try:
        values["siren"] = stdnum_siren.validate(values["siren"])
        if values.get("iban"):
            values["iban"] = stdnum_iban.validate(str(values["iban"]))
    except ValidationError as error:
        raise CompanyFileError(f"{file.name}: {error}") from error
    return {**values, "is_demo": bool(demo)}


def _checked_value(file: Path, key: str, value: object) -> str | int:
    """The value as its column takes it: the capital in cents, everything else a text (a number without quotes too)."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise CompanyFileError(f"{file.name}: {key} is a text in quotes")
    if key == "share_capital_cents":
        if not isinstance(value, int) or not 0 <= value <= LARGEST_CAPITAL_CENTS:
            raise CompanyFileError(f"{file.name}: {key} is a number of cents, without quotes")
        return value
    text, longest = str(value), getattr(Company.__table__.c[key].type, "length", None)
    if longest is not None and len(text) > longest:
        raise CompanyFileError(f"{file.name}: {key} has more than {longest} characters")
    return text


def add_company(values: dict[str, Any]) -> Company:
    """Create a company with its books and settings, in one transaction of its own.

    Raises:
        CompanyFileError: there is a company of that SIREN already.
    """
    siren = values["siren"]
    if db.session.scalars(select(Company.id).where(Company.siren == siren)).one_or_none() is not None:
        raise CompanyFileError(f"a company with SIREN {siren} exists already")
    # Its id is taken beforehand: a company is entered before the transaction that makes it, all of it or nothing.
    with transaction():
        company_id = next_id(Company)
    with in_company(company_id), transaction():
        company = Company(id=company_id, **values)
        db.session.add(company)
        db.session.flush()
        for prepare in _preparations():
            prepare()
        record_event("company.added", subject=("company", company_id), siren=siren, demo=company.is_demo)
    with transaction():
        # In the installation's own chain too: it says which companies there must be.
        record_event("company.added", subject=("company", company_id), siren=siren)
    return db.session.get_one(Company, company_id)


def on_company_added(prepare: Callable[[], None]) -> None:
    """Register what a package sets up in a new company (its books, its settings), inside the company's transaction."""
    _preparations().append(prepare)


def _preparations() -> list[Callable[[], None]]:
    found: list[Callable[[], None]] = current_app.extensions.setdefault("solde_company_preparations", [])
    return found


@user_group.command("add")
@click.option("--email", required=True, help="Address she signs in with.")
@click.option("--name", default="", help="Her name.")
@click.option("--company", "siren", required=True, help="SIREN of the company.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking."
)
def add_user_command(
    email: str, name: str, siren: str, role: str, language: str, *, password_stdin: bool
) -> None:
    """Add a person to a company, or change her role there."""
    company = db.session.scalars(select(Company).where(Company.siren == siren)).one_or_none()
    if company is None:
        raise click.ClickException(f"no company has the SIREN {siren}")
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    if len(password) < SHORTEST_PASSWORD:
        raise click.ClickException(f"the password needs at least {SHORTEST_PASSWORD} characters")
    company_id = company.id
    with in_company(company_id), transaction():
        company = db.session.get_one(Company, company_id)
        add_user(
            email=email, password=password, name=name, company=company, role=Role(role), language=language
        )
    click.echo(f"{email} is {role} of {siren}.", err=True)
