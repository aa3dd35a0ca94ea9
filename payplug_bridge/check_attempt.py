"""Ask PayPlug how one attempt stands, and apply the answer: the return page, the sync and the button call this.

Opens its own transactions; no network call is made inside one. An attempt whose answer we never got (a crash or a
time-out between the call and its record) is looked up in PayPlug's list by our reference.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.clock import utc_now
from core.database import db, transaction
from payplug_bridge.apply_snapshot import apply_snapshot
from payplug_bridge.attempts import locked, pass_to
from payplug_bridge.client import LONGEST_CALL_SECONDS
from payplug_bridge.errors import CardNotPossible, PayplugError
from payplug_bridge.keys import client_for
from payplug_bridge.models import AttemptState, PaymentAttempt

IN_FLIGHT: Final = timedelta(seconds=2 * LONGEST_CALL_SECONDS)
"""Much longer than a call to PayPlug can last: a prepared attempt older than this has lost the process that made it."""

NOT_CREATED = "not_created"


def check_attempt(attempt_id: int) -> AttemptState:
    """Read the payment of an attempt at PayPlug and apply it; returns the state after.

    Raises:
        CardNotPossible: the key of its mode is gone.
        SimulatorNotAllowed, PayplugRefused, PayplugUnconfirmed: nothing was changed but the time of the check.
    """
    attempt = db.session.get_one(PaymentAttempt, attempt_id)
    try:
        return _look_up(attempt) if attempt.payplug_id is None else _read_again(attempt, attempt.payplug_id)
    except (PayplugError, CardNotPossible):
        _note_check(attempt_id)
        raise


def _read_again(attempt: PaymentAttempt, payplug_id: str) -> AttemptState:
    attempt_id, client = attempt.id, client_for(attempt.mode)
    db.session.rollback()
    snapshot = client.retrieve_payment(payplug_id)
    with transaction():
        apply_snapshot(snapshot)
        return locked(attempt_id).state


def _look_up(attempt: PaymentAttempt) -> AttemptState:
    if attempt.state not in (AttemptState.PREPARED, AttemptState.UNCONFIRMED):
        return attempt.state
    attempt_id, client = attempt.id, client_for(attempt.mode)
    reference, created_at = attempt.reference, attempt.created_at
    db.session.rollback()
    snapshot = client.find_payment(reference, created_at)
    with transaction():
        if snapshot is not None:
            apply_snapshot(snapshot)
        else:
            _give_up(locked(attempt_id))
        return locked(attempt_id).state


def _give_up(attempt: PaymentAttempt) -> None:
    """PayPlug has no such payment. Should it appear there later, nobody was ever given its page, and money that
    came nevertheless would still be recorded."""
    in_flight = attempt.state is AttemptState.PREPARED and attempt.created_at > utc_now() - IN_FLIGHT
    if attempt.state not in (AttemptState.PREPARED, AttemptState.UNCONFIRMED) or in_flight:
        return
    pass_to(attempt, AttemptState.REFUSED)
    attempt.failure_code = NOT_CREATED
    db.session.flush()


def _note_check(attempt_id: int) -> None:
    """A failed call is a check too: the sync waits its interval before it asks again."""
    with transaction():
        locked(attempt_id).checked_at = utc_now()
