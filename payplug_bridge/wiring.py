"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from core.web.context import MenuEntry, add_menu_entry
from core.web.panels import add_panel
from core.web.rights import Right
from core.web.settings_tabs import SettingsTab, add_settings_tab

# Tables, triggers and jobs register themselves when they are imported.
from invoicing.payment_link import set_card_payments
from payplug_bridge import (  # noqa: F401
    account_models,
    models,
    process_notifications,
    refresh_facts,
    sync,
    sync_refunds,
    triggers,
)
from payplug_bridge.card_payments import PayplugCardPayments
from payplug_bridge.cli import payplug_group
from payplug_bridge.panels import attempts_mark, attempts_panel, first_step
from payplug_bridge.routes import members, public, self_tests, settings, webhooks


def init_app(app: Flask) -> None:
    """Register what the package offers."""
    for module in (members, public, self_tests, settings):
        app.register_blueprint(module.blueprint)
    webhooks.init_app(app)
    app.cli.add_command(payplug_group)
    add_menu_entry(app, MenuEntry("payplug", _l("Card payments"), "card", "payplug.activity", Right.READ, 40))
    add_settings_tab(app, SettingsTab("payplug", _l("Card payments"), "payplug_settings.index", order=40))
    add_panel(app, "document", attempts_panel, mark=attempts_mark)
    add_panel(app, "first-steps", first_step)
    set_card_payments(app, PayplugCardPayments())
