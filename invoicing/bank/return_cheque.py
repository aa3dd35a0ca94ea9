"""Takes a cheque off the slip it lies on, because the bank sent it back. Called by `cancel_payment`, which then takes
the payment back: together they say D 411 customer, C 512 bank.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from core.database import db, lock
from invoicing.bank.models import ChequeDeposit, ChequeDepositItem
from invoicing.bank.take_off_slip import take_off_slip


def return_cheque(payment_id: int, *, returned_on: date) -> bool:
    """Take the cheque of a payment off its slip, if it lies on one; the caller holds the payment's lock.

    Returns:
        Whether it lay on a slip.
    """
    item = lock(
        select(ChequeDepositItem).where(
            ChequeDepositItem.payment_id == payment_id, ChequeDepositItem.returned_on.is_(None)
        )
    )
    if item is None:
        return False
    deposit = db.session.get_one(ChequeDeposit, item.deposit_id)
    take_off_slip(deposit, item, max(returned_on, deposit.deposited_on))
    return True
