"""`solde facturx check`. Registered in `wiring.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale, gettext

from invoicing.facturx_rules import broken_rules, can_run_rules

facturx_group = AppGroup("facturx", help="E-invoices (Factur-X).")


@facturx_group.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Language of the report."
)
def check_command(file: Path, lang: str) -> None:
    """Check FILE, a Factur-X PDF or its XML, against the XSD, the rules of EN 16931 and the French ones.

    The rules need the Python package saxonche. Exit status: 0 right, 1 faulty, 2 it cannot be read or checked.
    """
    # The library takes a third of a second to import: only who checks waits for it.
    from invoicing.facturx_library import NoInvoiceError, invoice_of_file  # noqa: PLC0415

    with force_locale(lang):
        if not can_run_rules():
            click.echo(gettext("The rules cannot be run: install the Python package saxonche."), err=True)
            raise SystemExit(2)
        try:
            xml = invoice_of_file(file.read_bytes())
        except NoInvoiceError:
            click.echo(gettext("There is no e-invoice of the profile EN 16931 in this file."), err=True)
            raise SystemExit(2) from None
        faults = list(_faults(xml))
        for fault in faults:
            click.echo(fault)
        click.echo(gettext("The e-invoice is faulty.") if faults else gettext("The e-invoice is right."))
    raise SystemExit(1 if faults else 0)


def _faults(xml: bytes) -> Iterator[str]:
    from invoicing.facturx_library import (  # noqa: PLC0415
        EN16931_RULES,
        FRENCH_RULES,
        binds_france,
        schema_faults,
    )

    sets = [("EN 16931", EN16931_RULES)]
    if binds_france(xml):
        sets.append((gettext("French rules"), FRENCH_RULES))
    for fault in schema_faults(xml):
        yield gettext("%(place)s: %(sentence)s", place="XSD", sentence=fault)
    for name, stylesheet in sets:
        for rule in broken_rules(xml, stylesheet):
            place = f"{name}, {rule.code}" if rule.code else name
            yield gettext("%(place)s: %(sentence)s", place=place, sentence=rule.sentence)
    click.echo(gettext("Checked against: %(names)s.", names=", ".join(["XSD", *(name for name, _ in sets)])))
