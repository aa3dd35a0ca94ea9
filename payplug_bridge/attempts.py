"""Attempts: our requests for one payment of one invoice, their states, and how to find them.

Used by every verb of this package; rows are made in `start_payment` and change through `pass_to` alone.
"""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import select

from core.clock import utc_now
from core.database import db, lock
from core.errors import ConflictError
from payplug_bridge.models import AttemptState, PaymentAttempt, PayplugMode
from payplug_bridge.snapshots import FINAL_FAILURES
from payplug_bridge.ways import Way

OPEN: Final = frozenset({AttemptState.PREPARED, AttemptState.CREATED, AttemptState.UNCONFIRMED})
"""States in which an attempt may still become a payment by itself; at most one such per invoice (unique index)."""

# PAID is the end. Money that comes late is recorded whatever we believed before: after a failure (the payer tried
# again on the same page), after an abort that lost the race, after an answer we took for a refusal.
PASSAGES: Final = frozenset({
    (AttemptState.PREPARED, AttemptState.CREATED),
    (AttemptState.PREPARED, AttemptState.REFUSED),
    (AttemptState.PREPARED, AttemptState.UNCONFIRMED),
    (AttemptState.PREPARED, AttemptState.PAID),
    (AttemptState.PREPARED, AttemptState.FAILED),
    (AttemptState.PREPARED, AttemptState.ABORTED),
    (AttemptState.UNCONFIRMED, AttemptState.CREATED),
    (AttemptState.UNCONFIRMED, AttemptState.REFUSED),
    (AttemptState.UNCONFIRMED, AttemptState.PAID),
    (AttemptState.UNCONFIRMED, AttemptState.FAILED),
    (AttemptState.UNCONFIRMED, AttemptState.ABORTED),
    (AttemptState.CREATED, AttemptState.PAID),
    (AttemptState.CREATED, AttemptState.FAILED),
    (AttemptState.CREATED, AttemptState.ABORTED),
    (AttemptState.FAILED, AttemptState.PAID),
    (AttemptState.FAILED, AttemptState.ABORTED),
    (AttemptState.ABORTED, AttemptState.PAID),
    (AttemptState.REFUSED, AttemptState.PAID),
    (AttemptState.REFUSED, AttemptState.FAILED),
    (AttemptState.REFUSED, AttemptState.ABORTED),
})  # fmt: skip


def may_pass(before: AttemptState, after: AttemptState) -> bool:
    """True when the table allows the passage, or when there is none (the same news twice)."""
    return before is after or (before, after) in PASSAGES


def pass_to(attempt: PaymentAttempt, after: AttemptState) -> None:
    """Move a locked attempt on.

    Raises:
        ConflictError: the table does not allow it.
    """
    if not may_pass(attempt.state, after):
        raise ConflictError
    attempt.state = after


def new_attempt(
    document_id: int, amount_cents: int, mode: PayplugMode, way: str = Way.CARD
) -> PaymentAttempt:
    """Write the row that says what PayPlug is about to be asked; in the open transaction, under the invoice's lock.

    The caller has made sure that the invoice has no open attempt: a unique index holds it, but meeting that index
    waits for the other transaction, which may be waiting for the invoice.
    """
    attempt = PaymentAttempt(
        document_id=document_id,
        amount_cents=amount_cents,
        mode=mode,
        way=way,
        reference=secrets.token_urlsafe(24),
        state=AttemptState.PREPARED,
        created_at=utc_now(),
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt


def locked(attempt_id: int) -> PaymentAttempt:
    """The attempt, locked and read anew."""
    attempt = lock(select(PaymentAttempt).where(PaymentAttempt.id == attempt_id))
    assert attempt is not None, f"attempt {attempt_id} does not exist in this company"
    return attempt


def find_by_payplug_id(payplug_id: str) -> PaymentAttempt | None:
    """The company's attempt that PayPlug knows under this id."""
    return db.session.scalars(
        select(PaymentAttempt).where(PaymentAttempt.payplug_id == payplug_id)
    ).one_or_none()


def find_by_reference(reference: str) -> PaymentAttempt | None:
    """The company's attempt of this reference."""
    return db.session.scalars(
        select(PaymentAttempt).where(PaymentAttempt.reference == reference)
    ).one_or_none()


def attempts_of(document_id: int) -> list[PaymentAttempt]:
    """Every attempt to pay an invoice, oldest first."""
    statement = select(PaymentAttempt).where(PaymentAttempt.document_id == document_id)
    return list(db.session.scalars(statement.order_by(PaymentAttempt.id)))


def may_still_be_paid(attempt: PaymentAttempt) -> bool:
    """True while the payer may have a page at PayPlug on which she can pay: open, or declined but not for good."""
    if attempt.state in OPEN:
        return True
    return attempt.state is AttemptState.FAILED and attempt.failure_code not in FINAL_FAILURES
