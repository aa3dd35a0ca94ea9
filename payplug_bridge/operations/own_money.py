"""Which operations are ours: explained by a payment or refund that Solde has recorded, or about to be.

What a document of ours explains is booked by that document, never by the report.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select

from invoicing.payments import Payment
from payplug_bridge.models import PaymentAttempt
from payplug_bridge.operations.models import OperationKind, PayplugOperation


def is_recorded() -> ColumnElement[bool]:
    """SQL: a payment or refund in our books is this very operation, to the cent."""
    paid = exists().where(
        Payment.external_id == PayplugOperation.payplug_id,
        Payment.amount_cents == PayplugOperation.amount_cents,
        PayplugOperation.kind == OperationKind.PAYMENT,
    )
    return paid


def is_ours() -> ColumnElement[bool]:
    """SQL: the operation belongs to a request of ours, recorded or not yet: by our reference or by a payment's id."""
    return or_(
        exists().where(
            PaymentAttempt.reference == PayplugOperation.reference, PayplugOperation.reference != ""
        ),
        exists().where(
            or_(
                PaymentAttempt.payplug_id == PayplugOperation.payplug_id,
                PaymentAttempt.payplug_id == PayplugOperation.related_id,
            )
        ),
        is_recorded(),
    )


def recorded_entry_ids() -> object:
    """SQL: ids of sources whose entries the operations in reports explain (see `wallet`)."""
    return select(Payment.id).where(
        exists().where(
            PayplugOperation.payplug_id == Payment.external_id,
            PayplugOperation.amount_cents == Payment.amount_cents,
            PayplugOperation.kind == OperationKind.PAYMENT,
        )
    )
