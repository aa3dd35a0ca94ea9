"""Add a bank, a cash desk or an account in transit, or change one. Called by the settings; logged, never retroactive.

A new bank or cash desk gets an account and a journal of its own, so that its entries can be reconciled with one
statement. The number of an account is never changed: the first one of a kind moves with its role (`assign_account`).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from stdnum import iban as iban_numbers

from accounting.chart import forget_chart
from accounting.errors import AccountingError, TreasuryAccountNotFound
from accounting.models import Account, AccountingSettings, Journal, JournalKind
from accounting.settings.account_text import checked_code, checked_label, checked_number
from accounting.treasury_models import TreasuryAccount, TreasuryKind
from core.database import db, lock
from core.event_log import record_event
from core.insert_missing import insert_missing
from core.tenancy import current_company_id
from core.versions import count_save, is_changed

LONGEST_LABEL = 60
PREFIXES: dict[TreasuryKind, str] = {
    TreasuryKind.BANK: "512",
    TreasuryKind.CASH: "53",
    TreasuryKind.IN_TRANSIT: "511",
    TreasuryKind.WALLET: "512",
}
"""How the account of each kind begins (plan comptable général, class 5)."""
ADDABLE = (TreasuryKind.BANK, TreasuryKind.CASH, TreasuryKind.IN_TRANSIT)


@dataclass(frozen=True)
class TreasuryInput:
    """A treasury account as typed.

    Attributes:
        label: its name.
        iban: of a bank; empty when it is not to be known.
        is_open: whether it is offered.
        kind: of a new one.
        number: the account of a new one.
        journal_code: of the journal that a new bank or cash desk gets.
        bank_id: of an account in transit, the bank whose journal it shares.
    """

    label: str
    iban: str = ""
    is_open: bool = True
    kind: TreasuryKind = TreasuryKind.BANK
    number: str = ""
    journal_code: str = ""
    bank_id: int | None = None


def save_treasury_account(
    given: TreasuryInput,
    *,
    treasury_account_id: int | None = None,
    version: int | None = None,
    actor_id: int | None = None,
) -> TreasuryAccount:
    """Add a treasury account, or change the name, the IBAN and the openness of the one named.

    Args:
        given: what was typed.
        treasury_account_id: the one to change; None adds one. Adding the same twice is once.
        version: the version the person's page showed; None for what comes from no page.
        actor_id: who does it.

    Raises:
        TreasuryAccountNotFound: this company has none of that id.
        OutdatedError: it was saved since that version.
        AccountingError: something typed cannot be used; `field` names it.
    """
    lock(select(AccountingSettings))
    label = checked_label(given.label, longest=LONGEST_LABEL)
    iban = _checked_iban(given.iban)
    if treasury_account_id is None:
        return _added(given, label, iban, actor_id)
    account = lock(select(TreasuryAccount).where(TreasuryAccount.id == treasury_account_id))
    if account is None:
        raise TreasuryAccountNotFound
    if account.role is not None and not given.is_open:
        raise AccountingError(
            _l(
                "Money is booked here by default, so it stays open. A means of payment can be switched off instead."
            ),
            field="is_open",
        )
    before = _describe(account)
    with db.session.no_autoflush:
        account.label, account.iban, account.is_open = label, iban, given.is_open
        if not is_changed():
            return account
        count_save(account, version)
    db.session.flush()
    record_event(
        "treasury_account.changed", actor_id=actor_id, subject=("treasury_account", account.id), before=before,
        after=_describe(account),
    )  # fmt: skip
    return account


def _checked_iban(typed: str) -> str:
    iban = iban_numbers.compact(typed).upper()
    if iban and not iban_numbers.is_valid(iban):
        raise AccountingError(
            _l("This IBAN is wrong: check each character against your bank’s statement."), field="iban"
        )
    return iban


def _added(given: TreasuryInput, label: str, iban: str, actor_id: int | None) -> TreasuryAccount:
    assert given.kind in ADDABLE, "the form offers no other kind"
    number, prefix = checked_number(given.number), PREFIXES[given.kind]
    if not number.startswith(prefix):
        raise AccountingError(_l("This account must begin with %(prefix)s.", prefix=prefix), field="number")
    chart_account = _free_account(number, label)
    if isinstance(chart_account, TreasuryAccount):
        return chart_account  # the same form sent twice
    journal = _journal_of(given, label)
    db.session.flush()
    account = TreasuryAccount(
        kind=given.kind, account_id=chart_account.id, journal_id=journal.id, label=label, iban=iban,
        is_open=given.is_open,
    )  # fmt: skip
    db.session.add(account)
    db.session.flush()
    forget_chart()
    record_event(
        "treasury_account.added", actor_id=actor_id, subject=("treasury_account", account.id), number=number,
        journal=journal.code, after=_describe(account),
    )  # fmt: skip
    return account


def _free_account(number: str, label: str) -> Account | TreasuryAccount:
    """The account of that number, new or without a use; where the same was added before, that treasury account."""
    # The chart's page may be making the account of that number at this moment.
    insert_missing(Account, company_id=current_company_id(), number=number, label=label)
    found = db.session.scalars(select(Account).where(Account.number == number)).one()
    held = db.session.scalars(
        select(TreasuryAccount).where(TreasuryAccount.account_id == found.id)
    ).one_or_none()
    if held is not None and held.label == label:
        return held
    if held is not None or found.role is not None:
        raise AccountingError(
            _l("Account %(number)s is used for something else already.", number=number), field="number"
        )
    return found


def _journal_of(given: TreasuryInput, label: str) -> Journal:
    if given.kind is TreasuryKind.IN_TRANSIT:
        bank = db.session.get(TreasuryAccount, given.bank_id) if given.bank_id is not None else None
        if bank is None or bank.kind is not TreasuryKind.BANK:
            raise AccountingError(_l("Choose the bank where it ends."), field="bank_id")
        return db.session.get_one(Journal, bank.journal_id)
    code = checked_code(given.journal_code, field="journal_code")
    if db.session.scalars(select(Journal.id).where(Journal.code == code)).first() is not None:
        raise AccountingError(_l("There is a journal %(code)s already.", code=code), field="journal_code")
    journal = Journal(code=code, label=label, kind=JournalKind.TREASURY)
    db.session.add(journal)
    return journal


def _describe(account: TreasuryAccount) -> str:
    return " · ".join(filter(None, (account.label, account.iban, "" if account.is_open else "–")))
