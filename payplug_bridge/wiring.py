"""Puts the package onto the application; called by `create_app`."""

from __future__ import annotations

from flask import Flask

# Tables, triggers and jobs register themselves when they are imported.
from invoicing.payment_link import set_card_payments
from payplug_bridge import models, process_notifications, sync, triggers  # noqa: F401
from payplug_bridge.card_payments import PayplugCardPayments
from payplug_bridge.cli import payplug_group
from payplug_bridge.routes import public, webhooks


def init_app(app: Flask) -> None:
    """Register what the package offers."""
    for module in (public, webhooks):
        app.register_blueprint(module.blueprint)
    app.cli.add_command(payplug_group)
    set_card_payments(app, PayplugCardPayments())
