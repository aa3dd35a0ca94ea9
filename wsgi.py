"""The application: the only file that imports all packages, and the `solde` command.

`wsgi:app` is for WSGI servers; `create_app(settings)` for everything else.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import FlaskGroup

import core.wiring
from core.jobs import init_jobs
from core.settings import Settings, SettingsError, load_settings
from core.web.static_files import static_url_path

PACKAGES = ("accounting", "invoicing", "payplug_bridge")
CONFIGURATION_EXIT = 78
WITHOUT_SETTINGS = {"demo": "demo.command", "samples": "demo.samples"}
"""Commands that make an application themselves, by the module they stand in."""


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application.

    Raises:
        SettingsError: the environment cannot be used.
    """
    root = _root()
    app = Flask(
        "solde",
        root_path=root,
        template_folder="templates",
        static_folder="static",
        static_url_path=static_url_path(Path(root, "static")),
    )
    settings = settings or load_settings()
    core.wiring.init_app(app, settings)
    for package in PACKAGES:
        import_module(f"{package}.wiring").init_app(app)
    init_jobs(app, settings.database_url)
    return app


def _root() -> str:
    """Where templates, static files, translations and migrations lie: beside this file, or where a wheel puts them."""
    here = Path(__file__).resolve().parent
    return str(here if (here / "templates").is_dir() else Path(sys.prefix) / "share" / "solde")


def __getattr__(name: str) -> Any:
    """`app` is made when a server asks for it, so that importing this module needs no environment."""
    if name == "app":
        globals()["app"] = application = create_app()
        return application
    raise AttributeError(name)


class ConfigurationError(click.ClickException):
    """The environment cannot be used: one clear line, exit code 78 (EX_CONFIG)."""

    exit_code = CONFIGURATION_EXIT


def _app_for_commands() -> Flask:
    try:
        return create_app()
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None


class _Commands(FlaskGroup):
    """Finds some commands before an application is made: the demo writes the settings of one, samples need none."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        if name in WITHOUT_SETTINGS:
            ctx.meta[import_module("demo.command").MAKE_APP] = create_app
            command: click.Command = getattr(import_module(WITHOUT_SETTINGS[name]), name)
            return command
        return super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command; those of the application only when the environment allows to make one."""
        try:
            load_settings()
        except SettingsError as error:
            click.echo(f"Some commands are not shown: {error}", err=True)
            return sorted({*self.commands, *WITHOUT_SETTINGS})
        return sorted({*super().list_commands(ctx), *WITHOUT_SETTINGS})


main = _Commands(
    create_app=_app_for_commands, name="solde", help="Solde: invoices, PayPlug payments and books."
)

if __name__ == "__main__":
    sys.exit(main())
