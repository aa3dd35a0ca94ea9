"""Cheques received and not handed in yet, and where a cheque lies: asked by the verbs and pages of slips."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from accounting.facts import Treasury
from accounting.treasury_models import TreasuryAccount
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
    # A company may have its cheques come in elsewhere: what is not on 5112 is not moved from there.
    elsewhere = select(TreasuryAccount.id).where(TreasuryAccount.role.is_distinct_from(Treasury.CHEQUES))
    reversed_ = select(PaymentReversal.id).where(PaymentReversal.payment_id == Payment.id).exists()
    return list(
        db.session.scalars(
            select(Payment)
            .where(
                Payment.method == PaymentMethod.CHEQUE,
                or_(Payment.treasury_account_id.is_(None), Payment.treasury_account_id.not_in(elsewhere)),
                ~reversed_,
                ~on_a_slip,
            )
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
