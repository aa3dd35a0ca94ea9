"""PayPlug notifications accepted over real HTTP, against a bare Flask route that inserts one row."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks import report
from benchmarks.installation import ENGINES, environment, installation
from benchmarks.side_by_side import compare
from core.database import db, transaction
from payplug_bridge.models import PayplugEndpoint

CLIENTS = 8
PER_CLIENT = 50
ROUNDS = 5
TOKEN = "benchmark-endpoint-token"
BODY = json.dumps({
    "id": "pay_5iHMDxy4ABR4YBVW4UscIn", "object": "payment", "is_live": True, "amount": 12_000, "currency": "EUR",
    "is_paid": True, "metadata": {"solde_attempt": "x" * 32}, "created_at": 1_760_000_000,
}).encode()  # fmt: skip


def run() -> None:
    """Measure on both engines."""
    count = CLIENTS * PER_CLIENT
    report.heading(
        f"Notifications ({ROUNDS} rounds of {count} from {CLIENTS} connections, waitress in another process; bare = a"
        " Flask route that inserts one row with Flask-SQLAlchemy)"
    )
    for engine in ENGINES:
        with installation(engine) as app, _bare_url(engine) as bare_url:
            _add_endpoint()
            with _server("ours", "", environment(app)) as ours, _server("bare", bare_url, {}) as bare:
                ratio = compare(
                    lambda _: _flood(ours, f"/webhooks/payplug/{TOKEN}"),
                    lambda _: _flood(bare, "/notices"),
                    ROUNDS,
                )
            report.note(
                f"{engine}: {count / ratio.ours_s:.0f} accepted per second, bare {count / ratio.bare_s:.0f}: "
                f"{1 / ratio.ratio:.2f} × (aim ≥ 0.6; rounds {1 / ratio.most:.2f} to {1 / ratio.least:.2f})"
            )


def _add_endpoint() -> None:
    with transaction():
        db.session.add(PayplugEndpoint(token=TOKEN))


def _flood(port: int, path: str) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for future in [pool.submit(_post_many, port, path) for _ in range(CLIENTS)]:
            future.result()


def _post_many(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(PER_CLIENT):
        connection.request("POST", path, BODY, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    connection.close()


@contextmanager
def _bare_url(engine: str) -> Iterator[str]:
    """A database of the same kind: beside ours on the same server, or a file in the same folder."""
    url = db.engine.url
    if engine == "sqlite":
        assert url.database is not None
        yield f"sqlite:///{Path(url.database).with_name('bare.db')}"
    else:
        yield url.render_as_string(hide_password=False)


@contextmanager
def _server(kind: str, url: str, environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.servers", kind, url], stdout=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)
