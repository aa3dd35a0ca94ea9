"""The single path from what PayPlug says to our books, whoever asked: notification, return page, sync or button.

Called inside the caller's transaction with a snapshot read with our own key. Locks the attempt, then the invoice;
applying the same news twice, or at the same time, records once.
"""

from __future__ import annotations

from enum import StrEnum

import structlog
from sqlalchemy import select

from core.clock import paris_date, paris_today, utc_now
from core.database import db, lock
from core.event_log import record_event
from invoicing.balances import balance_of
from invoicing.locked_payments import lock_invoices, lock_payment
from invoicing.models import Document
from invoicing.payments import PaymentMethod
from invoicing.record_payment import CardInput, PaymentInput, record_payment
from payplug_bridge.apply_refunds import apply_refunds
from payplug_bridge.attempts import find_by_payplug_id, find_by_reference, locked, may_pass, pass_to
from payplug_bridge.models import AttemptState, PaymentAttempt, PayplugMode
from payplug_bridge.snapshots import Card, Failure, PaymentSnapshot
from payplug_bridge.troubles import Trouble
from payplug_bridge.ways import brand_of

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What a snapshot changed; stored as the outcome of a notification."""

    RECORDED = "recorded"
    PAID_IN_TEST = "paid_in_test"
    KNOWN = "known"
    REFUNDED = "refunded"
    PENDING = "pending"
    FAILED = "failed"
    ABORTED = "aborted"
    TROUBLE = "trouble"
    NOT_OURS = "not_ours"


def apply_snapshot(snapshot: PaymentSnapshot) -> Outcome:
    """Bring our attempt, and the books when it is paid, in line with PayPlug.

    `is_paid` is read before `failure`: whether PayPlug clears the failure of an earlier try is not documented. A
    success is recorded whatever we believed before; a failure never takes a success back.

    Returns:
        What changed; NOT_OURS when the company has no such attempt.
    """
    attempt = _locked_attempt(snapshot)
    if attempt is None:
        return Outcome.NOT_OURS
    attempt.checked_at = utc_now()
    trouble = _mismatch(attempt, snapshot)
    if trouble is not None and not _is_other_money(attempt, snapshot, trouble):
        return _put_aside(attempt, trouble)
    if snapshot.refunds:
        _lock_what_refunds_touch(attempt)
    attempt.payplug_id = snapshot.id
    attempt.payment_url = attempt.payment_url or snapshot.payment_url
    outcome = _follow(attempt, snapshot)
    db.session.flush()
    if apply_refunds(attempt, snapshot.refunds or ()) and outcome is Outcome.KNOWN:
        return Outcome.REFUNDED
    return outcome


def _lock_what_refunds_touch(attempt: PaymentAttempt) -> None:
    """Before a payment is recorded: documents come before the counters and the chain in the order of locks."""
    if attempt.payment_id is None:
        lock_invoices([attempt.document_id])
    else:
        lock_payment(attempt.payment_id)


def _locked_attempt(snapshot: PaymentSnapshot) -> PaymentAttempt | None:
    """By PayPlug's id; by our reference when the answer to our request is not recorded yet (early notification)."""
    found = find_by_payplug_id(snapshot.id)
    if found is None and snapshot.reference is not None:
        found = find_by_reference(snapshot.reference)
    return locked(found.id) if found is not None else None


def _mismatch(attempt: PaymentAttempt, snapshot: PaymentSnapshot) -> Trouble | None:
    """Compare all that PayPlug says with what we asked for."""
    if snapshot.reference != attempt.reference or attempt.payplug_id not in (None, snapshot.id):
        return Trouble.METADATA
    if snapshot.is_live is not (attempt.mode is PayplugMode.LIVE):
        return Trouble.MODE
    if snapshot.currency != "EUR":
        return Trouble.CURRENCY
    return Trouble.AMOUNT if snapshot.asked_cents != attempt.amount_cents else None


def _is_other_money(attempt: PaymentAttempt, snapshot: PaymentSnapshot, trouble: Trouble) -> bool:
    """Whether PayPlug took real euros for our request, only not as many as we asked for: they are ours all the same."""
    is_money = snapshot.is_paid and attempt.mode is PayplugMode.LIVE and bool(snapshot.amount_cents)
    return trouble is Trouble.AMOUNT and is_money


def _put_aside(attempt: PaymentAttempt, trouble: Trouble) -> Outcome:
    attempt.trouble = trouble
    db.session.flush()
    log.warning("payplug_mismatch", attempt=attempt.id, trouble=trouble.value)
    return Outcome.TROUBLE


def _follow(attempt: PaymentAttempt, snapshot: PaymentSnapshot) -> Outcome:
    if attempt.state is AttemptState.PAID:
        return Outcome.KNOWN
    if snapshot.is_paid:
        return _paid(attempt, snapshot)
    if snapshot.failure is not None:
        return _failed(attempt, snapshot.failure)
    if attempt.state is AttemptState.CREATED or not may_pass(attempt.state, AttemptState.CREATED):
        return Outcome.PENDING
    pass_to(attempt, AttemptState.CREATED)
    return Outcome.PENDING


def _paid(attempt: PaymentAttempt, snapshot: PaymentSnapshot) -> Outcome:
    pass_to(attempt, AttemptState.PAID)
    attempt.failure_code = attempt.failure_message = ""
    if attempt.mode is PayplugMode.TEST:
        # No money moved: test mode never touches the books.
        return Outcome.PAID_IN_TEST
    lock(select(Document).where(Document.id == attempt.document_id))
    taken_cents = snapshot.amount_cents or attempt.amount_cents
    is_as_asked = taken_cents == attempt.amount_cents
    before = balance_of(attempt.document_id)
    if not is_as_asked:
        attempt.trouble = Trouble.OTHER_AMOUNT
    elif attempt.amount_cents > before.open_cents:
        attempt.trouble = Trouble.SURPLUS
    elif before.status.is_on_hold:
        # A page that was open before the money went back: nobody was asked to pay again.
        attempt.trouble = Trouble.HELD
    paid_at = snapshot.paid_at or utc_now()
    payment = record_payment(
        PaymentInput(
            invoice_id=attempt.document_id,
            method=PaymentMethod.CARD,
            amount_cents=taken_cents,
            settles=is_as_asked,
            # PayPlug's clock may be ahead of ours at midnight; a payment is never dated in the future.
            paid_on=min(paris_date(paid_at), paris_today()),
            paid_at=paid_at,
            reference=snapshot.id,
            details=_card_text(snapshot.card) or brand_of(attempt.way),
            external_id=snapshot.id,
            card=_card(snapshot),
        )
    )
    attempt.payment_id = payment.id
    return Outcome.RECORDED


def _failed(attempt: PaymentAttempt, failure: Failure) -> Outcome:
    after = AttemptState.ABORTED if failure.code == "aborted" else AttemptState.FAILED
    if not may_pass(attempt.state, after):
        return Outcome.KNOWN
    is_news = attempt.state is not after or attempt.failure_code != failure.code
    pass_to(attempt, after)
    attempt.failure_code, attempt.failure_message = failure.code, failure.message
    if is_news and not failure.is_final:
        subject = ("document", attempt.document_id)
        record_event("card.declined", subject=subject, code=failure.code, mode=attempt.mode.value)
    return Outcome.ABORTED if after is AttemptState.ABORTED else Outcome.FAILED


def _card(snapshot: PaymentSnapshot) -> CardInput:
    card = snapshot.card
    return CardInput(card.brand if card else "", card.last4 if card else "", snapshot.is_3ds)


def _card_text(card: Card | None) -> str:
    """`Visa •••• 4242`."""
    return f"{card.brand} •••• {card.last4}".strip() if card is not None else ""
