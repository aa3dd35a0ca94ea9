"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask

from invoicing import models, payments, sealed_rows, triggers  # noqa: F401  # tables, seal, what the database refuses
from invoicing import dispatch_sendings, render_pdf  # noqa: F401  # jobs


def init_app(app: Flask) -> None:
    """Register what the package offers."""
