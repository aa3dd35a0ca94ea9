"""Ask PayPlug what became of a refund whose answer we never got; the sync and the button call this.

Its list of the payment's refunds is read and the one with our reference recorded. One that is not there is given up
only when our request cannot be on its way any more; should it appear later, it is recorded all the same.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from core.clock import utc_now
from core.database import db, lock, transaction
from payplug_bridge.apply_refunds import apply_refunds
from payplug_bridge.attempts import locked
from payplug_bridge.check_attempt import IN_FLIGHT, NOT_CREATED
from payplug_bridge.errors import PayplugError
from payplug_bridge.keys import client_for
from payplug_bridge.models import PaymentAttempt, PayplugMode, PayplugRefund, RefundState

OPEN_REFUNDS: Final = frozenset({RefundState.PREPARED, RefundState.UNCONFIRMED})
"""States in which it is not known whether PayPlug gave the money back."""


def check_refund(request_id: int) -> RefundState:
    """Look the refund up at PayPlug and record it when it is there; returns the state after.

    Raises:
        CardNotPossible: the key of the account is gone.
        SimulatorNotAllowed, PayplugRefused, PayplugUnconfirmed: nothing was changed but the time of the check.
    """
    request = db.session.get_one(PayplugRefund, request_id)
    attempt = db.session.get_one(PaymentAttempt, request.attempt_id)
    attempt_id, payplug_id, asked_at = attempt.id, attempt.payplug_id, utc_now()
    assert payplug_id is not None, "a paid attempt is known at PayPlug"
    client = client_for(PayplugMode.LIVE)
    db.session.rollback()
    try:
        told = client.refunds_of(payplug_id)
    except PayplugError:
        with transaction():
            locked_request(request_id).checked_at = utc_now()
        raise
    with transaction():
        apply_refunds(locked(attempt_id), told)
        request = locked_request(request_id)
        request.checked_at = utc_now()
        # As old when the list was asked for: whatever was on its way then is in the list.
        if request.state in OPEN_REFUNDS and request.created_at < asked_at - IN_FLIGHT:
            request.state, request.failure_code = RefundState.REFUSED, NOT_CREATED
        return request.state


def open_refunds() -> list[PayplugRefund]:
    """Requests of the company entered of which it is not known whether the money was given back, oldest first."""
    statement = select(PayplugRefund).where(PayplugRefund.state.in_(OPEN_REFUNDS))
    return list(db.session.scalars(statement.order_by(PayplugRefund.id)))


def locked_request(request_id: int) -> PayplugRefund:
    """The request, locked and read anew."""
    request = lock(select(PayplugRefund).where(PayplugRefund.id == request_id))
    assert request is not None, f"refund request {request_id} does not exist in this company"
    return request
