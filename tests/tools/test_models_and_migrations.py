"""Migrations bring both databases to exactly what the models say (`make check` looks at SQLite only)."""

from __future__ import annotations

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from core.database import db
from tools.check_migrations import FOLDER


def test_a_migrated_database_lacks_nothing(each_app: Flask) -> None:
    with each_app.app_context():
        assert flask_migrate.check(str(FOLDER)) is None


def test_a_difference_is_found(each_app: Flask) -> None:
    with each_app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE left_over (id INTEGER)"))
        with pytest.raises(SystemExit):
            flask_migrate.check(str(FOLDER))
