"""Refunds that PayPlug tells of, brought into the books: those that we asked for, and those made at PayPlug.

Called by `apply_snapshot` and by the verbs of refunds, inside their transaction, with the attempt's lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import structlog
from sqlalchemy import func, select

from core.clock import paris_date, paris_today, utc_now
from core.database import db, lock
from core.jobs import wake
from core.tenancy import current_company_id
from invoicing.balances import open_of_payment
from invoicing.give_back import MoneyBack
from invoicing.locked_payments import lock_payment
from invoicing.payments import Payment
from invoicing.refund_payment import refund_payment
from invoicing.refunds import Refund, RefundKind
from payplug_bridge.models import PaymentAttempt, PayplugMode, PayplugRefund, RefundState
from payplug_bridge.snapshots import RefundSnapshot
from payplug_bridge.troubles import Trouble

log = structlog.get_logger(__name__)


def apply_refunds(attempt: PaymentAttempt, refunds: Iterable[RefundSnapshot]) -> int:
    """Record every refund that the books do not have yet, oldest first; returns how many there were.

    A refund made at PayPlug that no credit note and no surplus covers is noted on the attempt for a person to decide.
    In test mode no money moves, so nothing is recorded.
    """
    if attempt.mode is PayplugMode.TEST or attempt.payment_id is None:
        return 0
    known = set(db.session.scalars(select(Refund.external_id).where(Refund.payment_id == attempt.payment_id)))
    news = [refund for refund in refunds if refund.id not in known]
    if len(news) > 1:
        # All that they touch, before the first takes counters: documents come first in the order of locks.
        lock_payment(attempt.payment_id, _named_notes(news))
    return sum(_apply(attempt, refund) for refund in news)


def _named_notes(refunds: Iterable[RefundSnapshot]) -> list[int]:
    references = [refund.reference for refund in refunds if refund.reference is not None]
    named = select(PayplugRefund.credit_note_id).where(
        PayplugRefund.reference.in_(references), PayplugRefund.credit_note_id.is_not(None)
    )
    return [note_id for note_id in db.session.scalars(named) if note_id is not None]


def told_cents(payment_id: int) -> int:
    """What the books know of refunds that PayPlug made of a payment; a dispute is no refund to PayPlug."""
    total = select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
        Refund.payment_id == payment_id, Refund.kind == RefundKind.REFUND, Refund.external_id.is_not(None)
    )
    return int(db.session.scalars(total).one())


def _apply(attempt: PaymentAttempt, told: RefundSnapshot) -> bool:
    trouble = _mismatch(attempt, told)
    if trouble is not None:
        attempt.trouble = trouble
        log.warning("payplug_refund_mismatch", attempt=attempt.id, trouble=trouble.value)
        return False
    assert attempt.payment_id is not None
    asked = _asked(attempt, told)
    refund = refund_payment(
        MoneyBack(
            payment_id=attempt.payment_id,
            amount_cents=told.amount_cents,
            went_on=_day(told, attempt.payment_id),
            reason=asked.reason if asked else "",
            reference=told.id,
            external_id=told.id,
            credit_note_id=asked.credit_note_id if asked else None,
            recorded_by_id=asked.requested_by_id if asked else None,
        )
    )
    if asked is not None:
        asked.state, asked.payplug_id, asked.refund_id = RefundState.DONE, told.id, refund.id
        asked.failure_code, asked.checked_at = "", utc_now()
    elif refund.reopened:
        attempt.trouble = Trouble.REFUNDED
    if attempt.trouble == Trouble.SURPLUS and not open_of_payment(attempt.payment_id):
        attempt.trouble = ""
    db.session.flush()
    for reopened in refund.reopened:
        # Nobody shall pay on a page that is still open what is not asked for any more.
        wake("abort_attempts", current_company_id(), reopened.invoice_id)
    return True


def _mismatch(attempt: PaymentAttempt, told: RefundSnapshot) -> Trouble | None:
    if told.payment_id != attempt.payplug_id:
        return Trouble.METADATA
    if not told.is_live:
        return Trouble.MODE
    return Trouble.CURRENCY if told.currency != "EUR" else None


def _asked(attempt: PaymentAttempt, told: RefundSnapshot) -> PayplugRefund | None:
    """Our request for this refund, under lock: by the reference that we sent along."""
    if told.reference is None:
        return None
    asked = lock(select(PayplugRefund).where(PayplugRefund.reference == told.reference))
    is_its = asked is not None and asked.attempt_id == attempt.id and asked.payplug_id in (None, told.id)
    return asked if is_its else None


def _day(told: RefundSnapshot, payment_id: int) -> date:
    """PayPlug's clock may be ahead of ours at midnight: never in the future, and never before the payment."""
    paid_on = db.session.get_one(Payment, payment_id).paid_on
    return max(paid_on, min(paris_date(told.created_at or utc_now()), paris_today()))
