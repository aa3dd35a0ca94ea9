"""Fixtures of the browser tests: one installation per worker and engine, signed-in windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.browser.installation import Installation, copy_of, running_installation
from tests.conftest import new_postgres_database


@pytest.fixture(scope="session")
def sqlite_installation(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The default: one SQLite file."""
    folder = tmp_path_factory.mktemp("installation")
    with running_installation(copy_of(sqlite_template, folder), folder) as installation:
        yield installation


@pytest.fixture(scope="session")
def postgres_installation(
    postgres_server: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The same on PostgreSQL."""
    folder = tmp_path_factory.mktemp("installation")
    name, url = new_postgres_database(postgres_server, postgres_template)
    with running_installation(url, folder) as installation:
        yield installation
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def each_installation(request: pytest.FixtureRequest) -> Installation:
    """An installation on each engine in turn."""
    name = "sqlite_installation" if request.param == "sqlite" else "postgres_installation"
    found = request.getfixturevalue(name)
    assert isinstance(found, Installation)
    return found
