"""`solde serve` (web and worker) and `solde worker`."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType

import click
from flask import current_app
from flask.cli import with_appcontext

WORKER_THREADS = 2


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, help="Port to listen on.")
@click.option("--threads", default=8, show_default=True, help="Requests served at once.")
@click.option(
    "--worker/--no-worker", default=True, show_default=True, help="Start the worker beside the web server."
)
@with_appcontext
def serve(host: str, port: int, threads: int, *, worker: bool) -> None:
    """Serve the web application, with a worker beside it."""
    from waitress.server import create_server  # noqa: PLC0415  # only this command needs it

    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    server = create_server(app, host=host, port=port, threads=threads, ident="Solde")
    helper = subprocess.Popen([sys.executable, "-m", "flask", "--app", "wsgi", "worker"]) if worker else None
    signal.signal(signal.SIGTERM, _stop)
    try:
        click.echo(f"Solde listens on http://{host}:{port}", err=True)
        server.run()
    except KeyboardInterrupt:
        click.echo("Stopping.", err=True)
    finally:
        server.close()
        if helper is not None:
            helper.terminate()
            helper.wait(timeout=20)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@click.command()
@with_appcontext
def worker() -> None:
    """Run background work: mails, PDFs, notifications, and the sweeps that repair what was lost."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    huey = app.extensions["solde_huey"]
    consumer = huey.create_consumer(
        workers=WORKER_THREADS,
        initial_delay=0.1,
        backoff=1.15,
        max_delay=1.0,
        scheduler_interval=1,
        check_worker_health=True,
    )
    click.echo("The worker is running.", err=True)
    consumer.run()
