"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask

from accounting import cli, models, sealed_entry, triggers  # noqa: F401  # commands, tables, seal, triggers register
from accounting.chart import ensure_books
from accounting.fec.cli import fec
from core.cli.companies import on_company_added


def init_app(app: Flask) -> None:
    """Register what the package offers."""
    app.cli.add_command(fec)
    with app.app_context():
        on_company_added(_set_up_books)


def _set_up_books() -> None:
    ensure_books()
