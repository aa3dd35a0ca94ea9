"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from accounting.books_pages import BooksGroup, BooksPage, add_books_page
from accounting.closing.archive import add_archive_part
from accounting.closing.archive_tables import add_archive_table
from accounting.closing.checks import add_closing_check
from accounting.packages.package_parts import add_package_part
from accounting.reading.due_dates import add_due_dates
from accounting.reading.key_documents import add_key_documents
from accounting.reading.unbooked import set_unbooked
from accounting.reading.vat_sales import set_vat_sales
from accounting.settings.history import add_sentence
from accounting.settled_kinds import add_settled_kinds
from accounting.source_links import add_source_link
from core.checks import register_company_check
from core.cli.companies import on_company_added
from core.company_mail import set_company_mail
from core.database import db
from core.long_tasks import add_task_kind
from core.sms import set_chat_target
from core.web.context import MenuEntry, add_menu_entry
from core.web.rights import Right
from core.web.settings_tabs import SettingsTab, add_settings_tab
from invoicing import (  # noqa: F401  # what registers itself: jobs, tables, triggers, serializers
    account_statement_sendings,  # table and triggers register
    dispatch_receipts,
    dispatch_sendings,
    make_recurring_invoices,
    models,
    payment_means,
    payments,
    receivables,
    refunds,
    render_pdf,
    sealed_rows,
    triggers,
    work_bulk_runs,
)
from invoicing.archive_rows import DOCUMENTS, TABLES
from invoicing.bank import models as bank_models  # noqa: F401  # tables register
from invoicing.bank import triggers as bank_triggers  # noqa: F401  # triggers register
from invoicing.bank.routes import cheques as cheque_pages
from invoicing.bank.routes import lines as bank_line_pages
from invoicing.bank.routes import statements as statement_pages
from invoicing.cli import customers_group, invoices_group
from invoicing.closing_findings import CHECKS
from invoicing.document_checks import check_documents
from invoicing.document_words import siren_text
from invoicing.due_dates import documents_of_ids, due_dates_of_invoices
from invoicing.facturx_cli import facturx_group
from invoicing.mail_settings import sender_of_company, servers_of_companies
from invoicing.means_words import means_sentence
from invoicing.models import InvoicingSettings
from invoicing.notice_settings import chat_target
from invoicing.package_files import PARTS as PACKAGE_PARTS
from invoicing.routes import (
    account_statements,
    attestation,
    bulk,
    crediting,
    customers,
    dashboard,
    editor,
    group_payments,
    invoices,
    items,
    links,
    logos,
    mails,
    members,
    merging,
    notices,
    payment_register,
    quick_link,
    quote_page,
    quotes,
    recurring,
    sendings,
    settings,
    takeover,
)
from invoicing.routes import mail_settings as mail_pages
from invoicing.routes import payment_means as means_pages
from invoicing.routes import payments as payment_pages
from invoicing.routes import receivables as receivable_pages
from invoicing.routes import refunds as refund_pages
from invoicing.routes import texts as text_pages
from invoicing.source_urls import SOURCE_URLS
from invoicing.standing import check_standings
from invoicing.takeover.cli import takeover_command
from invoicing.takeover.tasks import KINDS as TAKEOVER_TASKS
from invoicing.unbooked_deposits import unpaid_unbooked
from invoicing.vat_sales import vat_sales_of_documents

PAGES = (
    attestation,
    dashboard,
    invoices,
    editor,
    customers,
    items,
    merging,
    payment_pages,
    payment_register,
    group_payments,
    account_statements,
    cheque_pages,
    statement_pages,
    bank_line_pages,
    refund_pages,
    receivable_pages,
    crediting,
    links,
    sendings,
    settings,
    logos,
    members,
    mails,
    mail_pages,
    notices,
    quick_link,
    text_pages,
    quotes,
    quote_page,
    recurring,
    bulk,
    means_pages,
    takeover,
)
MENU = (
    MenuEntry("dashboard", _l("Dashboard"), "dashboard", "dashboard.index", order=10),
    MenuEntry("quick_link", _l("Quick link"), "link", "quick_link.new", Right.INVOICE, order=12),
    MenuEntry("invoices", _l("Invoices"), "invoice", "invoices.index", order=20),
    MenuEntry("quotes", _l("Quotes"), "draft", "quotes.index", order=15),
    MenuEntry("recurring", _l("Recurring invoices"), "sync", "recurring.index", order=25),
    MenuEntry("customers", _l("Customers"), "customers", "customers.index", order=30),
    MenuEntry("items", _l("Catalogue"), "catalogue", "items.index", order=35),
    MenuEntry("payments", _l("Payments"), "payment", "payments.index", order=40),
    MenuEntry("mails", _l("E-mails"), "mail", "mails.index", order=45),
    MenuEntry("settings", _l("Settings"), "settings", "settings.company", Right.SETTINGS, order=90),
)
BOOKS_PAGES = (
    BooksPage("attestation", _l("Attestation"), "attestation.index", BooksGroup.CLOSE, Right.BOOKS, order=60),
    BooksPage("bank", _l("Bank statements"), "bank.index", BooksGroup.BANK, order=10),
    BooksPage("cheques", _l("Cheques"), "cheques.index", BooksGroup.BANK, order=30),
    BooksPage(
        "payment_register", _l("List of payments"), "payment_register.index", BooksGroup.READ, order=50
    ),
    BooksPage(
        "collected", _l("Collected by VAT rate"), "payment_register.collected", BooksGroup.VAT, order=20
    ),
    BooksPage(
        "means", _l("Means of payment"), "payment_means.index", BooksGroup.SETTINGS, Right.BOOKS, order=30
    ),
    BooksPage(
        "takeover", _l("Take over books"), "takeover.index", BooksGroup.SETTINGS, Right.BOOKS, order=80
    ),
)
SETTINGS_TABS = (
    SettingsTab("company", _l("Company"), "settings.company", order=10),
    SettingsTab("invoicing", _l("Invoicing"), "settings.invoicing", order=20),
    SettingsTab("vat_rates", _l("VAT rates"), "settings.vat_rates", order=30),
    SettingsTab("texts", _l("Texts"), "texts.index", order=45),
    SettingsTab("mail", _l("E-mails"), "mail_settings.index", order=50),
    SettingsTab("notices", _l("Notices"), "notices.index", order=55),
    SettingsTab("members", _l("Members"), "members.index", order=90),
)


def init_app(app: Flask) -> None:
    """Register what the package offers."""
    _add_work(app)
    for table in TABLES:
        add_archive_table(app, table)
    add_archive_part(app, DOCUMENTS)
    for group in (customers_group, invoices_group, facturx_group, takeover_command):
        app.cli.add_command(group)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    for entry in MENU:
        add_menu_entry(app, entry)
    for books_page in BOOKS_PAGES:
        add_books_page(app, books_page)
    for tab in SETTINGS_TABS:
        add_settings_tab(app, tab)
    for kind, find_url in SOURCE_URLS.items():
        add_source_link(app, kind, find_url)
    add_sentence("payment_means.changed", means_sentence)
    add_settled_kinds(app, "invoice", "advance", "payment", "credit_note", "refund")
    add_due_dates(app, "invoice", due_dates_of_invoices)
    for part in PACKAGE_PARTS:
        add_package_part(app, part)
    add_key_documents(app, "invoice", documents_of_ids)
    add_key_documents(app, "advance", documents_of_ids)
    add_key_documents(app, "credit_note", documents_of_ids)
    set_vat_sales(app, vat_sales_of_documents)
    set_unbooked(app, unpaid_unbooked)
    app.add_template_filter(siren_text, "siren")
    set_chat_target(app, chat_target)
    set_company_mail(app, sender_of_company, servers_of_companies)
    register_company_check("documents", check_documents)
    register_company_check("lists", check_standings)
    with app.app_context():
        on_company_added(_set_up_invoicing)


def _set_up_invoicing() -> None:
    db.session.add(InvoicingSettings())
    db.session.flush()


def _add_work(app: Flask) -> None:
    """What a closing looks at, and the long tasks."""
    for check in CHECKS:
        add_closing_check(app, check)
    for task in TAKEOVER_TASKS:
        add_task_kind(app, task)
