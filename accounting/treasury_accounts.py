"""The treasury accounts there are: asked by whoever records money or reads a bank statement."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from accounting.facts import Treasury, TreasuryPlace
from accounting.models import Account, Journal
from accounting.treasury_models import TreasuryAccount, TreasuryKind
from core.database import Base, db
from core.tenancy import COMPANY, execute_scoped


@dataclass(frozen=True)
class TreasuryView:
    """One treasury account as pages and matching need it.

    Attributes:
        id: of the `treasury_account` row; a payment names it.
        label: what people call it (“Banque”, “Crédit du Nord”).
        account_id: the account it stands on now, with its `account_number`.
        journal_id: the journal it is kept in now, with its `journal_code`.
        kind: bank, cash desk, wallet, or in transit.
        iban: without blanks; empty when nobody gave it.
        role: set on the first of its kind, where money is booked by default.
        is_open: False when it is not offered any more.
    """

    id: int
    label: str
    account_id: int
    account_number: str
    journal_id: int
    journal_code: str
    kind: TreasuryKind
    iban: str
    role: Treasury | None
    is_open: bool

    @property
    def iban_in_groups(self) -> str:
        """The IBAN as people write it, in groups of four."""
        return " ".join(self.iban[start : start + 4] for start in range(0, len(self.iban), 4))


def treasury_accounts(*kinds: TreasuryKind, closed: bool = False) -> list[TreasuryView]:
    """The company's treasury accounts, of these kinds or of all, in order of their numbers.

    Args:
        kinds: only these.
        closed: those that are not offered any more as well.
    """
    statement = (
        select(
            TreasuryAccount.id,
            TreasuryAccount.label,
            TreasuryAccount.account_id,
            Account.number.label("account_number"),
            TreasuryAccount.journal_id,
            Journal.code.label("journal_code"),
            *(getattr(TreasuryAccount, name) for name in ("kind", "iban", "role", "is_open")),
        )
        .join(Account, Account.id == TreasuryAccount.account_id)
        .join(Journal, Journal.id == TreasuryAccount.journal_id)
        .order_by(Account.number)
    )
    if kinds:
        statement = statement.where(TreasuryAccount.kind.in_(kinds))
    if not closed:
        statement = statement.where(TreasuryAccount.is_open)
    return [TreasuryView(**row) for row in db.session.execute(statement).mappings()]


# Every payment by hand passes here.
_ROWS = Base.metadata.tables["treasury_account"].c
_PLACE = select(_ROWS.journal_id, _ROWS.account_id).where(
    _ROWS.company_id == COMPANY, _ROWS.id == bindparam("treasury_id")
)


def treasury_place(treasury_account_id: int) -> TreasuryPlace:
    """Where money on that treasury account is posted, for `CollectionFact.treasury` and `RefundFact.treasury`."""
    journal_id, account_id = execute_scoped(_PLACE, treasury_id=treasury_account_id).one()
    return TreasuryPlace(journal_id, account_id)
