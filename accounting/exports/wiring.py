"""Puts the exports and the packages of months onto the application; called by the package's own wiring."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from accounting.books_pages import BooksGroup, BooksPage, add_books_page
from accounting.exports import export_task, models, sealed, triggers  # noqa: F401  # they register themselves
from accounting.exports.batch_checks import check_batches
from accounting.exports.cli import export
from accounting.packages import month_package, month_parts
from accounting.packages.package_parts import add_package_part
from accounting.routes import exports, packages
from core.checks import register_company_check
from core.long_tasks import add_task_kind
from core.web.rights import Right

PAGES = (
    BooksPage("exports", _l("Export batches"), "exports.index", BooksGroup.EXPORT, Right.BOOKS, order=5),
    BooksPage(
        "packages", _l("Packages of months"), "packages.index", BooksGroup.EXPORT, Right.BOOKS, order=7
    ),
)


def init_app(app: Flask) -> None:
    """Register what the exports offer."""
    for module in (exports, packages):
        app.register_blueprint(module.blueprint)
    for page in PAGES:
        add_books_page(app, page)
    for kind in (export_task.KIND, month_package.KIND):
        add_task_kind(app, kind)
    for part in month_parts.PARTS:
        add_package_part(app, part)
    app.cli.add_command(export)
    register_company_check("exports", check_batches)
