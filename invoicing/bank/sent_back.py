"""Payments that a line of the bank may have sent back: a direct debit rejected, a cheque that bounced."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.database import db
from invoicing.bank.models import BankLine
from invoicing.payments import Payment, PaymentMethod, PaymentReversal

WITHIN = timedelta(days=90)
"""How long after a payment a bank sends it back: 8 weeks for a SEPA direct debit that nobody disputes the mandate of
(practice), 60 days and more for a cheque."""
MOST = 5
_NEVER = (PaymentMethod.CARD, PaymentMethod.CARD_TERMINAL, PaymentMethod.CASH)


def payments_sent_back(line: BankLine) -> list[Payment]:
    """Standing payments of the line's amount, made in the weeks before it; the latest first."""
    reversed_ = select(PaymentReversal.id).where(PaymentReversal.payment_id == Payment.id).exists()
    return list(
        db.session.scalars(
            select(Payment)
            .where(
                Payment.amount_cents == -line.amount_cents,
                Payment.method.not_in(_NEVER),
                Payment.paid_on.between(line.booked_on - WITHIN, line.booked_on),
                ~reversed_,
            )
            .options(selectinload(Payment.customer))
            .order_by(Payment.paid_on.desc(), Payment.id.desc())
            .limit(MOST)
        )
    )
