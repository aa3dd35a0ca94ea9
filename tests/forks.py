"""One warm process that forks those which are to be killed: what they need is imported, compiled and loaded once.

`served` runs in the process (`python -m tests.…`): for each line of JSON on standard input it forks a child that does
what the line orders, and writes how the child ended. `Forks` is the test's end of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from invoicing.pdf_engine import html_to_pdf
from tests.conftest import settings_for
from wsgi import create_app

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Forks:
    """Orders children, one after the other."""

    process: subprocess.Popen[str]

    def ended(self, order: Any) -> int:
        """Have one child do it; returns its exit code, or minus the signal that killed it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(order)}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def running_forks(module: str) -> Iterator[Forks]:
    """Start `python -m module` and end it when the block is left."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Forks(process)
        assert process.stdin is not None
        process.stdin.close()


def served(run: Callable[[Any, Callable[..., Flask]], None]) -> None:
    """Fork a child for each order that comes in; `run` gets the order and a way to make the application."""
    with tempfile.TemporaryDirectory() as folder:
        make = _warmed_up(Path(folder))
        for line in sys.stdin:
            child = os.fork()
            if child == 0:
                run(json.loads(line), make)
                os._exit(0)
            sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
            sys.stdout.flush()


def _warmed_up(folder: Path) -> Callable[..., Flask]:
    compiled = FileSystemBytecodeCache(str(folder))

    def make(url: str, files: str, **settings: Any) -> Flask:
        app = create_app(settings_for(url, Path(files), **settings))
        app.jinja_env.bytecode_cache = compiled
        return app

    app = make(f"sqlite:///{folder}/none.db", str(folder))
    app.extensions["solde_huey"].storage.close()
    for name in app.jinja_env.list_templates(filter_func=lambda name: name.startswith(("pdf/", "email/"))):
        if not name.endswith(".css"):
            app.jinja_env.get_template(name)
    html_to_pdf("<p>Solde</p>", ROOT / "templates/pdf/document.css")
    return make
