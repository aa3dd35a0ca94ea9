"""The bank accounts of the company: where cheques are handed in and whose statements are imported."""

from __future__ import annotations

from dataclasses import dataclass

from accounting.bank_facts import BankPlace
from accounting.chart import account_for
from accounting.roles import AccountRole


@dataclass(frozen=True)
class Bank:
    """A bank account. `account_id`: its account of the chart; `place`: how entries name it; `iban`: or empty."""

    account_id: int
    number: str
    label: str
    place: BankPlace
    iban: str = ""


def banks() -> list[Bank]:
    """The bank accounts, the usual one first."""
    account = account_for(AccountRole.BANK)
    return [Bank(account.id, account.number, account.label, BankPlace())]


def bank_of(account_id: int) -> Bank | None:
    """The bank account of that account of the chart; None when it is none."""
    return next((bank for bank in banks() if bank.account_id == account_id), None)
