"""Puts closings and archives onto the application; called by the package's wiring."""

from __future__ import annotations

from flask import Flask, url_for
from flask_babel import lazy_gettext as _l

from accounting.books_pages import BooksGroup, BooksPage, add_books_page
from accounting.carried_lines import SOURCE_KIND
from accounting.closing_checks import add_closing_check
from accounting.closing_findings import CHECKS
from accounting.routes import closing
from accounting.source_links import add_source_link

BOOKS_PAGES = (
    BooksPage("closing", _l("Years and months"), "closing.index", BooksGroup.CLOSE, order=10),
    BooksPage("closing-log", _l("Log of closings"), "closing.log", BooksGroup.CLOSE, order=80),
)


def init_app(app: Flask) -> None:
    """Register pages and checks."""
    app.register_blueprint(closing.blueprint)
    for page in BOOKS_PAGES:
        add_books_page(app, page)
    for check in CHECKS:
        add_closing_check(app, check)
    add_source_link(app, SOURCE_KIND, lambda _year_id: url_for("closing.index"))
