"""Migrations are one numbered line, and bring the database to exactly what the models say. Part of `make check`."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
from alembic import command
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from core.database import db
from core.settings import Settings
from wsgi import create_app

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "migrations"
# Values with the form that settings ask for; nothing is ever encrypted with them.
KEYS: dict[str, Any] = {
    "secret_key": "s" * 64,
    "seal_key": "s" * 64,
    "encryption_keys": "c29sZGUtY2hlY2tzLWl0cy1taWdyYXRpb25zLTEyMzQ=",
}


def line_faults(scripts: ScriptDirectory) -> Iterator[str]:
    """Yield one line for each migration out of line: 0001_name.py, revision "0001", each after the one before."""
    heads = scripts.get_heads()
    if len(heads) != 1:
        yield f"there must be exactly one head, there are {len(heads)}: {', '.join(heads) or 'none'}"
        return
    for position, script in enumerate(reversed(list(scripts.walk_revisions())), start=1):
        yield from _script_faults(script, f"{position:04d}")


def _script_faults(script: Script, number: str) -> Iterator[str]:
    name = Path(script.path).name
    if script.revision != number:
        yield f"{name}: its revision is {script.revision}, in line it is {number}"
    if not re.fullmatch(rf"{re.escape(script.revision)}_[a-z0-9_]+\.py", name):
        yield f"{name}: the file name must be {script.revision}_what_it_does.py"


def model_faults() -> Iterator[str]:
    """Migrate a new SQLite database and yield what Alembic would still change, if anything."""
    with tempfile.TemporaryDirectory() as folder:
        # The settings of the machine and of its demo are not looked at.
        settings = Settings(
            _env_file=None, database_url=f"sqlite:///{folder}/solde.db", files_url=f"file://{folder}", **KEYS
        )
        app = create_app(settings)
        with app.app_context():
            try:
                flask_migrate.upgrade(str(FOLDER))
                command.check(app.extensions["migrate"].migrate.get_config(str(FOLDER)))
            except CommandError as error:
                yield str(error)
            finally:
                db.engine.dispose()
                app.extensions["solde_huey"].storage.close()


def main() -> int:
    """Print each fault; return 1 when there is one."""
    faults = (
        [*line_faults(ScriptDirectory(str(FOLDER)))]
        if FOLDER.is_dir()
        else ["there is no folder migrations/"]
    )
    faults = faults or list(model_faults())
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
