"""Refunds: what is stored of one, and the rules that refuse one. `lifecycle.refund` is the verb that also notifies."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.ids import new_id
from payplug_bridge.simulator.payments import Payment
from payplug_bridge.simulator.session import Session

SELECT = "SELECT refunds.*, payments.is_live FROM refunds JOIN payments ON payments.id = refunds.payment_id "


@dataclass(frozen=True)
class Refund:
    """Money given back; `origin` is "api" or "portal"."""

    id: str
    payment_id: str
    is_live: bool
    amount: int
    metadata: Mapping[str, Any] | None
    origin: str
    created_at: int


def create_refund(
    session: Session,
    payment: Payment,
    *,
    amount: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    origin: str = "api",
    created_at: int | None = None,
) -> Refund:
    """Give back `amount` cents, or all that remains. ApiError when it is refused. Called by `lifecycle.refund`."""
    remaining = payment.amount - payment.amount_refunded
    wanted = remaining if amount is None else amount
    when = session.now if created_at is None else created_at
    _check(session, payment, wanted, when)
    refund_id = new_id("re")
    session.connection.execute(
        "INSERT INTO refunds (id, payment_id, amount, metadata, origin, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (refund_id, payment.id, wanted, None if metadata is None else json.dumps(metadata), origin, when),
    )
    session.connection.execute(
        "UPDATE payments SET amount_refunded = amount_refunded + ? WHERE id = ?", (wanted, payment.id)
    )
    refund = find_refund(session, payment.id, refund_id)
    assert refund is not None
    return refund


def _check(session: Session, payment: Payment, wanted: int, when: int) -> None:
    status = session.assumptions.refund_refused_status
    until = payment.refundable_until(session.assumptions.refundable_days)
    if payment.paid_at is None or until is None:
        raise ApiError(status, "The payment is not paid: it cannot be refunded.")
    remaining = payment.amount - payment.amount_refunded
    if remaining == 0:
        raise ApiError(status, "The payment is already fully refunded.")
    if not payment.paid_at <= when <= until:
        raise ApiError(status, "The payment cannot be refunded at this date.")
    if wanted > remaining:
        raise ApiError(
            status, "The amount is above what remains.", {"amount": f"At most {remaining} cents remain."}
        )
    smallest = session.assumptions.smallest_refund_cents
    if wanted < smallest:
        raise ApiError(status, "The amount is too small.", {"amount": f"At least {smallest} cents."})


def find_refund(session: Session, payment_id: str, refund_id: str) -> Refund | None:
    """Return a refund of this payment by its id."""
    row = session.connection.execute(
        SELECT + "WHERE refunds.id = ? AND refunds.payment_id = ?", (refund_id, payment_id)
    ).fetchone()
    return None if row is None else _refund(row)


def refunds_of(session: Session, payment_id: str) -> list[Refund]:
    """A payment's refunds, newest first."""
    rows = session.connection.execute(
        SELECT + "WHERE refunds.payment_id = ? ORDER BY refunds.sequence DESC", (payment_id,)
    )
    return [_refund(row) for row in rows]


def _refund(row: sqlite3.Row) -> Refund:
    return Refund(
        row["id"],
        row["payment_id"],
        bool(row["is_live"]),
        row["amount"],
        None if row["metadata"] is None else json.loads(row["metadata"]),
        row["origin"],
        row["created_at"],
    )
