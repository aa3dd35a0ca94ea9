"""Puts the shared services onto the application; the first step of `create_app`."""

from __future__ import annotations

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_migrate import Migrate

from core import (  # noqa: F401  # their tables, triggers and jobs register themselves
    event_log,
    files,
    long_tasks,
    mail,
    models,
    seal,
    sms,
    todo,
    work_long_tasks,
)
from core.checks import register_company_check
from core.cli import register_commands
from core.cli.servers import WEB_THREADS
from core.database import db, init_database
from core.logs import init_logs
from core.settings import Settings
from core.web import companies, health, tasks
from core.web.addresses import init_addresses
from core.web.context import init_context
from core.web.errors import init_errors
from core.web.formats import init_formats
from core.web.headers import init_headers
from core.web.language import init_language
from core.web.settings_tabs import init_settings_tabs
from core.web.sign_in import init_sign_in
from core.web.static_files import init_static_files
from core.web.uploads import init_uploads


def init_app(app: Flask, settings: Settings) -> None:
    """Settings, database, sign-in, language, headers, errors, commands. Jobs come last, when all are registered."""
    init_logs(settings.log_format)
    app.config["SOLDE"] = settings
    app.config["SECRET_KEY"] = settings.secret_key
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config["WEB_THREADS"] = WEB_THREADS
    init_database(app, settings.database_url)
    Migrate(app, db, directory=f"{app.root_path}/migrations", render_as_batch=True)
    Bootstrap5(app)
    init_static_files(app)
    init_addresses(app)
    init_language(app, f"{app.root_path}/translations")
    init_headers(app, settings)
    init_uploads(app)
    init_sign_in(app, settings)
    init_formats(app)
    init_context(app)
    init_settings_tabs(app)
    init_errors(app)
    app.register_blueprint(companies.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(tasks.blueprint)
    register_company_check("files", files.check_files)
    register_commands(app)
