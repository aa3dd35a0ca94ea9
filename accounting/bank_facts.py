"""Plain facts about a bank account that are no customer's payment: cheques handed in, a payout that arrived, a line of
the statement that goes straight to an account.

Amounts are the cents by which the bank account moves, above zero when it grows. Told through `record_bank`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from accounting.roles import AccountRole, JournalCode


@dataclass(frozen=True)
class BankPlace:
    """A bank account in the books: its account (a role or an id) and the journal that is kept for it."""

    account: AccountRole | int = AccountRole.BANK
    journal: JournalCode | int = JournalCode.BANK


@dataclass(frozen=True)
class ChequeDepositFact:
    """Cheques were handed in at the bank on one slip.

    Attributes:
        source: the slip; of one cheque that came back, its line on the slip.
        count: how many cheques.
        is_taken_back: the slip was a mistake, or a cheque of it came back unpaid.
    """

    source: tuple[str, int]
    deposited_on: date
    reference: str
    count: int
    amount_cents: int
    bank: BankPlace = BankPlace()
    is_taken_back: bool = False


@dataclass(frozen=True)
class PayoutArrivedFact:
    """Money that left another account of the company (a payout of the processor) arrived here, or went back there.

    Attributes:
        source: what says so: a line of the bank statement that was confirmed.
        is_taken_back: it was confirmed by mistake.
    """

    source: tuple[str, int]
    day: date
    reference: str
    amount_cents: int
    bank: BankPlace = BankPlace()
    is_taken_back: bool = False


@dataclass(frozen=True)
class BankLineFact:
    """A line of the statement that a person books on an account of the chart: fees, interest, what is not known yet.

    Attributes:
        source: the decision of that person.
        wording: what the bank says of it.
        account_id: the other side.
        is_taken_back: it was booked by mistake.
    """

    source: tuple[str, int]
    day: date
    reference: str
    wording: str
    amount_cents: int
    account_id: int
    bank: BankPlace = BankPlace()
    is_taken_back: bool = False


BankFact = ChequeDepositFact | PayoutArrivedFact | BankLineFact
