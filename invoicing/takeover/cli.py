"""`solde takeover FILE --company SIREN [--until YYYY-MM-DD] [--yes]`: the plan of a take-over, and doing it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_babel import force_locale, gettext
from sqlalchemy import select

from accounting.fec.format import amount_text
from core.database import commit_once, db
from core.errors import SoldeError
from core.files import put_path, register_file
from core.models import Company
from core.progress import terminal_bar
from core.tenancy import in_company
from invoicing.takeover.plan import WAITING, Plan, TakeoverWish, plan_takeover
from invoicing.takeover.read_file import FileReading, last_day, read_file
from invoicing.takeover.take_over import take_over

MEDIA_TYPE = "text/plain"
REFUSED_EXIT, UNKNOWN_EXIT = 1, 2


@click.command("takeover")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--company", "siren", required=True, help="SIREN of the company.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day to take; by default the closing date."
)
@click.option("--waiting", default=WAITING, show_default=True, help="How accounts of waiting VAT begin.")
@click.option("--yes", is_flag=True, help="Do it; without, only the plan is shown.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Language.")
@with_appcontext
def takeover_command(  # noqa: PLR0917  # one parameter for each option
    file: Path, siren: str, until: datetime | None, waiting: str, yes: bool, lang: str
) -> None:
    """Take over the books of other software from its FEC: balances and open invoices.

    Exit status: 0 shown or done, 1 something stands against it, 2 there is no such company.
    """
    company_id = db.session.scalars(select(Company.id).where(Company.siren == siren)).one_or_none()
    if company_id is None:
        click.echo(f"no company has the SIREN {siren}", err=True)
        raise SystemExit(UNKNOWN_EXIT)
    wish = TakeoverWish(file.name, until.date() if until else None, waiting)
    with in_company(company_id), force_locale(lang):
        try:
            reading = _read(file, wish)
            plan = plan_takeover(reading, wish)
            for line in plan_lines(plan):
                click.echo(line)
            if plan.problems:
                raise SystemExit(REFUSED_EXIT)
            if yes:
                _do(file, wish, reading)
        except SoldeError as error:
            click.echo(str(error), err=True)
            raise SystemExit(REFUSED_EXIT) from None


def plan_lines(plan: Plan) -> Iterator[str]:
    """The plan as lines of text in the current language."""
    yield f"{plan.wish.file_name}: {plan.until.isoformat()} → {plan.opens_on.isoformat()}"
    for account in plan.accounts:
        yield f"  {account.number:<12} {account.target:<12} {amount_text(account.cents):>16}  {account.label}"
    for planned in plan.items:
        waiting = "?" if planned.waiting_cents is None else amount_text(planned.waiting_cents)
        yield f"  {planned.number:<36} {amount_text(planned.item.open_cents):>14} ({waiting})  {planned.customer.name}"
    yield f"{gettext('They add up to')}: {amount_text(plan.owed_cents)}"
    for remark in (*plan.remarks, *plan.problems):
        yield f"! {remark}"


def _read(file: Path, wish: TakeoverWish) -> FileReading:
    until = last_day(wish.file_name, wish.until)
    with terminal_bar(file.name) as progress:
        return read_file(
            lambda: file.open("rb"), wish.file_name, until, wish.waiting_prefix,
            size_bytes=file.stat().st_size, progress=progress,
        )  # fmt: skip


def _do(file: Path, wish: TakeoverWish, reading: FileReading) -> None:
    digest, size = put_path(file)

    def work() -> int:
        stored = register_file(digest, size, MEDIA_TYPE).id
        return take_over(plan_takeover(reading, wish), file_id=stored, progress=progress).id

    with terminal_bar(gettext("Open invoices")) as progress:
        commit_once(work)
    click.echo(gettext("The books are taken over."))
