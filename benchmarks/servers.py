"""`python -m benchmarks.servers ours|bare URL`: a web server in a process of its own; prints its port, then serves.

`ours` is Solde as `solde serve` runs it, its settings in the environment. `bare` is the smallest Flask application that
stores what is posted to it: one route, one table, one row and commit per request, as safe on disk as ours.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import LargeBinary, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from waitress.server import create_server

THREADS = 8


def bare_app(url: str) -> Flask:
    """One route that inserts one row with Flask-SQLAlchemy."""

    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class Notice(Base):
        __tablename__ = "bare_notice"
        id: Mapped[int] = mapped_column(primary_key=True)
        received_at: Mapped[datetime]
        body: Mapped[bytes] = mapped_column(LargeBinary)

    app = Flask("bare")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)

    @app.post("/notices")
    def receive() -> tuple[str, int]:
        db.session.add(Notice(received_at=datetime.now(UTC).replace(tzinfo=None), body=request.get_data()))
        db.session.commit()
        return "stored\n", 200

    with app.app_context():
        if url.startswith("sqlite"):
            event.listen(db.engine, "connect", _as_safe_as_ours)
        db.create_all()
    return app


def _as_safe_as_ours(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def main(kind: str, url: str) -> None:
    """Serve on a free port of loopback until the process is ended."""
    if kind == "ours":
        from wsgi import create_app  # noqa: PLC0415  # the bare server must not load it

        app = create_app()
    else:
        app = bare_app(url)
    logging.getLogger("waitress.queue").setLevel(
        logging.ERROR
    )  # as many clients as threads: a queue of one is no news
    server = create_server(app, host="127.0.0.1", port=0, threads=THREADS)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:3])
