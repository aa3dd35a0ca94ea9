"""What an export file is made from: entries as accounting software takes them, and what the accountant chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One line of an entry. Cents; one of debit and credit is above zero.

    Attributes:
        account, account_label: the general account of the ledger.
        party: code of the third party where the account is collective; empty for an account of its own, or none.
        party_label: the third party's name, also for an account of its own.
        due_on: the day on which what the line says is to be paid.
        letter: code of its live lettering, empty while there is none.
    """

    account: str
    account_label: str
    party: str
    party_label: str
    label: str
    debit_cents: int
    credit_cents: int
    due_on: date | None = None
    letter: str = ""

    @property
    def cents(self) -> int:
        """The amount, whichever side it is on."""
        return self.debit_cents or self.credit_cents

    @property
    def side(self) -> str:
        """`D` or `C`."""
        return "D" if self.debit_cents else "C"


@dataclass(frozen=True, slots=True)
class ExportEntry:
    """One entry. `rank` counts the entries of the file from 1; `number` is that of the ledger (VE000001)."""

    id: int
    rank: int
    journal: str
    journal_label: str
    number: str
    entry_date: date
    piece_ref: str
    label: str
    lines: Sequence[ExportLine]


@dataclass(frozen=True)
class ExportOptions:
    """What the accountant's software wants.

    Attributes:
        account_length: how many characters general accounts have there; 0: as they are in the ledger.
        ximport_dot: XIMPORT's decimal mark is a dot; else a comma. Sources disagree (see `ximport`).
        customers_account: number of the customers' collective account, for formats that carry third parties.
    """

    account_length: int = 0
    ximport_dot: bool = False
    customers_account: str = "411000"
