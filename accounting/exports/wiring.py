"""Puts the exports onto the application; called by the package's own wiring."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from accounting.books_pages import BooksGroup, BooksPage, add_books_page
from accounting.exports import export_task, models, sealed, triggers  # noqa: F401  # they register themselves
from accounting.exports.batch_checks import check_batches
from accounting.routes import exports
from core.checks import register_company_check
from core.long_tasks import add_task_kind
from core.web.rights import Right

PAGES = (
    BooksPage("exports", _l("Export batches"), "exports.index", BooksGroup.EXPORT, Right.BOOKS, order=5),
)


def init_app(app: Flask) -> None:
    """Register what the exports offer."""
    app.register_blueprint(exports.blueprint)
    for page in PAGES:
        add_books_page(app, page)
    add_task_kind(app, export_task.KIND)
    register_company_check("exports", check_batches)
