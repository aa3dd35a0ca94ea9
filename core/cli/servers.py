"""`solde serve` (web and worker) and `solde worker`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType
from typing import Any, Final

import click
from flask import current_app
from flask.cli import with_appcontext

from core.helpers import Helpers, answer_orders, keep_what_is_loaded, usual_count
from core.settings import Settings
from core.web.uploads import most_upload_bytes

WEB_THREADS = 8
WORKER_THREADS = 4
"""One that issues a thousand invoices, one that has them drawn and one that works on a long task leave one for a
payment that arrives meanwhile."""
STOP_SECONDS = 20
LIMITS: Final[dict[str, Any]] = {
    # Browsers keep half a dozen connections open; with 100 in all, some twenty visitors would shut everybody else out.
    "connection_limit": 800,
    # More than 1,024 descriptors are no danger to poll(), as they are to select().
    "asyncore_use_poll": True,
}
"""What a flood of idle connections may take of the machine."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, help="Port to listen on.")
@click.option("--threads", default=WEB_THREADS, show_default=True, help="Requests served at once.")
@click.option(
    "--proxy",
    default="127.0.0.1",
    show_default=True,
    help="Address of the HTTPS proxy in front: its X-Forwarded-For and -Proto are believed. Empty: nobody's are.",
)
@click.option(
    "--worker/--no-worker", default=True, show_default=True, help="Start the worker beside the web server."
)
@with_appcontext
def serve(host: str, port: int, threads: int, proxy: str, *, worker: bool) -> None:
    """Serve the web application, with a worker beside it."""
    from waitress.server import create_server  # noqa: PLC0415  # only this command needs it

    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    app.config["WEB_THREADS"] = threads
    try:
        server = create_server(
            app, host=host, port=port, threads=threads, ident="Solde",
            max_request_body_size=longest_body(app.config["SOLDE"]), **LIMITS, **proxy_options(proxy),
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error}") from None
    signal.signal(signal.SIGTERM, _stop)
    helper = _Worker() if worker else None
    try:
        click.echo(f"Solde listens on http://{host}:{port}", err=True)
        server.run()
    except KeyboardInterrupt:
        click.echo("Stopping.", err=True)
    finally:
        server.close()
        if helper is not None:
            helper.stop()
    if helper is not None and helper.died is not None:
        raise click.ClickException(
            f"the worker ended by itself (exit code {helper.died}), so Solde stops too"
        )


def longest_body(settings: Settings) -> int:
    """What waitress writes to the disk of one body before the application can refuse it (1 GB by itself). Above the
    limit of the pages, so that somebody who sends files that are too large still reads a page of ours."""
    return 2 * most_upload_bytes(settings)


class _Worker:
    """The worker beside the web server. When it dies, the server is ended: mails and PDFs would wait unseen."""

    def __init__(self) -> None:
        # A group of its own: Ctrl-C in a terminal reaches the server alone, which ends the worker in order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "worker"], start_new_session=True
        )
        self._stopping = False
        self.died: int | None = None
        """Its exit code, when nobody had asked it to end."""
        threading.Thread(target=self._watch, name="worker-watch", daemon=True).start()

    def _watch(self) -> None:
        code = self._process.wait()
        if not self._stopping:
            self.died = code
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """End it, and wait until it has."""
        self._stopping = True
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def proxy_options(proxy: str) -> dict[str, Any]:
    """What waitress needs to know of the proxy that ends HTTPS: without it each request looks like plain HTTP and is
    redirected for ever, and all visitors share one address, so one limit.

    Args:
        proxy: its address; empty when there is none.
    """
    if not proxy:
        return {"clear_untrusted_proxy_headers": True}
    return {
        "trusted_proxy": proxy,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        "clear_untrusted_proxy_headers": True,
    }


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@click.command()
@click.option(
    "--helpers",
    type=click.IntRange(0, 64),
    default=usual_count,
    show_default="one per core",
    help="Processes that draw beside this one when there is much to draw; 0: none.",
)
@with_appcontext
def worker(helpers: int) -> None:
    """Run background work: mails, PDFs, notifications, and the sweeps that repair what was lost."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    huey = app.extensions["solde_huey"]
    team = app.extensions["solde_helpers"] = Helpers(helpers) if helpers > 0 else None
    consumer = huey.create_consumer(
        workers=WORKER_THREADS,
        initial_delay=0.1,
        backoff=1.15,
        max_delay=1.0,
        scheduler_interval=1,
        check_worker_health=True,
    )
    keep_what_is_loaded()
    click.echo("The worker is running.", err=True)
    try:
        consumer.run()
    finally:
        if team is not None:
            team.close()


@click.command(hidden=True)
@with_appcontext
def helper() -> None:
    """Do what a worker says on standard input, line by line; started by it."""
    # What any library prints must not be taken for an answer: it goes to stderr, the answers to what was stdout.
    with os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1) as answers:
        os.dup2(2, 1)
        answer_orders(sys.stdin, lambda answer: print(answer, file=answers))
