"""How long a process needs until the application is there, against importing the libraries it stands on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.installation import environment, installation
from benchmarks.side_by_side import compare

ROUNDS = 3
OURS = "from wsgi import create_app; create_app()"
EXTENSIONS = (
    "flask_babel", "flask_bootstrap", "flask_limiter", "flask_migrate", "flask_security", "flask_sqlalchemy", "huey",
)  # fmt: skip
BARE = f"import flask, {', '.join(EXTENSIONS)}"


def run() -> None:
    """Measure; the engine plays no part."""
    report.heading(f"Start ({ROUNDS} rounds; bare = importing Flask and its extensions)")
    with installation("sqlite") as app:
        known = {**os.environ, **environment(app)}

        def python(code: str) -> None:
            subprocess.run([sys.executable, "-c", code], env=known, check=True)

        report.ratio_line(
            "create_app", compare(lambda _: python(OURS), lambda _: python(BARE), ROUNDS), per=1, aim="≤ 2"
        )
        command = Path(sys.executable).with_name("solde")
        helped = compare(lambda _: _help(command, known), lambda _: python(BARE), ROUNDS)
        report.ratio_line("solde --help", helped, per=1, aim="≤ 2")


def _help(command: Path, known: dict[str, str]) -> None:
    subprocess.run([command, "--help"], env=known, check=True, stdout=subprocess.DEVNULL)
