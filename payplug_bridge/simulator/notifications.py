"""The queue of notifications: what is to be POSTed to whom, and how each attempt went.

A delivery's body is frozen when the event happens (PayPlug replays an old failure as it was). `deliveries.py` has the
threads that send. Retries follow the machine's clock, not the simulated one.
"""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass

from payplug_bridge.simulator.faults import NOTIFICATION_KINDS, Fault, FaultKind, count_down, matching
from payplug_bridge.simulator.objects import JsonObject, payment_object, refund_object
from payplug_bridge.simulator.payments import Payment
from payplug_bridge.simulator.refunds import Refund
from payplug_bridge.simulator.session import Session
from payplug_bridge.simulator.state import read_setting, write_setting

WAITING, DELIVERED, LOST, HELD = "waiting", "delivered", "lost", "held"
FOREVER = float("inf")


@dataclass(frozen=True)
class Delivery:
    """One notification to one address. `state` is waiting, delivered, lost (a fault) or held (to be reordered)."""

    id: int
    payment_id: str
    reason: str
    url: str
    body: str
    state: str
    created_at: float
    due_at: float
    attempts: int
    response_code: int | None
    error: str | None


@dataclass(frozen=True)
class Attempt:
    """One POST of a delivery: the answer's status, or why there was none."""

    at: float
    milliseconds: int
    response_code: int | None
    error: str | None


def notify_payment(session: Session, payment: Payment, reason: str) -> None:
    """Queue the notification of a payment's new state; nothing when the merchant gave no address."""
    body = payment_object(session, payment, payment.api_version)
    if session.assumptions.minimal_notification_body:
        body = {key: body[key] for key in ("id", "object", "is_live")}
    _enqueue(session, payment.id, payment.request.get("notification_url"), reason, body)


def notify_report(session: Session, url: str | None, body: JsonObject, delay_seconds: int) -> None:
    """Queue the notification that a report's file is there, for when it will be (by the machine's clock)."""
    if session.assumptions.minimal_notification_body:
        body = {key: body[key] for key in ("id", "object", "is_live")}
    _enqueue(session, str(body["id"]), url, "report", body, delay_seconds=delay_seconds)


def notify_refund(session: Session, payment: Payment, refund: Refund) -> None:
    """Queue the notification of a refund. Its metadata is left out: merchants have to fetch the refund for it."""
    kept = ("id", "object", "payment_id", "is_live")
    body = {key: value for key, value in refund_object(refund).items() if key != "metadata"}
    if session.assumptions.minimal_notification_body:
        body = {key: body[key] for key in kept}
    _enqueue(session, payment.id, payment.request.get("notification_url"), "refunded", body)


def _enqueue(
    session: Session,
    resource_id: str,
    url: str | None,
    reason: str,
    body: JsonObject,
    *,
    delay_seconds: int = 0,
) -> None:
    if not url:
        return
    faults = {fault.kind: fault for fault in matching(session, NOTIFICATION_KINDS, reason)}
    left = {kind: count_down(session, fault) for kind, fault in faults.items()}
    copies = 1 + _parameter(faults.get(FaultKind.DUPLICATE), "copies")
    now = time.time()
    due_at = now + delay_seconds + _parameter(faults.get(FaultKind.DELAY), "seconds")
    state = LOST if FaultKind.LOSE in faults else HELD if FaultKind.REORDER in faults else WAITING
    row = (resource_id, reason, url, json.dumps(body), state, now, due_at, _predecessor(session, resource_id))
    session.connection.executemany(
        "INSERT INTO deliveries (payment_id, reason, url, body, state, created_at, due_at, after_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [row] * copies,
    )
    if left.get(FaultKind.REORDER) == 0:
        release_held(session)


def _parameter(fault: Fault | None, name: str) -> int:
    return 0 if fault is None else fault.parameters[name]


def _predecessor(session: Session, payment_id: str) -> int | None:
    """A payment's notifications go out in order: the id of the one to be tried first, if any is left."""
    row = session.connection.execute(
        "SELECT max(id) FROM deliveries WHERE payment_id = ? AND state = ? AND attempts = 0",
        (payment_id, WAITING),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def release_held(session: Session) -> None:
    """Let the held notifications go, the last one first."""
    held = session.connection.execute(
        "SELECT id FROM deliveries WHERE state = ? ORDER BY id DESC", (HELD,)
    ).fetchall()
    after: int | None = None
    for row in held:
        session.connection.execute(
            "UPDATE deliveries SET state = ?, after_id = ? WHERE id = ?", (WAITING, after, row["id"])
        )
        after = row["id"]


NEXT = """
SELECT * FROM deliveries AS d
WHERE state = 'waiting' AND urgent = :urgent AND due_at <= :until
  AND id NOT IN (SELECT value FROM json_each(:in_flight))
  AND (after_id IS NULL OR EXISTS (
    SELECT 1 FROM deliveries AS p WHERE p.id = d.after_id AND (p.attempts > 0 OR p.state <> 'waiting')))
ORDER BY due_at, id LIMIT 1
"""


def next_delivery(session: Session, in_flight: set[int]) -> Delivery | None:
    """The delivery to send now: an urgent one whatever its time, or else a due one unless deliveries are paused."""
    busy = json.dumps(sorted(in_flight))
    urgent = {"urgent": 1, "until": FOREVER, "in_flight": busy}
    due = {"urgent": 0, "until": time.time(), "in_flight": busy}
    row = session.connection.execute(NEXT, urgent).fetchone()
    if row is None and not is_paused(session):
        row = session.connection.execute(NEXT, due).fetchone()
    return None if row is None else _delivery(row)


def seconds_until_due(session: Session) -> float | None:
    """How long until the next waiting notification is due; None when none will be."""
    row = session.connection.execute(
        "SELECT min(due_at) FROM deliveries WHERE state = ? AND urgent = 0 AND due_at > ?",
        (WAITING, time.time()),
    ).fetchone()
    return None if row[0] is None or is_paused(session) else max(0.0, row[0] - time.time())


def record_attempt(session: Session, delivery: Delivery, attempt: Attempt) -> None:
    """Store how a POST went: any 2xx ends it, anything else is tried again later, for ever."""
    done = attempt.response_code is not None and 200 <= attempt.response_code < 300
    delays = session.assumptions.retry_delays_seconds
    wait = delays[min(delivery.attempts, len(delays) - 1)]
    session.connection.execute(
        "UPDATE deliveries SET attempts = attempts + 1, state = ?, due_at = ?, urgent = 0, response_code = ?, error = ?"
        " WHERE id = ?",
        (
            DELIVERED if done else WAITING,
            attempt.at + wait,
            attempt.response_code,
            attempt.error,
            delivery.id,
        ),
    )
    session.connection.execute(
        "INSERT INTO delivery_attempts (delivery_id, at, milliseconds, response_code, error)"
        " SELECT id, ?, ?, ?, ? FROM deliveries WHERE id = ?",
        (attempt.at, attempt.milliseconds, attempt.response_code, attempt.error, delivery.id),
    )
    if attempt.response_code is not None:
        session.connection.execute(
            "UPDATE payments SET notification_code = ? WHERE id = ?",
            (attempt.response_code, delivery.payment_id),
        )


def make_urgent(session: Session) -> int:
    """Ask for one attempt at everything that waits or is held, whatever its time and the pause; return how many."""
    release_held(session)
    cursor = session.connection.execute("UPDATE deliveries SET urgent = 1 WHERE state = ?", (WAITING,))
    return cursor.rowcount


def count_urgent(session: Session) -> int:
    """How many deliveries asked for by `make_urgent` or `redeliver` are still to be tried."""
    row = session.connection.execute("SELECT count(*) FROM deliveries WHERE urgent = 1").fetchone()
    return int(row[0])


def count_untried(session: Session) -> int:
    """How many deliveries that are due wait for their first attempt."""
    row = session.connection.execute(
        "SELECT count(*) FROM deliveries WHERE state = ? AND attempts = 0 AND due_at <= ?",
        (WAITING, time.time()),
    ).fetchone()
    return int(row[0])


def redeliver(session: Session, delivery_id: int) -> bool:
    """Send a delivery again at once, delivered, lost or not; False when it does not exist."""
    cursor = session.connection.execute(
        "UPDATE deliveries SET state = ?, urgent = 1, after_id = NULL WHERE id = ?", (WAITING, delivery_id)
    )
    return cursor.rowcount > 0


def is_paused(session: Session) -> bool:
    """Are deliveries held back until resumed?"""
    return bool(read_setting(session.connection, "paused", False))


def set_paused(session: Session, paused: bool) -> None:
    """Hold all deliveries back, or let them go."""
    write_setting(session.connection, "paused", paused)


def list_deliveries(session: Session, payment_id: str | None = None, limit: int = -1) -> list[Delivery]:
    """Deliveries of a payment or of all, newest first."""
    rows = session.connection.execute(
        "SELECT * FROM deliveries WHERE (?1 IS NULL OR payment_id = ?1) ORDER BY id DESC LIMIT ?2",
        (payment_id, limit),
    )
    return [_delivery(row) for row in rows]


def attempts_of(session: Session, delivery_id: int) -> list[Attempt]:
    """How each POST of a delivery went, first one first."""
    rows = session.connection.execute(
        "SELECT * FROM delivery_attempts WHERE delivery_id = ? ORDER BY id", (delivery_id,)
    )
    return [Attempt(row["at"], row["milliseconds"], row["response_code"], row["error"]) for row in rows]


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        row["id"],
        row["payment_id"],
        row["reason"],
        row["url"],
        row["body"],
        row["state"],
        row["created_at"],
        row["due_at"],
        row["attempts"],
        row["response_code"],
        row["error"],
    )
