"""A payment by card that is given back, and how it stands at PayPlug and in the books: for the tests of refunds."""

from __future__ import annotations

from sqlalchemy import select

from core.database import db
from invoicing.lifecycle import PaymentStatus
from invoicing.refunds import Refund
from tests.payplug_bridge.shop import Shop


def paid(shop: Shop, price: str = "100") -> tuple[int, str, int]:
    """An invoice paid by card: its id, the payment's at PayPlug, the payment's in the books."""
    invoice = shop.invoice(price)
    payplug_id = shop.click(invoice)
    shop.simulator.pay(payplug_id, notify=False)
    shop.sync()
    payment_id = shop.attempts(invoice)[-1].payment_id
    assert payment_id is not None
    return invoice, payplug_id, payment_id


def refunds(shop: Shop) -> list[tuple[int, str | None]]:
    """Cents and PayPlug's id of each refund in the books, oldest first."""
    with shop.inside():
        rows = db.session.execute(select(Refund.amount_cents, Refund.external_id).order_by(Refund.id)).all()
        return [(row[0], row[1]) for row in rows]


def at_payplug(shop: Shop, payplug_id: str) -> int:
    """The cents that PayPlug says it has given back of a payment."""
    return int(shop.simulator.payment(payplug_id)["amount_refunded"])


def standing(shop: Shop, invoice: int) -> tuple[int, PaymentStatus]:
    """Open cents and status of an invoice."""
    balance = shop.balance(invoice)
    return balance.open_cents, balance.status
