"""What moves an account's balance beside payments and refunds: payouts, the monthly invoice of fees, chargebacks.

Each verb works inside the caller's transaction and refuses with an ApiError. `statement` is what reports are made of.
"""

from __future__ import annotations

import calendar
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from payplug_bridge.simulator.errors import ApiError
from payplug_bridge.simulator.ids import new_id
from payplug_bridge.simulator.payments import Payment, PaymentFilter, list_payments
from payplug_bridge.simulator.refunds import refunds_of
from payplug_bridge.simulator.session import Session

PAYOUT, FEES, DISPUTE, DISPUTE_FEE, DISPUTE_WON = "payout", "fees", "dispute", "dispute_fee", "dispute_won"
VAT_PERCENT = 20


@dataclass(frozen=True)
class Movement:
    """One movement; `amount` in cents, signed as the balance sees it."""

    id: str
    account_id: str
    is_live: bool
    kind: str
    amount: int
    payment_id: str | None
    description: str
    created_at: int


@dataclass(frozen=True)
class StatementLine:
    """A line of the account's statement. `id` is empty for what the API has no object for."""

    at: int
    kind: str
    amount: int
    id: str
    description: str
    email: str
    fee_cents: int
    balance_cents: int
    metadata: Mapping[str, Any]


def pay_out(
    session: Session, account_id: str, *, is_live: bool, amount: int | None = None, at: int | None = None
) -> Movement:
    """Send `amount` cents, or all of the balance, to the merchant's bank."""
    balance = balance_cents(session, account_id, is_live=is_live)
    wanted = balance if amount is None else amount
    if wanted <= 0 or wanted > balance:
        raise ApiError(400, f"The payout is not possible: the balance is {balance} cents.")
    return _add(
        session, (account_id, is_live), PAYOUT, -wanted, description="Virement vers votre banque", at=at
    )


def invoice_fees(session: Session, account_id: str, *, is_live: bool, month: str | None = None) -> Movement:
    """Take the fees of a month (`2026-09`; the one before by default), VAT on their sum, on the 1st of the next."""
    first = _first_day(month) if month else _month_before(datetime.fromtimestamp(session.now, UTC).date())
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    start, end = seconds_of(first), seconds_of(last) + 86_400
    net = sum(
        line.fee_cents
        for line in statement(session, account_id, is_live=is_live)
        if start <= line.at < end and line.fee_cents
    )
    description = f"Facture PayPlug {first:%Y-%m}"
    known = session.connection.execute(
        "SELECT 1 FROM movements WHERE account_id = ? AND is_live = ? AND kind = ? AND description = ?",
        (account_id, is_live, FEES, description),
    ).fetchone()
    if known or not net:
        raise ApiError(409, "The fees of this month are invoiced already, or there are none.")
    gross = net + (net * VAT_PERCENT * 2 + 100) // 200
    return _add(session, (account_id, is_live), FEES, -gross, description=description, at=end)


def dispute(
    session: Session, payment: Payment, *, amount: int | None = None, at: int | None = None
) -> Movement:
    """The buyer's bank takes the money back; what a chargeback costs is taken with it when it is assumed so."""
    if payment.paid_at is None:
        raise ApiError(409, "The payment is not paid: it cannot be disputed.")
    if _of_payment(session, payment.id, DISPUTE) is not None:
        raise ApiError(409, "The payment is disputed already.")
    wanted = payment.amount if amount is None else amount
    if not 0 < wanted <= payment.amount:
        raise ApiError(400, "The amount is not that of the payment or a part of it.")
    owner = (payment.account_id, payment.is_live)
    made = _add(
        session,
        owner,
        DISPUTE,
        -wanted,
        description=f"Contestation de {payment.id}",
        payment_id=payment.id,
        at=at,
    )
    fee = session.assumptions.dispute_fee_cents
    if fee and session.assumptions.dispute_fee_at_once:
        _add(
            session,
            owner,
            DISPUTE_FEE,
            -fee,
            description=f"Frais de {payment.id}",
            payment_id=payment.id,
            at=at,
        )
    return made


def win_dispute(session: Session, payment: Payment, *, at: int | None = None) -> Movement:
    """The dispute ends well for the merchant: the money comes back, its cost does not."""
    lost = _of_payment(session, payment.id, DISPUTE)
    if lost is None or _of_payment(session, payment.id, DISPUTE_WON) is not None:
        raise ApiError(409, "The payment has no open dispute.")
    owner = (payment.account_id, payment.is_live)
    description = f"Contestation gagnée de {payment.id}"
    return _add(
        session, owner, DISPUTE_WON, -lost.amount, description=description, payment_id=payment.id, at=at
    )


def balance_cents(session: Session, account_id: str, *, is_live: bool) -> int:
    """What the account holds."""
    lines = statement(session, account_id, is_live=is_live)
    return lines[-1].balance_cents if lines else 0


def movements_of(session: Session, account_id: str, *, is_live: bool) -> list[Movement]:
    """An account's movements of one mode, oldest first."""
    rows = session.connection.execute(
        "SELECT * FROM movements WHERE account_id = ? AND is_live = ? ORDER BY created_at, sequence",
        (account_id, is_live),
    )
    return [_movement(row) for row in rows]


def statement(session: Session, account_id: str, *, is_live: bool) -> list[StatementLine]:
    """Everything that ever moved the balance, oldest first, with the balance after each line."""
    lines = []
    for payment in list_payments(session, PaymentFilter(account_id, is_live)):
        if payment.paid_at is None:
            continue
        lines.append(_of_paid(session, payment))
        lines += [
            _line(
                r.created_at, "refund", -r.amount, r.id, f"Remboursement de {payment.id}", metadata=r.metadata
            )
            for r in refunds_of(session, payment.id)
        ]
    for made in movements_of(session, account_id, is_live=is_live):
        lines.append(_line(made.created_at, made.kind, made.amount, made.payment_id or "", made.description))
    lines.sort(key=lambda line: (line.at, line.amount < 0, line.id))
    balance, told = 0, []
    for line in lines:
        balance += line.amount
        told.append(StatementLine(**{**line.__dict__, "balance_cents": balance}))
    return told


def seconds_of(day: date) -> int:
    """The instant at which a UTC day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _of_paid(session: Session, payment: Payment) -> StatementLine:
    assumed, request = session.assumptions, payment.request
    buyer = request.get("billing") or request.get("customer") or {}
    fee = (payment.amount * assumed.fee_rate * 2 + 10_000) // 20_000 + assumed.fee_fixed_cents
    line = _line(
        payment.paid_at or 0, "payment", payment.amount, payment.id,
        str(request.get("description") or ""), metadata=request.get("metadata"),
    )  # fmt: skip
    return StatementLine(**{**line.__dict__, "email": str(buyer.get("email") or ""), "fee_cents": fee})


def _line(
    at: int, kind: str, amount: int, id_: str, description: str, *, metadata: Mapping[str, Any] | None = None
) -> StatementLine:
    return StatementLine(at, kind, amount, id_, description, "", 0, 0, metadata or {})


def _first_day(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise ApiError(400, "The month must look like 2026-09.") from error


def _month_before(today: date) -> date:
    return (
        today.replace(year=today.year - 1, month=12, day=1)
        if today.month == 1
        else today.replace(month=today.month - 1, day=1)
    )


def _of_payment(session: Session, payment_id: str, kind: str) -> Movement | None:
    row = session.connection.execute(
        "SELECT * FROM movements WHERE payment_id = ? AND kind = ?", (payment_id, kind)
    ).fetchone()
    return None if row is None else _movement(row)


def _add(
    session: Session,
    owner: tuple[str, bool],
    kind: str,
    amount: int,
    *,
    description: str,
    payment_id: str | None = None,
    at: int | None = None,
) -> Movement:
    movement_id = new_id("mv")
    session.connection.execute(
        "INSERT INTO movements (id, account_id, is_live, kind, amount, payment_id, description, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            movement_id,
            *owner,
            kind,
            amount,
            payment_id,
            description,
            session.now if at is None else at,
        ),
    )
    row = session.connection.execute("SELECT * FROM movements WHERE id = ?", (movement_id,)).fetchone()
    return _movement(row)


def _movement(row: sqlite3.Row) -> Movement:
    return Movement(
        row["id"],
        row["account_id"],
        bool(row["is_live"]),
        row["kind"],
        row["amount"],
        row["payment_id"],
        row["description"],
        row["created_at"],
    )
