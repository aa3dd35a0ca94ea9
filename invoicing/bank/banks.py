"""The bank accounts of the company: where cheques are handed in and whose statements are imported."""

from __future__ import annotations

from dataclasses import dataclass

from accounting.bank_facts import BankPlace
from accounting.treasury_accounts import treasury_accounts
from accounting.treasury_models import TreasuryKind


@dataclass(frozen=True)
class Bank:
    """A bank account.

    Attributes:
        account_id: its account of the chart, with its `number`.
        place: how entries name it.
        iban: without blanks; empty if nobody gave it.
        treasury_id: what a payment names that came in there.
    """

    account_id: int
    number: str
    label: str
    place: BankPlace
    iban: str
    treasury_id: int


def banks(*, closed: bool = False) -> list[Bank]:
    """The bank accounts, the usual one first.

    Args:
        closed: those that are not offered any more as well.
    """
    found = treasury_accounts(TreasuryKind.BANK, closed=closed)
    return [
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


def bank_of(account_id: int) -> Bank | None:
    """The bank account of that account of the chart, one that is not offered any more too; None when it is none."""
    return next((bank for bank in banks(closed=True) if bank.account_id == account_id), None)
