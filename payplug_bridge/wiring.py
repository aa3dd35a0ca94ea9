"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from core.web.context import MenuEntry, add_menu_entry
from core.web.rights import Right

# Tables, triggers and jobs register themselves when they are imported.
from invoicing.payment_link import set_card_payments
from payplug_bridge import models, process_notifications, sync, triggers  # noqa: F401
from payplug_bridge.card_payments import PayplugCardPayments
from payplug_bridge.cli import payplug_group
from payplug_bridge.routes import members, public, settings, webhooks


def init_app(app: Flask) -> None:
    """Register what the package offers."""
    for module in (members, public, settings):
        app.register_blueprint(module.blueprint)
    webhooks.init_app(app)
    app.cli.add_command(payplug_group)
    add_menu_entry(app, MenuEntry("payplug", _l("Card payments"), "card", "payplug.activity", Right.READ, 40))
    set_card_payments(app, PayplugCardPayments())
