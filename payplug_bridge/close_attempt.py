"""Make sure that nobody can pay an attempt any more: before another is made, or when the invoice is settled otherwise.

A committed step of its own, outside the caller's transactions. If the payment was made in the meantime it is
recorded instead: the money has come.
"""

from __future__ import annotations

from core.database import db, transaction
from payplug_bridge.apply_snapshot import apply_snapshot
from payplug_bridge.attempts import locked, may_still_be_paid, pass_to
from payplug_bridge.check_attempt import check_attempt
from payplug_bridge.client import PayplugClient
from payplug_bridge.errors import PayplugNotFound, PayplugRefused
from payplug_bridge.keys import client_for
from payplug_bridge.models import AttemptState, PaymentAttempt
from payplug_bridge.snapshots import PaymentSnapshot

NOT_FOUND = "not_found"


def close_attempt(attempt_id: int) -> AttemptState:
    """Abort the attempt at PayPlug and apply what PayPlug answers; returns the state after.

    The state may still be an open one: when another process is just asking PayPlug for it, or when PayPlug refuses
    to abort what it says is still to be paid.

    Raises:
        CardNotPossible: the key of its mode is gone.
        SimulatorNotAllowed, PayplugRefused, PayplugUnconfirmed: it may still be paid.
    """
    attempt = db.session.get_one(PaymentAttempt, attempt_id)
    if attempt.payplug_id is None:
        check_attempt(attempt_id)
        attempt = db.session.get_one(PaymentAttempt, attempt_id, populate_existing=True)
    if attempt.payplug_id is None or not may_still_be_paid(attempt):
        return attempt.state
    payplug_id, client = attempt.payplug_id, client_for(attempt.mode)
    db.session.rollback()
    try:
        snapshot = _abort(client, payplug_id)
    except PayplugNotFound:
        return _write_off(attempt_id)
    with transaction():
        apply_snapshot(snapshot)
        return locked(attempt_id).state


def _write_off(attempt_id: int) -> AttemptState:
    """The key was replaced by one of another account: we cannot reach the payment any more.

    It must not stand in the way of a new one; money that comes nevertheless is still recorded.
    """
    with transaction():
        attempt = locked(attempt_id)
        if may_still_be_paid(attempt):
            pass_to(attempt, AttemptState.FAILED)
            attempt.failure_code = NOT_FOUND
        return attempt.state


def _abort(client: PayplugClient, payplug_id: str) -> PaymentSnapshot:
    try:
        return client.abort_payment(payplug_id)
    except PayplugRefused:
        # Paid, expired or refused for another reason: what it is, PayplugRefused does not say, reading does.
        return client.retrieve_payment(payplug_id)
