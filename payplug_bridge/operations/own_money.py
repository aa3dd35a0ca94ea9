"""Which operations are ours: explained by a payment or refund that Solde has recorded, or about to be.

What a document of ours explains is booked by that document, never by the report.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_

from accounting.models import JournalEntry
from invoicing.payments import Payment
from invoicing.refunds import Refund
from payplug_bridge.models import PaymentAttempt, PayplugMode
from payplug_bridge.operations.models import OperationKind, PayplugOperation

_OF_PAYMENT = and_(
    PayplugOperation.kind == OperationKind.PAYMENT,
    PayplugOperation.payplug_id == Payment.external_id,
    PayplugOperation.amount_cents == Payment.amount_cents,
)
_OF_REFUND = and_(
    PayplugOperation.kind == OperationKind.REFUND,
    PayplugOperation.payplug_id == Refund.external_id,
    PayplugOperation.amount_cents == -Refund.amount_cents,
)


def is_recorded() -> ColumnElement[bool]:
    """SQL: a payment or refund in our books is this very operation, to the cent."""
    return or_(exists().where(_OF_PAYMENT), exists().where(_OF_REFUND))


def is_ours() -> ColumnElement[bool]:
    """SQL: the operation belongs to a request of ours, recorded or not yet: by our reference or by a payment's id."""
    by_reference = exists().where(
        PayplugOperation.reference != "", PaymentAttempt.reference == PayplugOperation.reference
    )
    by_id = exists().where(
        PaymentAttempt.mode == PayplugMode.LIVE,
        or_(
            PaymentAttempt.payplug_id == PayplugOperation.payplug_id,
            PaymentAttempt.payplug_id == PayplugOperation.related_id,
        ),
    )
    return or_(by_reference, by_id, is_recorded())


def is_told_by_reports() -> ColumnElement[bool]:
    """SQL: the JournalEntry at hand is that of a payment or refund which a report has told."""
    payment = exists().where(
        JournalEntry.source_kind == "payment", JournalEntry.source_id == Payment.id, _OF_PAYMENT
    )
    refund = exists().where(
        JournalEntry.source_kind == "refund", JournalEntry.source_id == Refund.id, _OF_REFUND
    )
    return or_(payment, refund)
