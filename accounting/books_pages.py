"""The pages of the books, under the headings an accountant looks for: each package adds its own.

The menu has one entry for all of them; a page shows the headings and, below, the pages of its heading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from core.web.rights import Right, may


class BooksGroup(StrEnum):
    """The headings, in the order in which they are shown."""

    READ = "read"
    BANK = "bank"
    VAT = "vat"
    EXPORT = "export"
    CLOSE = "close"
    SETTINGS = "settings"


GROUP_LABELS: dict[BooksGroup, LazyString] = {
    BooksGroup.READ: _l("Read the books"),
    BooksGroup.BANK: _l("Bank and lettering"),
    BooksGroup.VAT: _l("VAT and payments"),
    BooksGroup.EXPORT: _l("Export files"),
    BooksGroup.CLOSE: _l("Closings"),
    BooksGroup.SETTINGS: _l("Accounts"),
}


@dataclass(frozen=True)
class BooksPage:
    """One page of the books; its template says `books_tabs(key)`. `right` hides it from others."""

    key: str
    label: LazyString | str
    endpoint: str
    group: BooksGroup
    right: Right = Right.READ
    order: int = 50


def add_books_page(app: Flask, page: BooksPage) -> None:
    """Add a page of the books; called by the `wiring.py` of each package."""
    app.extensions.setdefault("solde_books_pages", []).append(page)


def init_books_pages(app: Flask) -> None:
    """Give the templates `books_navigation(current key)`: the headings and the pages of the current one, in the form
    that the macro `tabs` takes."""
    app.jinja_env.globals["books_navigation"] = _navigation_of(app)


def _navigation_of(app: Flask) -> Callable[[str], tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    def navigation(current: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        added: list[BooksPage] = app.extensions.get("solde_books_pages", [])
        shown = sorted((page for page in added if may(page.right)), key=lambda page: page.order)
        group = next(page.group for page in added if page.key == current)
        first = {heading: next((p for p in shown if p.group is heading), None) for heading in BooksGroup}
        headings = [
            _tab(GROUP_LABELS[heading], page, is_current=heading is group)
            for heading, page in first.items()
            if page is not None
        ]
        of_group = [
            _tab(page.label, page, is_current=page.key == current) for page in shown if page.group is group
        ]
        return headings, of_group

    return navigation


def _tab(label: LazyString | str, page: BooksPage, *, is_current: bool) -> dict[str, Any]:
    return {"label": label, "url": url_for(page.endpoint), "current": is_current, "count": None}
