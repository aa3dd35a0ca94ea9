"""Every passage of a payment from one state to the next.

Each verb works inside the caller's transaction and queues the notification of what it did in the same one, so that
a kill between the two loses neither. Called by the API, the hosted page, the portal and the control API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from payplug_bridge.simulator.cards import Card, Outcome
from payplug_bridge.simulator.notifications import notify_payment, notify_refund
from payplug_bridge.simulator.payments import Payment, get_payment
from payplug_bridge.simulator.refunds import Refund, create_refund
from payplug_bridge.simulator.session import Session


class PaymentClosed(Exception):
    """The payment can no longer take this step; `state` says why."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the payment is {state}")
        self.state = state


def pay(
    session: Session,
    payment: Payment,
    card: Card | None,
    *,
    is_3ds: bool = False,
    paid_at: int | None = None,
    force: bool = False,
    notify: bool = True,
) -> Payment:
    """Take the money (without a card: by another way to pay). PaymentClosed unless open; `force` pays an aborted or
    expired one (a success that came late).

    A `paid_at` before the creation moves the creation back, so that dated demo data stay coherent.
    """
    if payment.paid_at is not None or not (force or payment.is_open(session.now)):
        raise PaymentClosed(_why_closed(payment))
    when = session.now if paid_at is None else paid_at
    failure = payment.failure_code if session.assumptions.failure_kept_once_paid else None
    session.connection.execute(
        "UPDATE payments SET paid_at = ?, created_at = min(created_at, ?), is_3ds = ?, card = ?, failure_code = ?,"
        " challenge = NULL, attempts = attempts + 1 WHERE id = ?",
        (when, when, is_3ds, card.to_json() if card else None, failure, payment.id),
    )
    return _changed(session, payment, "paid", notify=notify)


def decline(session: Session, payment: Payment, code: str, *, notify: bool = True) -> Payment:
    """Record a failed attempt; the payment stays open for another. PaymentClosed unless open."""
    _require_open(session, payment)
    wanted = session.assumptions.notify_each_failed_attempt or payment.failure_code is None
    session.connection.execute(
        "UPDATE payments SET failure_code = ?, challenge = NULL, attempts = attempts + 1 WHERE id = ?",
        (code, payment.id),
    )
    return _changed(session, payment, "failed", notify=notify and wanted)


def challenge(session: Session, payment: Payment, card: Card) -> None:
    """Keep the card while the buyer's bank asks for 3-D Secure. PaymentClosed unless open."""
    _require_open(session, payment)
    session.connection.execute("UPDATE payments SET challenge = ? WHERE id = ?", (card.to_json(), payment.id))


def abort(session: Session, payment: Payment, *, notify: bool = True) -> Payment:
    """End an unpaid payment for good. PaymentClosed when it is paid, aborted or timed out."""
    if payment.state not in ("pending", "failed"):
        raise PaymentClosed(payment.state)
    return _end(session, payment, Outcome.ABORTED, notify=notify)


def time_out(session: Session, payment: Payment, *, notify: bool = True) -> Payment:
    """End a payment nobody has tried to pay. PaymentClosed when something already happened to it."""
    if payment.state != "pending":
        raise PaymentClosed(payment.state)
    return _end(session, payment, Outcome.TIMEOUT, notify=notify)


def refund(
    session: Session,
    payment: Payment,
    *,
    amount: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    origin: str = "api",
    created_at: int | None = None,
    notify: bool = True,
) -> Refund:
    """Give back `amount` cents, or all that remains. ApiError when PayPlug would refuse it."""
    made = create_refund(
        session, payment, amount=amount, metadata=metadata, origin=origin, created_at=created_at
    )
    if notify:
        notify_refund(session, payment, made)
    return made


def time_out_expired(session: Session) -> int:
    """End every pending payment whose page has expired; return how many."""
    expired = session.connection.execute(
        "SELECT id FROM payments WHERE paid_at IS NULL AND failure_code IS NULL AND expires_at <= ?",
        (session.now,),
    ).fetchall()
    for row in expired:
        time_out(session, get_payment(session, row["id"]))
    return len(expired)


def set_metadata(session: Session, payment: Payment, metadata: Mapping[str, Any]) -> Payment:
    """Replace what the merchant attached; nobody is notified."""
    request = json.dumps({**payment.request, "metadata": dict(metadata)})
    session.connection.execute("UPDATE payments SET request = ? WHERE id = ?", (request, payment.id))
    return get_payment(session, payment.id)


def _require_open(session: Session, payment: Payment) -> None:
    if not payment.is_open(session.now):
        raise PaymentClosed(_why_closed(payment))


def _why_closed(payment: Payment) -> str:
    return "expired" if payment.state in ("pending", "failed") else payment.state


def _end(session: Session, payment: Payment, code: Outcome, *, notify: bool) -> Payment:
    session.connection.execute(
        "UPDATE payments SET failure_code = ?, challenge = NULL WHERE id = ?", (code.value, payment.id)
    )
    return _changed(session, payment, code.value, notify=notify)


def _changed(session: Session, payment: Payment, reason: str, *, notify: bool) -> Payment:
    payment = get_payment(session, payment.id)
    if notify:
        notify_payment(session, payment, reason)
    return payment
