"""Faults on demand: what goes wrong, where, and how many times more.

A fault is a row; the API's calls and the notification queue take those that concern them, oldest first. Set through
the fault panel or the control API.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from payplug_bridge.simulator.session import Session

ANY = "any"
# Endpoint names of the API blueprint, so that a fault can be aimed at one kind of call.
CALLS = (
    "create_payment",
    "retrieve_payment",
    "list_payments",
    "update_payment",
    "create_refund",
    "list_refunds",
    "retrieve_refund",
    "account",
    "create_keys",
    "create_report",
    "retrieve_report",
)
REASONS = ("paid", "failed", "aborted", "timeout", "refunded", "report")


class FaultKind(StrEnum):
    """What goes wrong."""

    SLOW = "slow"
    ERROR = "error"
    NULL = "null"
    HTML = "html"
    UNPROCESSABLE = "unprocessable"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    TOO_MANY_REQUESTS = "too_many_requests"
    DROP = "drop"
    LOST_ANSWER = "lost_answer"
    DELAY = "delay"
    DUPLICATE = "duplicate"
    LOSE = "lose"
    REORDER = "reorder"


NOTIFICATION_KINDS = frozenset({FaultKind.DELAY, FaultKind.DUPLICATE, FaultKind.LOSE, FaultKind.REORDER})
API_KINDS = frozenset(FaultKind) - NOTIFICATION_KINDS
# The only parameters a kind knows, with their defaults.
PARAMETERS: dict[FaultKind, dict[str, int]] = {
    FaultKind.SLOW: {"milliseconds": 2000},
    FaultKind.ERROR: {"status": 500, "processed": 0},
    FaultKind.NULL: {"processed": 0},
    FaultKind.HTML: {"processed": 0},
    FaultKind.LOST_ANSWER: {"milliseconds": 0},
    FaultKind.DELAY: {"seconds": 30},
    FaultKind.DUPLICATE: {"copies": 1},
}


@dataclass(frozen=True)
class Fault:
    """A fault in force; `remaining` None means until reset."""

    id: int
    kind: FaultKind
    target: str
    remaining: int | None
    parameters: Mapping[str, int]

    @property
    def is_processed_first(self) -> bool:
        """Is the call carried out before its answer is spoiled?"""
        return self.kind is FaultKind.LOST_ANSWER or bool(self.parameters.get("processed"))


def set_fault(
    session: Session,
    kind: str,
    *,
    target: str = ANY,
    times: int | None = None,
    parameters: Mapping[str, object],
) -> Fault:
    """Put a fault in force; ValueError names what is not understood."""
    fault_kind = FaultKind(kind)
    _check_target(fault_kind, target)
    if times is not None and times < 1:
        raise ValueError("times must be at least 1")
    if fault_kind is FaultKind.REORDER and times is None:
        raise ValueError("reorder needs times: how many notifications to hold back and turn round")
    values = _checked_parameters(fault_kind, parameters)
    cursor = session.connection.execute(
        "INSERT INTO faults (kind, target, remaining, parameters) VALUES (?, ?, ?, ?)",
        (fault_kind.value, target, times, json.dumps(values)),
    )
    assert cursor.lastrowid is not None
    return Fault(cursor.lastrowid, fault_kind, target, times, values)


def _check_target(kind: FaultKind, target: str) -> None:
    known = REASONS if kind in NOTIFICATION_KINDS else CALLS
    if target != ANY and target not in known:
        raise ValueError(f"{kind.value} can aim at {ANY}, {', '.join(known)}; not at {target!r}")


def _checked_parameters(kind: FaultKind, given: Mapping[str, object]) -> dict[str, int]:
    values = dict(PARAMETERS.get(kind, {}))
    for name, value in given.items():
        if name not in values:
            raise ValueError(f"{kind.value} has no parameter {name!r}")
        if not isinstance(value, int) or value < 0:
            raise ValueError(f"{name} must be a whole number")
        values[name] = int(value)
    if kind is FaultKind.ERROR and not 500 <= values["status"] <= 599:
        raise ValueError("status must be between 500 and 599")
    return values


def faults_in_force(session: Session) -> list[Fault]:
    """Every fault, oldest first."""
    return [_fault(row) for row in session.connection.execute("SELECT * FROM faults ORDER BY id")]


def remove_fault(session: Session, fault_id: int) -> None:
    """End one fault."""
    session.connection.execute("DELETE FROM faults WHERE id = ?", (fault_id,))


def remove_all_faults(session: Session) -> None:
    """End every fault."""
    session.connection.execute("DELETE FROM faults")


def matching(session: Session, kinds: Iterable[FaultKind], target: str) -> list[Fault]:
    """Faults of these kinds that concern this call or notification, oldest first; counts nothing down."""
    wanted = set(kinds)
    return [
        fault for fault in faults_in_force(session) if fault.kind in wanted and fault.target in (ANY, target)
    ]


def count_down(session: Session, fault: Fault) -> int | None:
    """Use a fault once; it goes with its last use. Returns the uses left, None when unlimited."""
    if fault.remaining is None:
        return None
    if fault.remaining <= 1:
        remove_fault(session, fault.id)
        return 0
    session.connection.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (fault.id,))
    return fault.remaining - 1


def _fault(row: sqlite3.Row) -> Fault:
    return Fault(
        row["id"], FaultKind(row["kind"]), row["target"], row["remaining"], json.loads(row["parameters"])
    )
