"""Migrations are one numbered line, and bring the database to exactly what the models say. Part of `make check`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from alembic.script import Script, ScriptDirectory

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "migrations"
# Values with the form that settings ask for; nothing is ever encrypted with them.
SETTINGS = {
    "SOLDE_SECRET_KEY": "s" * 64,
    "SOLDE_SEAL_KEY": "s" * 64,
    "SOLDE_ENCRYPTION_KEYS": "c29sZGUtY2hlY2tzLWl0cy1taWdyYXRpb25zLTEyMzQ=",
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
        # Away from the work tree, whose var/ may hold settings of a demo.
        environment = os.environ | SETTINGS | {"SOLDE_DATABASE_URL": f"sqlite:///{folder}/solde.db"}
        for command in ("upgrade", "check"):
            flask = [
                sys.executable,
                "-m",
                "flask",
                "--app",
                str(ROOT / "wsgi.py"),
                "db",
                "-d",
                str(FOLDER),
                command,
            ]
            run = subprocess.run(
                flask, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if run.returncode:
                yield f"`flask db {command}` ends with {run.returncode}:\n{run.stdout}{run.stderr}"
                return


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
