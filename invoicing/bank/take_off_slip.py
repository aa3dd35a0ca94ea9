"""Writes down that a cheque came off a slip, and its entry. Called by `return_cheque` and `undo_deposit`."""

from __future__ import annotations

from datetime import date

from accounting.bank_facts import BankPlace, ChequeDepositFact
from accounting.record_bank import record_bank
from core.database import db
from invoicing.bank.banks import bank_of
from invoicing.bank.models import ChequeDeposit, ChequeDepositItem


def take_off_slip(deposit: ChequeDeposit, item: ChequeDepositItem, day: date) -> None:
    """Take a cheque off its slip on that day; the caller holds the lock of its payment."""
    item.returned_on = day
    db.session.flush()
    bank = bank_of(deposit.bank_account_id)
    place = bank.place if bank is not None else BankPlace(deposit.bank_account_id)
    record_bank(
        ChequeDepositFact(
            ("cheque_deposit_item", item.id), day, deposit.reference, 1, item.amount_cents, place,
            is_taken_back=True,
        )
    )  # fmt: skip
