"""Puts closings and archives onto the application; called by the package's wiring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from accounting.books_pages import BooksGroup, BooksPage, add_books_page
from accounting.carried_lines import SOURCE_KIND
from accounting.closing import closing_task, look_at_year
from accounting.closing.archive import KIND, add_archive_part, make_archive, note_fetching
from accounting.closing.archive_rows import TABLES
from accounting.closing.archive_tables import add_archive_table
from accounting.closing.checks import add_closing_check
from accounting.closing.credit_list import CREDIT_LIST
from accounting.closing.findings import CHECKS
from accounting.routes import closing
from accounting.source_links import add_source_link
from core.long_tasks import TaskKind, add_task_kind
from core.web.rights import Right

BOOKS_PAGES = (
    BooksPage("closing", _l("Years and months"), "closing.index", BooksGroup.CLOSE, order=10),
    BooksPage("closing-log", _l("Log of closings"), "closing.log", BooksGroup.CLOSE, order=80),
)


def _title(asked: Mapping[str, Any]) -> str:
    title: str = gettext("Archive of the year %(year)s", year=asked["year"])
    return title


ARCHIVE = TaskKind(
    KIND,
    _title,
    make_archive,
    Right.BOOKS.value,
    ("closing.index", _l("Closings")),
    note_fetching,
)


def init_app(app: Flask) -> None:
    """Register pages and checks."""
    app.register_blueprint(closing.blueprint)
    for page in BOOKS_PAGES:
        add_books_page(app, page)
    for check in CHECKS:
        add_closing_check(app, check)
    for table in TABLES:
        add_archive_table(app, table)
    add_archive_part(app, CREDIT_LIST)
    for kind in (ARCHIVE, look_at_year.KIND, closing_task.KIND):
        add_task_kind(app, kind)
    add_source_link(app, SOURCE_KIND, lambda _year_id: url_for("closing.index"))
