"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from accounting import (  # noqa: F401  # commands, tables, seal, triggers register
    cli,
    models,
    sealed_entry,
    treasury_models,
    triggers,
)
from accounting.books_pages import BooksGroup, BooksPage, add_books_page, init_books_pages
from accounting.chart import ensure_books
from accounting.closing import wiring as closing
from accounting.exports import wiring as exports
from accounting.fec.cli import fec
from accounting.fec.kept import KIND as FEC_TASK
from accounting.ledger_checks import check_ledger
from accounting.reading.vat_report import check_vat
from accounting.routes import (
    accounts,
    ageing,
    chart,
    choices,
    journal,
    lettering,
    settings,
    treasury,
    vat_report,
)
from accounting.routes import fec as fec_pages
from core.checks import register_company_check
from core.cli.companies import on_company_added
from core.long_tasks import add_task_kind
from core.web.context import MenuEntry, add_menu_entry
from core.web.rights import Right

PAGES = (journal, accounts, lettering, ageing, vat_report, fec_pages, settings, chart, choices, treasury)
_R, _V, _E, _S = BooksGroup.READ, BooksGroup.VAT, BooksGroup.EXPORT, BooksGroup.SETTINGS
BOOKS_PAGES = (
    BooksPage("journal", _l("Journals"), "journal.index", _R, order=10),
    BooksPage("ledger", _l("General ledger"), "accounts.general_ledger", _R, order=20),
    BooksPage("balance", _l("Trial balance"), "accounts.balance", _R, order=30),
    BooksPage("ageing", _l("Customer balances"), "ageing.index", _R, order=40),
    BooksPage("vat", _l("VAT"), "vat_report.index", _V, order=10),
    BooksPage("lettering", _l("Lettering"), "lettering.index", BooksGroup.BANK, Right.BOOKS, order=40),
    BooksPage("fec", "FEC", "fec_pages.index", _E, Right.BOOKS, order=10),
    BooksPage("fec_check", _l("Check a FEC"), "fec_pages.check_other", _E, Right.BOOKS, order=80),
    BooksPage("settings", _l("Accounts and VAT"), "books_settings.index", _S, Right.BOOKS, order=10),
    BooksPage("chart", _l("Chart of accounts"), "books_chart.index", _S, Right.BOOKS, order=15),
    BooksPage("choices", _l("Sales, deposits, years"), "books_choices.index", _S, Right.BOOKS, order=20),
    BooksPage("treasury", _l("Journals and treasury"), "books_treasury.index", _S, Right.BOOKS, order=25),
    BooksPage("changes", _l("Changes"), "books_choices.changes", _S, Right.BOOKS, order=90),
)
MENU = (MenuEntry("books", _l("Books"), "ledger", "journal.index", order=60),)


def init_app(app: Flask) -> None:
    """Register what the package offers."""
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    for entry in MENU:
        add_menu_entry(app, entry)
    init_books_pages(app)
    for books_page in BOOKS_PAGES:
        add_books_page(app, books_page)
    closing.init_app(app)
    app.cli.add_command(fec)
    add_task_kind(app, FEC_TASK)
    register_company_check("books", check_ledger)
    register_company_check("vat", check_vat)
    exports.init_app(app)
    with app.app_context():
        on_company_added(_set_up_books)


def _set_up_books() -> None:
    ensure_books()
