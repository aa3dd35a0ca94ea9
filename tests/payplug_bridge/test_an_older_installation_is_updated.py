"""An installation that worked before there were banks, closings and exports is updated: its business is still there,
to the row, and still holds.
"""

from __future__ import annotations

import flask_migrate
from sqlalchemy import text

from core.database import db, transaction
from core.triggers import missing_triggers
from invoicing.credit_invoice import credit_invoice
from invoicing.models import Document
from tests.factories.invoicing import pay
from tests.payplug_bridge.shop import Shop
from tools.check_migrations import FOLDER

BEFORE_THE_BOOKS = "0010"


def test_the_rows_of_a_business_survive_the_way_back_and_forth(each_shop: Shop) -> None:
    shop = each_shop
    _do_business(shop)
    before = _rows(shop)
    assert {
        "payment",
        "settlement",
        "journal_entry",
        "lettering",
        "seal_link",
        "payplug_notification",
    } <= before.keys()

    with shop.app.app_context():
        flask_migrate.downgrade(str(FOLDER), BEFORE_THE_BOOKS)
        older = set(_tables())
        flask_migrate.upgrade(str(FOLDER))

    after = _rows(shop)
    assert {name: count for name, count in after.items() if name in older} == {
        name: count for name, count in before.items() if name in older
    }
    with shop.app.app_context(), db.engine.connect() as connection:
        assert not missing_triggers(connection)
    shop.assert_sound()
    # And it goes on: the next payment is posted on the accounts there are.
    shop.transfer(shop.invoice("30"), 3600)
    shop.assert_sound()


def _do_business(shop: Shop) -> None:
    """By transfer, by card, in parts, too much, credited: what the books had to hold then."""
    by_card, by_hand, credited = shop.invoice("100"), shop.invoice("50"), shop.invoice("80")
    payment_id = shop.click(by_card)
    shop.simulator.pay(payment_id)
    assert shop.notify_about(payment_id) == 200
    shop.work()
    shop.transfer(by_hand, 2000)
    with shop.inside(), transaction():
        pay(db.session.get_one(Document, by_hand), "50")
    with shop.inside(), transaction():
        credit_invoice(credited, reason="Commande annulée")
    shop.assert_sound()


def _tables() -> list[str]:
    with db.engine.connect() as connection:
        return [name for name in db.metadata.tables if connection.dialect.has_table(connection, name)]


def _rows(shop: Shop) -> dict[str, int]:
    """How many rows each table has; accounts apart, which migrations add to."""
    with shop.app.app_context():
        tables = [name for name in _tables() if name != "account"]
        with db.engine.connect() as connection:
            counts = {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in tables}
    return {name: int(count or 0) for name, count in counts.items() if count}
