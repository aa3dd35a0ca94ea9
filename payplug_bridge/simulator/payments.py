"""Payments: what is stored of one, and how to find it. What changes a payment is in `lifecycle.py`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payplug_bridge.simulator.accounts import Account
from payplug_bridge.simulator.assumptions import DAY_SECONDS
from payplug_bridge.simulator.cards import FINAL_FAILURES, Card
from payplug_bridge.simulator.ids import new_id
from payplug_bridge.simulator.method_request import amount_of
from payplug_bridge.simulator.session import Session

Request = Mapping[str, Any]


@dataclass(frozen=True)
class Payment:
    """A payment as stored. Amounts in cents, times in Unix seconds, `request` is what the merchant sent, checked."""

    id: str
    account_id: str
    is_live: bool
    api_version: str
    amount: int
    amount_refunded: int
    request: Request
    created_at: int
    expires_at: int | None
    paid_at: int | None
    is_3ds: bool | None
    card: Card | None
    failure_code: str | None
    attempts: int
    challenge: str | None
    notification_code: int | None

    @property
    def state(self) -> str:
        """paid, partly_refunded, refunded, aborted, timeout, failed or pending."""
        if self.paid_at is not None:
            if self.amount_refunded == 0:
                return "paid"
            return "refunded" if self.amount_refunded == self.amount else "partly_refunded"
        if self.failure_code in FINAL_FAILURES:
            return str(self.failure_code)
        return "pending" if self.failure_code is None else "failed"

    @property
    def suffix(self) -> str:
        """The 22 characters after `pay_`, which the page's address carries."""
        return self.id.removeprefix("pay_")

    @property
    def path(self) -> str:
        """The hosted page's path."""
        return f"/pay/{self.suffix}" if self.is_live else f"/pay/test/{self.suffix}"

    def is_open(self, now: int) -> bool:
        """Can somebody still pay it? A declined payment can, until its page expires."""
        return self.state in ("pending", "failed") and (self.expires_at is None or now < self.expires_at)

    def refundable_until(self, days: int) -> int | None:
        """Last second at which a refund is accepted; None until paid."""
        return None if self.paid_at is None else self.paid_at + days * DAY_SECONDS


def create_payment(
    session: Session, account: Account, request: Request, *, is_live: bool, api_version: str
) -> Payment:
    """Store a new payment from a checked request; a link PayPlug sends itself (`sent_by`) never times out."""
    hosted = request.get("hosted_payment") or {}
    expires_at = None if hosted.get("sent_by") else session.now + session.assumptions.page_timeout_seconds
    payment_id = new_id("pay")
    session.connection.execute(
        "INSERT INTO payments (id, account_id, is_live, api_version, amount, request, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            payment_id,
            account.id,
            is_live,
            api_version,
            amount_of(request),
            json.dumps(request),
            session.now,
            expires_at,
        ),
    )
    return get_payment(session, payment_id)


def get_payment(session: Session, payment_id: str) -> Payment:
    """Return a payment that exists; LookupError otherwise."""
    payment = find_payment(session, payment_id)
    if payment is None:
        raise LookupError(payment_id)
    return payment


def find_payment(session: Session, payment_id: str) -> Payment | None:
    """Return a payment by its id."""
    row = session.connection.execute("SELECT * FROM payments WHERE id = ?", (payment_id,)).fetchone()
    return None if row is None else _payment(row)


@dataclass(frozen=True)
class PaymentFilter:
    """Which payments to list: of one account, of one mode, with a text in their id or in what the merchant sent."""

    account_id: str | None = None
    is_live: bool | None = None
    search: str | None = None

    def values(self) -> dict[str, object]:
        """The filter as parameters of the queries below; the stored request is JSON, so the text is escaped alike."""
        needle = json.dumps(self.search)[1:-1].lower() if self.search else None
        return {"account_id": self.account_id, "is_live": self.is_live, "search": needle}


LIST = """
SELECT * FROM payments
WHERE (:account_id IS NULL OR account_id = :account_id) AND (:is_live IS NULL OR is_live = :is_live)
  AND (:search IS NULL OR instr(lower(id), :search) OR instr(lower(request), :search))
ORDER BY created_at DESC, sequence DESC LIMIT :limit OFFSET :offset
"""
COUNT = """
SELECT count(*) FROM payments
WHERE (:account_id IS NULL OR account_id = :account_id) AND (:is_live IS NULL OR is_live = :is_live)
  AND (:search IS NULL OR instr(lower(id), :search) OR instr(lower(request), :search))
"""


def list_payments(
    session: Session, wanted: PaymentFilter, *, limit: int = -1, offset: int = 0
) -> list[Payment]:
    """Payments, newest first; a negative limit means all."""
    rows = session.connection.execute(LIST, {**wanted.values(), "limit": limit, "offset": offset})
    return [_payment(row) for row in rows]


def count_payments(session: Session, wanted: PaymentFilter) -> int:
    """How many `list_payments` would give without a limit."""
    return int(session.connection.execute(COUNT, wanted.values()).fetchone()[0])


def collected_and_refunded(session: Session, account_id: str, *, is_live: bool) -> tuple[int, int]:
    """(collected, refunded) of an account in one mode, in cents."""
    row = session.connection.execute(
        "SELECT coalesce(sum(amount), 0), coalesce(sum(amount_refunded), 0) FROM payments"
        " WHERE account_id = ? AND is_live = ? AND paid_at IS NOT NULL",
        (account_id, is_live),
    ).fetchone()
    return int(row[0]), int(row[1])


def _payment(row: sqlite3.Row) -> Payment:
    return Payment(
        id=row["id"],
        account_id=row["account_id"],
        is_live=bool(row["is_live"]),
        api_version=row["api_version"],
        amount=row["amount"],
        amount_refunded=row["amount_refunded"],
        request=json.loads(row["request"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        paid_at=row["paid_at"],
        is_3ds=None if row["is_3ds"] is None else bool(row["is_3ds"]),
        card=None if row["card"] is None else Card.from_json(row["card"]),
        failure_code=row["failure_code"],
        attempts=row["attempts"],
        challenge=row["challenge"],
        notification_code=row["notification_code"],
    )
