"""Cheques received and not handed in yet, and where a cheque lies: asked by the verbs and pages of slips."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.database import db
from invoicing.bank.models import ChequeDepositItem
from invoicing.payments import Payment, PaymentMethod, PaymentReversal


def cheques_in_hand() -> list[Payment]:
    """Cheque payments that stand and lie on no slip, the oldest first."""
    on_a_slip = (
        select(ChequeDepositItem.id)
        .where(ChequeDepositItem.payment_id == Payment.id, ChequeDepositItem.returned_on.is_(None))
        .exists()
    )
    reversed_ = select(PaymentReversal.id).where(PaymentReversal.payment_id == Payment.id).exists()
    return list(
        db.session.scalars(
            select(Payment)
            .where(Payment.method == PaymentMethod.CHEQUE, ~reversed_, ~on_a_slip)
            .options(selectinload(Payment.customer))
            .order_by(Payment.paid_on, Payment.id)
        )
    )


def cheques_of(deposit_id: int) -> list[tuple[ChequeDepositItem, Payment]]:
    """The cheques of a slip, those that came back among them, in the order of the slip."""
    rows = db.session.execute(
        select(ChequeDepositItem, Payment)
        .join(Payment, Payment.id == ChequeDepositItem.payment_id)
        .where(ChequeDepositItem.deposit_id == deposit_id)
        .options(selectinload(Payment.customer))
        .order_by(ChequeDepositItem.id)
    )
    return [(row[0], row[1]) for row in rows]
