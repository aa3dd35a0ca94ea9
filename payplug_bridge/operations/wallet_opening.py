"""Say once what the wallet held before the books began to follow it: a dated entry against an account of the chart."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, or_, select

from accounting.chart import account_for
from accounting.models import Account, AccountingSettings, EntryLine, JournalEntry
from accounting.record_wallet import record_wallet
from accounting.roles import AccountRole
from accounting.wallet_facts import WalletOpeningFact
from core.clock import paris_today
from core.database import db, lock
from core.errors import ConflictError
from core.event_log import record_event
from core.tenancy import current_company_id
from core.web.formats import day
from invoicing.input_checks import FieldErrors
from payplug_bridge.operations.models import PayplugBooking, PayplugOperation, WalletOpening

_PARIS = ZoneInfo("Europe/Paris")


def open_wallet(
    opens_on: date, amount_cents: int, account_id: int, *, actor_id: int | None = None
) -> WalletOpening:
    """Post the opening balance, in the open transaction; what reports tell of earlier days is part of it.

    Args:
        opens_on: the first day that the books follow; the balance is that of the evening before.
        amount_cents: what the wallet held, signed; 0 posts nothing.
        account_id: the account of the chart it stood on until then.
        actor_id: who says it.

    Raises:
        ConflictError: it was said before.
        InvalidInputError: a day in the future or after the first entry of the wallet, an account that cannot be meant.
    """
    lock(select(AccountingSettings))  # two that say it at once: the second one finds it said
    if find_opening() is not None:
        raise ConflictError(_l("The opening balance is set already."))
    account = _checked(opens_on, amount_cents, account_id)
    fact = WalletOpeningFact(("wallet_opening", current_company_id()), opens_on, account.id, amount_cents)
    opening = WalletOpening(
        opens_on=opens_on,
        amount_cents=amount_cents,
        account_number=account.number,
        entry_id=record_wallet(fact),
        recorded_by_id=actor_id,
    )
    db.session.add(opening)
    db.session.flush()
    record_event(
        "payplug.wallet_opened", actor_id=actor_id, opens_on=opens_on.isoformat(), amount_cents=amount_cents
    )
    return opening


def find_opening() -> WalletOpening | None:
    """The opening balance of the company entered, None while it was not said."""
    return db.session.scalars(select(WalletOpening)).one_or_none()


def opening_accounts() -> list[Account]:
    """The accounts it may stand against: balance-sheet accounts (classes 1, 4 and 5), not the wallet itself."""
    classes = [Account.number.startswith(digit) for digit in "145"]
    statement = select(Account).where(or_(*classes), Account.role.is_distinct_from(AccountRole.WALLET.value))
    return list(db.session.scalars(statement.order_by(Account.number)))


def is_followed() -> ColumnElement[bool]:
    """SQL: the operation at hand is not of the days before the opening balance, which holds them already."""
    opening = find_opening()
    if opening is None:
        return PayplugOperation.id.is_not(None)
    return PayplugOperation.happened_at >= start_of(opening.opens_on)


def start_of(day: date) -> datetime:
    """The instant at which a day begins in Paris."""
    return datetime.combine(day, time(), tzinfo=_PARIS)


def latest_opening_day() -> date:
    """The last day the opening may have: that of the first entry that moved the wallet, else today."""
    first = db.session.scalar(
        select(func.min(JournalEntry.piece_date))
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .where(EntryLine.account_id == account_for(AccountRole.WALLET).id)
    )
    return min(first, paris_today()) if first else paris_today()


def _checked(opens_on: date, amount_cents: int, account_id: int) -> Account:
    errors = FieldErrors()
    latest = latest_opening_day()
    if opens_on > paris_today():
        errors.add("opens_on", _l("The date lies in the future. Choose today or an earlier day."))
    elif opens_on > latest:
        errors.add(
            "opens_on",
            _l(
                "The books follow the wallet from %(day)s on. Choose this day or an earlier one.",
                day=day(latest),
            ),
        )
    if abs(amount_cents) > 10**12:
        errors.add("amount", _l("This number is too large."))
    chosen = {account.id: account for account in opening_accounts()}.get(account_id)
    if chosen is None:
        errors.add("account", _l("Choose an account."))
    errors.raise_if_any()
    assert chosen is not None
    assert not _has_earlier_booking(opens_on)
    return chosen


def _has_earlier_booking(opens_on: date) -> bool:
    """Whether an operation before that day was booked; its entry would have the day, so it cannot be."""
    statement = (
        select(PayplugBooking.id)
        .join(PayplugOperation, PayplugOperation.id == PayplugBooking.operation_id)
        .where(PayplugOperation.happened_at < start_of(opens_on))
    )
    return db.session.scalars(statement.limit(1)).first() is not None
