"""Hand the disputes that reports told to invoicing: money of a payment of ours that a bank took back, or gave again.

Each in a transaction of its own, apart from `book_operations`: it locks documents first, which comes before the
ledger's counters in the one order of locks. What cannot be recorded stays open and is shown on the wallet's page.
"""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import exists, select

from accounting.models import JournalEntry
from core.database import db, transaction
from core.errors import SoldeError
from invoicing.dispute_payment import dispute_payment
from invoicing.payments import Payment
from invoicing.refunds import DisputeWin, Refund, RefundKind
from invoicing.win_dispute import win_dispute
from payplug_bridge.operations.book_operations import day_of, has_booking, note_booking, reference_of
from payplug_bridge.operations.models import (
    BookingPurpose,
    OperationKind,
    PayplugBooking,
    PayplugOperation,
)
from payplug_bridge.operations.own_money import is_ours
from payplug_bridge.operations.wallet_opening import is_followed

log = structlog.get_logger(__name__)
LONGEST_REASON: Final = 255


def book_disputes() -> int:
    """Record every dispute of a payment of ours that is not recorded yet, oldest first; returns how many were."""
    statement = (
        select(PayplugOperation.id)
        .where(PayplugOperation.kind == OperationKind.DISPUTE, ~has_booking(), is_ours(), is_followed())
        .order_by(PayplugOperation.happened_at, PayplugOperation.id)
    )
    open_ids = list(db.session.scalars(statement))
    db.session.rollback()
    return sum(_book(operation_id) for operation_id in open_ids)


def _book(operation_id: int) -> bool:
    try:
        with transaction():
            operation = db.session.get_one(PayplugOperation, operation_id)
            payment = _payment_of(operation)
            source = _record(operation, payment) if payment is not None else None
            if source is None:
                return False
            if not _is_noted(operation_id):
                note_booking([operation], BookingPurpose.DISPUTE, _entry_of(source))
            return True
    except SoldeError as error:
        log.warning("dispute_not_recorded", operation=operation_id, reason=type(error).__name__)
        return False


def _record(operation: PayplugOperation, payment: Payment) -> tuple[str, int] | None:
    """The source of the entry of the dispute, or of its win; None for money given again that no dispute had taken."""
    day = max(day_of(operation.happened_at), payment.paid_on)
    name = f"dispute-{operation.id}"
    if operation.amount_cents < 0:
        dispute = dispute_payment(
            payment.id, amount_cents=-operation.amount_cents, disputed_on=day, external_id=name,
            reference=reference_of(operation), reason=operation.type_text[:LONGEST_REASON],
        )  # fmt: skip
        return "refund", dispute.id
    lost = _lost_dispute(payment.id, operation.amount_cents)
    if lost is None:
        return None
    win = win_dispute(
        lost.id, won_on=max(day, lost.refunded_on), external_id=name, reference=reference_of(operation)
    )
    return "dispute_win", win.id


def _payment_of(operation: PayplugOperation) -> Payment | None:
    """The payment that is disputed: its id stands in the column of ids, or in another cell."""
    ids = [operation.payplug_id, operation.related_id]
    return db.session.scalars(select(Payment).where(Payment.external_id.in_(ids))).first()


def _lost_dispute(payment_id: int, amount_cents: int) -> Refund | None:
    won = exists().where(DisputeWin.refund_id == Refund.id)
    statement = select(Refund).where(
        Refund.payment_id == payment_id,
        Refund.kind == RefundKind.DISPUTE,
        Refund.amount_cents == amount_cents,
        ~won,
    )
    return db.session.scalars(statement.order_by(Refund.id)).first()


def _entry_of(source: tuple[str, int]) -> int | None:
    statement = select(JournalEntry.id).where(
        JournalEntry.source_kind == source[0], JournalEntry.source_id == source[1]
    )
    return db.session.scalars(statement.order_by(JournalEntry.id)).first()


def _is_noted(operation_id: int) -> bool:
    noted = select(PayplugBooking.id).where(PayplugBooking.operation_id == operation_id)
    return db.session.scalars(noted).first() is not None
