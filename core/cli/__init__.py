"""The shared commands: servers, companies, users, verification, migrations."""

from __future__ import annotations

from flask import Flask

from core.cli.companies import company_group, user_group
from core.cli.servers import helper, serve, worker
from core.cli.verify import verify


def register_commands(app: Flask) -> None:
    """Put the commands onto `solde`."""
    for command in (company_group, user_group, serve, worker, helper, verify):
        app.cli.add_command(command)
