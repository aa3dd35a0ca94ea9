"""Takes a whole slip of cheques back: it was a mistake. A mirrored entry for each cheque; all are in hand again.

Called by the page of the slip.
"""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.standing import entry_of
from core.clock import paris_today
from core.database import db, lock
from core.errors import ConflictError
from core.event_log import record_event
from invoicing.bank.lines import entries_taken, lock_entries
from invoicing.bank.models import ChequeDeposit, ChequeDepositItem
from invoicing.bank.take_off_slip import take_off_slip
from invoicing.errors import NotFoundError
from invoicing.input_checks import checked_reason
from invoicing.payments import Payment


def undo_deposit(
    deposit_id: int, *, reason: str, today: date | None = None, actor_id: int | None = None
) -> ChequeDeposit:
    """Take a slip back; done twice, nothing is written the second time.

    Args:
        today: the business day of it; None is today in Paris.

    Raises:
        NotFoundError: there is no such slip.
        InvalidInputError: no reason was given.
        ConflictError: the bank's statement shows it: it did arrive.
    """
    items = db.session.scalars(
        select(ChequeDepositItem)
        .where(ChequeDepositItem.deposit_id == deposit_id)
        .order_by(ChequeDepositItem.payment_id)
    ).all()
    # Payments come before what lies on them, as in `cancel_payment`.
    for item in items:
        lock(select(Payment).where(Payment.id == item.payment_id))
    deposit = lock(select(ChequeDeposit).where(ChequeDeposit.id == deposit_id))
    if deposit is None:
        raise NotFoundError
    if deposit.undone_on is not None:
        return deposit
    said = checked_reason(reason)
    if _is_on_statement(deposit_id):
        raise ConflictError(
            _l("The bank’s statement shows this slip. Undo that first, on the page of the line.")
        )
    day = max(today or paris_today(), deposit.deposited_on)
    deposit.undone_on, deposit.undone_reason = day, said
    db.session.flush()
    for item in items:
        db.session.refresh(item)
        if item.returned_on is None:
            take_off_slip(deposit, item, day)
    record_event(
        "cheques.deposit_undone", actor_id=actor_id, subject=("cheque_deposit", deposit.id), reason=said
    )
    return deposit


def _is_on_statement(deposit_id: int) -> bool:
    entry = entry_of(("cheque_deposit", deposit_id), "cheque_deposit")
    if entry is None:
        return False
    # A line that is being matched with the slip comes before or after, never beside.
    lock_entries([entry.id])
    return entries_taken([entry.id])
