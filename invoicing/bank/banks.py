"""The bank accounts of the company: where cheques are handed in and whose statements are imported."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from accounting.bank_facts import BankPlace
from accounting.models import Account
from accounting.treasury_accounts import treasury_accounts
from accounting.treasury_models import TreasuryAccount, TreasuryKind
from core.database import db
from invoicing.bank.lines import is_decided
from invoicing.bank.models import BankLine, BankStatement


@dataclass(frozen=True)
class Bank:
    """A bank account.

    Attributes:
        account_id: its account of the chart, with its `number`.
        place: how entries name it.
        iban: without blanks; empty if nobody gave it.
        treasury_id: what a payment names that came in there; None for an account that stood for a bank until another
            account was chosen for it. Its statements stay: their lines are decided on, but it takes no new ones.
    """

    account_id: int
    number: str
    label: str
    place: BankPlace
    iban: str
    treasury_id: int | None


def banks(*, closed: bool = False) -> list[Bank]:
    """The bank accounts, the usual one first.

    Args:
        closed: those that are not offered any more as well, and those that another account was chosen for.
    """
    found = treasury_accounts(TreasuryKind.BANK, closed=closed)
    there = [
        Bank(
            row.account_id,
            row.account_number,
            row.label,
            BankPlace(row.account_id, row.journal_id),
            row.iban,
            row.id,
        )
        for row in sorted(found, key=lambda row: row.role is None)
    ]
    return [*there, *_former()] if closed else there


def banks_to_look_at() -> list[Bank]:
    """The bank accounts that are offered, and those whose lines still wait for a decision."""
    waiting = set(db.session.scalars(select(BankLine.bank_account_id).where(~is_decided()).distinct()))
    offered = banks()
    return [bank for bank in banks(closed=True) if bank in offered or bank.account_id in waiting]


def bank_of(account_id: int) -> Bank | None:
    """The bank account of that account of the chart, one that is not offered any more too; None when it is none."""
    return next((bank for bank in banks(closed=True) if bank.account_id == account_id), None)


def _former() -> list[Bank]:
    """Accounts with statements whose bank stands on another account now (`assign_account`)."""
    statements = select(BankStatement.id).where(BankStatement.bank_account_id == Account.id).exists()
    held = select(TreasuryAccount.id).where(TreasuryAccount.account_id == Account.id).exists()
    found = db.session.scalars(select(Account).where(statements, ~held).order_by(Account.number))
    return [
        Bank(row.id, row.number, f"{row.label} ({row.number})", BankPlace(row.id), "", None) for row in found
    ]
