"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from accounting.closing.checks import add_closing_check
from accounting.packages.package_parts import add_package_part
from core.web.context import MenuEntry, add_menu_entry
from core.web.panels import add_panel
from core.web.rights import Right
from core.web.settings_tabs import SettingsTab, add_settings_tab

# Tables, triggers and jobs register themselves when they are imported.
from invoicing.payment_link import set_card_payments
from payplug_bridge import (  # noqa: F401
    account_models,
    matters_of_attempts,
    matters_of_holds,
    matters_of_the_line,
    matters_of_uncovered,
    models,
    process_notifications,
    refresh_facts,
    sync,
    sync_refunds,
    triggers,
)
from payplug_bridge.card_payments import PayplugCardPayments
from payplug_bridge.cli import payplug_group
from payplug_bridge.closing_findings import CHECKS
from payplug_bridge.matters import add_source, count_matters
from payplug_bridge.operations import matters_of_operations, request_reports  # noqa: F401
from payplug_bridge.operations import models as operation_models  # noqa: F401
from payplug_bridge.operations import triggers as operation_triggers  # noqa: F401
from payplug_bridge.operations.package_files import PARTS as PACKAGE_PARTS
from payplug_bridge.panels import (
    attempts_mark,
    attempts_panel,
    first_step,
    note_panel,
    payment_panel,
    to_handle_panel,
)
from payplug_bridge.routes import members, public, refunds, self_tests, settings, to_handle, wallet, webhooks

MATTERS = {
    "attempts": matters_of_attempts.SOURCE,
    "holds": matters_of_holds.SOURCE,
    "uncovered": matters_of_uncovered.SOURCE,
    "line": matters_of_the_line.SOURCE,
    "operations": matters_of_operations.SOURCE,
}
"""What puts things on the list *To handle*."""


def init_app(app: Flask) -> None:
    """Register what the package offers."""
    for check in CHECKS:
        add_closing_check(app, check)
    for module in (members, public, refunds, self_tests, settings, to_handle, wallet):
        app.register_blueprint(module.blueprint)
    webhooks.init_app(app)
    app.cli.add_command(payplug_group)
    for name, source in MATTERS.items():
        add_source(app, name, source)
    for part in PACKAGE_PARTS:
        add_package_part(app, part)
    add_menu_entry(
        app,
        MenuEntry(
            "to-handle", _l("To handle"), "bell", "to_handle.index", Right.READ, 39, count=count_matters
        ),
    )
    add_menu_entry(app, MenuEntry("payplug", _l("Card payments"), "card", "payplug.activity", Right.READ, 40))
    add_menu_entry(app, MenuEntry("wallet", _l("PayPlug wallet"), "bank", "wallet.index", Right.BOOKS, 61))
    add_settings_tab(app, SettingsTab("payplug", _l("Card payments"), "payplug_settings.index", order=40))
    add_panel(app, "document", attempts_panel, mark=attempts_mark)
    add_panel(app, "dashboard", to_handle_panel, order=1)
    add_panel(app, "document", note_panel)
    add_panel(app, "payment", payment_panel)
    add_panel(app, "first-steps", first_step)
    set_card_payments(app, PayplugCardPayments())
