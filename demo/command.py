"""`solde demo`: everything a person needs to play the main job on her own machine, ended by one Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click
from flask import Flask

from core.settings import Settings, load_settings
from demo.people import MEMBERS, PASSWORD
from demo.processes import ProcessError, Processes, running_processes
from demo.settings_file import Ports, prepare_settings

VAR = Path("var")
MAKE_APP = "solde.make_app"
"""Where `wsgi.py` leaves `create_app` in click's context: this package may not import it."""

MakeApp = Callable[[Settings], Flask]


@click.command()
@click.option("--port", default=Ports.web, show_default=True, help="Port of Solde.")
@click.option(
    "--simulator-port", default=Ports.simulator, show_default=True, help="Port of the PayPlug simulator."
)
@click.option(
    "--mailbox-port", default=Ports.mail_pages, show_default=True, help="Port of the mailbox's pages."
)
@click.option("--smtp-port", default=Ports.smtp, show_default=True, help="Port the mailbox takes mail at.")
@click.pass_context
def demo(ctx: click.Context, port: int, simulator_port: int, mailbox_port: int, smtp_port: int) -> None:
    """Play with Solde: demo data, web server, worker, PayPlug simulator and mailbox, until Ctrl-C."""
    make_app: MakeApp = ctx.meta[MAKE_APP]
    ports = Ports(port, simulator_port, mailbox_port, smtp_port)
    prepare_settings(ports)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with running_processes(VAR / "log") as processes:
            _start(processes, ports, make_app)
            _greet(ports)
            processes.watch()
    except KeyboardInterrupt:
        click.echo(
            "\nSolde has stopped. The demo's data stay in var/; delete the folder to begin anew.", err=True
        )
    except ProcessError as error:
        raise click.ClickException(str(error)) from None


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _start(processes: Processes, ports: Ports, make_app: MakeApp) -> None:
    state = ["--state", str(VAR / "payplug-simulator.db")]
    processes.start(
        "simulator", ["payplug_bridge.simulator", "--port", str(ports.simulator), *state], ports.simulator
    )
    mailbox = [
        "--smtp-port",
        str(ports.smtp),
        "--http-port",
        str(ports.mail_pages),
        "--state",
        str(VAR / "mailbox"),
    ]
    processes.start("mailbox", ["core.local_mailbox", *mailbox], ports.mail_pages)
    _fill(processes, ports, make_app)
    flask = ["flask", "--app", "wsgi"]
    processes.start("web", [*flask, "serve", "--port", str(ports.web)], ports.web)
    processes.wait()


def _fill(processes: Processes, ports: Ports, make_app: MakeApp) -> None:
    """Migrate and seed; imported here so that the processes above start while Python reads the application."""
    import flask_migrate  # noqa: PLC0415

    from demo.seed import NotADemoError, seed  # noqa: PLC0415
    from payplug_bridge.simulator.control_client import SimulatorControl  # noqa: PLC0415

    app = make_app(load_settings())
    with app.app_context():
        flask_migrate.upgrade()
        processes.wait()
        started = time.monotonic()
        with click.progressbar(length=1, label="Demo data", file=sys.stderr) as bar:

            def progress(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            try:
                new = seed(SimulatorControl(ports.simulator_url), progress)
            except NotADemoError:
                raise click.ClickException(
                    "the database holds a company that is not the demo's: choose another folder, or another"
                    " SOLDE_DATABASE_URL"
                ) from None
        if new:
            click.echo(f"A year of demo data was made in {time.monotonic() - started:.0f} s.", err=True)


def _greet(ports: Ports) -> None:
    width = max(len(email) for email, _, _ in MEMBERS)
    lines = [
        "",
        f"  Solde             {ports.web_url}",
        f"  Mailbox           {ports.mailbox_url}",
        f"  PayPlug simulator {ports.simulator_url}/portal",
        "",
        *(f"  {role.value:<11} {email:<{width}}  {PASSWORD}" for email, _, role in MEMBERS),
        "",
        "  Test card 4242 4242 4242 4242, any date and code. Ctrl-C stops everything.",
        "",
    ]
    click.echo("\n".join(lines))
