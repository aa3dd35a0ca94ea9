"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask

from accounting import models  # noqa: F401  # tables


def init_app(app: Flask) -> None:
    """Register what the package offers."""
