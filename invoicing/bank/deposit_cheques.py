"""Hands cheques in at the bank: a slip, frozen, and its entry. Called by the page of cheques."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.bank_facts import ChequeDepositFact
from accounting.record_bank import record_bank
from core.clock import paris_today
from core.database import db, lock
from core.event_log import record_event
from invoicing.bank.banks import bank_of
from invoicing.bank.cheques import cheques_in_hand
from invoicing.bank.models import ChequeDeposit, ChequeDepositItem
from invoicing.input_checks import FieldErrors
from invoicing.payments import Payment

MOST_CHEQUES = 200


def deposit_cheques(
    payment_ids: Sequence[int],
    *,
    bank_account_id: int,
    deposited_on: date,
    request_key: str,
    actor_id: int | None = None,
) -> ChequeDeposit:
    """Put cheques on a slip; the same `request_key` returns the slip made before.

    Args:
        payment_ids: cheque payments that lie on no slip.
        bank_account_id: the bank's account of the chart.
        deposited_on: the day they are handed in, not in the future, not before the last of them came.

    Raises:
        InvalidInputError: naming every field that is wrong; a cheque that lies on a slip already is `cheques`.
    """
    # Locked by id, so that two slips with the same cheque come one after the other.
    for payment_id in sorted(set(payment_ids)):
        lock(select(Payment).where(Payment.id == payment_id))
    earlier = db.session.scalars(
        select(ChequeDeposit).where(ChequeDeposit.request_key == request_key)
    ).one_or_none()
    if earlier is not None:
        return earlier
    bank = bank_of(bank_account_id)
    is_bank = bank is not None and bank.treasury_id is not None
    cheques = _checked(payment_ids, deposited_on, is_bank=is_bank)
    assert bank is not None
    deposit = ChequeDeposit(
        bank_account_id=bank.account_id,
        deposited_on=deposited_on,
        cheque_count=len(cheques),
        amount_cents=sum(cheque.amount_cents for cheque in cheques),
        request_key=request_key,
        recorded_by_id=actor_id,
    )
    db.session.add(deposit)
    db.session.flush()
    for cheque in cheques:
        db.session.add(
            ChequeDepositItem(deposit_id=deposit.id, payment_id=cheque.id, amount_cents=cheque.amount_cents)
        )
    db.session.flush()
    record_bank(
        ChequeDepositFact(
            ("cheque_deposit", deposit.id), deposited_on, deposit.reference, deposit.cheque_count,
            deposit.amount_cents, bank.place,
        )
    )  # fmt: skip
    record_event(
        "cheques.deposited", actor_id=actor_id, subject=("cheque_deposit", deposit.id),
        amount_cents=deposit.amount_cents, payment_ids=[cheque.id for cheque in cheques],
    )  # fmt: skip
    return deposit


def _checked(payment_ids: Sequence[int], deposited_on: date, *, is_bank: bool) -> list[Payment]:
    errors = FieldErrors()
    wanted = set(payment_ids)
    cheques = [cheque for cheque in cheques_in_hand() if cheque.id in wanted]
    if not wanted:
        errors.add("cheques", _l("Tick the cheques that you hand in."))
    elif len(wanted) > MOST_CHEQUES:
        errors.add("cheques", _l("At most %(count)d cheques go on one slip.", count=MOST_CHEQUES))
    elif len(cheques) != len(wanted):
        errors.add("cheques", _l("One of these cheques was handed in or cancelled meanwhile. Tick again."))
    if not is_bank:
        errors.add("bank", _l("Choose the bank account."))
    if errors.day("deposited_on", deposited_on) is not None:
        if deposited_on > paris_today():
            errors.add("deposited_on", _l("The date lies in the future. Choose today or an earlier day."))
        elif any(cheque.paid_on > deposited_on for cheque in cheques):
            errors.add("deposited_on", _l("One of the cheques came after this day."))
    errors.raise_if_any()
    return cheques
