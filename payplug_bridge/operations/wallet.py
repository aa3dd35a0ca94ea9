"""The wallet: what PayPlug holds, what the books say it holds, and every line that makes the difference.

PayPlug's balance is the running balance of the latest row that tells one, with what later rows moved; where no report
tells a balance it is the opening balance and all rows since. The difference is then: operations not booked, less what
is booked and no report has told yet; what is left over is money that neither explains, as a rule the opening balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select

from accounting.carried_lines import carrying_entries
from accounting.chart import account_for
from accounting.models import SIGNED_CENTS, Account, EntryLine, JournalEntry
from accounting.roles import AccountRole
from core.database import db
from payplug_bridge.operations.book_operations import has_booking
from payplug_bridge.operations.models import (
    OperationKind,
    PayplugBooking,
    PayplugOperation,
    WalletOpening,
)
from payplug_bridge.operations.own_money import is_ours, is_recorded, is_told_by_reports
from payplug_bridge.operations.wallet_opening import find_opening, is_followed

MOST_SHOWN: Final = 100


class Pending(StrEnum):
    """Why an operation is not booked."""

    OURS = "ours"
    DISPUTE = "dispute"
    UNKNOWN = "unknown"
    SOON = "soon"


@dataclass(frozen=True)
class UnbookedOperation:
    """An operation that reports told and the books do not hold."""

    operation: PayplugOperation
    why: Pending


@dataclass(frozen=True)
class UntoldEntry:
    """An entry that moved the wallet account and that no report has told. `cents`: above zero when it grew."""

    id: int
    number: str
    day: date
    label: str
    cents: int


@dataclass(frozen=True)
class WalletStanding:
    """How PayPlug and the books stand to each other; all cents.

    Attributes:
        account: the wallet's account.
        opening: the opening balance, None while it was not said.
        told_until: the instant of the latest operation told; None while no report was read.
        is_running: PayPlug's balance comes from a report that tells it, not from a sum of ours.
        payplug_cents: what PayPlug holds as of `told_until`.
        ledger_cents: what the account says.
        unbooked, untold: the lines of the difference, at most `MOST_SHOWN` each; their sums cover all of them.
    """

    account: Account
    opening: WalletOpening | None
    told_until: datetime | None
    is_running: bool
    payplug_cents: int
    ledger_cents: int
    unbooked: Sequence[UnbookedOperation]
    unbooked_cents: int
    unbooked_count: int
    untold: Sequence[UntoldEntry]
    untold_cents: int
    untold_count: int

    @property
    def difference_cents(self) -> int:
        """What PayPlug has above the books."""
        return self.payplug_cents - self.ledger_cents

    @property
    def unexplained_cents(self) -> int:
        """What of the difference no line explains."""
        return self.difference_cents - self.unbooked_cents + self.untold_cents


def wallet_standing() -> WalletStanding:
    """Compare for the company entered."""
    account = account_for(AccountRole.WALLET)
    opening = find_opening()
    cents, told_until, is_running = _payplug_balance(opening)
    unbooked, untold = _unbooked(), _untold(account.id, opening)
    return WalletStanding(
        account=account,
        opening=opening,
        told_until=told_until,
        is_running=is_running,
        payplug_cents=cents,
        ledger_cents=_ledger_cents(account.id),
        unbooked=_shown_operations(unbooked),
        unbooked_cents=_sum(unbooked, PayplugOperation.amount_cents),
        unbooked_count=_count(unbooked),
        untold=_shown_entries(untold),
        untold_cents=_sum(untold, SIGNED_CENTS),
        untold_count=db.session.scalar(select(func.count()).select_from(_by_entry(untold).subquery())) or 0,
    )


def _payplug_balance(opening: WalletOpening | None) -> tuple[int, datetime | None, bool]:
    latest = select(PayplugOperation).order_by(
        PayplugOperation.happened_at.desc(), PayplugOperation.id.desc()
    )
    newest = db.session.scalars(latest.limit(1)).first()
    if newest is None:
        return (opening.amount_cents if opening else 0), None, False
    told = db.session.scalars(latest.where(PayplugOperation.balance_cents.is_not(None)).limit(1)).first()
    if told is not None and told.balance_cents is not None:
        later = or_(
            PayplugOperation.happened_at > told.happened_at,
            and_(PayplugOperation.happened_at == told.happened_at, PayplugOperation.id > told.id),
        )
        return told.balance_cents + _operations_sum(later), newest.happened_at, True
    base = opening.amount_cents if opening else 0
    return base + _operations_sum(is_followed()), newest.happened_at, False


def _operations_sum(condition: ColumnElement[bool]) -> int:
    total = select(func.coalesce(func.sum(PayplugOperation.amount_cents), 0)).where(condition)
    return int(db.session.scalar(total) or 0)


def _ledger_cents(account_id: int) -> int:
    total = select(func.coalesce(func.sum(SIGNED_CENTS), 0)).where(
        EntryLine.account_id == account_id, EntryLine.entry_id.not_in(carrying_entries())
    )
    return int(db.session.scalar(total) or 0)


def _unbooked() -> Select[Any]:
    return select(PayplugOperation).where(~has_booking(), ~is_recorded(), is_followed())


def _untold(account_id: int, opening: WalletOpening | None) -> Select[Any]:
    booked = exists().where(PayplugBooking.entry_id == JournalEntry.id)
    is_opening = JournalEntry.id == opening.entry_id if opening and opening.entry_id else false()
    return (
        select(JournalEntry.id)
        .join(EntryLine, EntryLine.entry_id == JournalEntry.id)
        .where(EntryLine.account_id == account_id, ~booked, ~is_opening, ~is_told_by_reports())
        .where(JournalEntry.id.not_in(carrying_entries()))
    )


def _by_entry(untold: Select[Any]) -> Select[Any]:
    return untold.group_by(JournalEntry.id)


def _sum(statement: Select[Any], amount: Any) -> int:
    return int(db.session.scalar(statement.with_only_columns(func.coalesce(func.sum(amount), 0))) or 0)


def _count(statement: Select[Any]) -> int:
    return db.session.scalar(statement.with_only_columns(func.count())) or 0


def _shown_operations(unbooked: Select[Any]) -> list[UnbookedOperation]:
    newest = unbooked.order_by(PayplugOperation.happened_at.desc(), PayplugOperation.id.desc())
    operations = list(db.session.scalars(newest.limit(MOST_SHOWN)))
    ids = [operation.id for operation in operations]
    ours = set(db.session.scalars(select(PayplugOperation.id).where(PayplugOperation.id.in_(ids), is_ours())))
    return [UnbookedOperation(one, _why(one, is_own=one.id in ours)) for one in operations]


def _why(operation: PayplugOperation, *, is_own: bool) -> Pending:
    if operation.kind is OperationKind.UNKNOWN:
        return Pending.UNKNOWN
    if not is_own:
        return Pending.SOON
    return Pending.DISPUTE if operation.kind is OperationKind.DISPUTE else Pending.OURS


def _shown_entries(untold: Select[Any]) -> list[UntoldEntry]:
    rows = db.session.execute(
        _by_entry(untold)
        .with_only_columns(
            JournalEntry.id,
            func.max(JournalEntry.number),
            func.max(JournalEntry.entry_date),
            func.max(JournalEntry.label),
            func.sum(SIGNED_CENTS),
        )
        .order_by(JournalEntry.id.desc())
        .limit(MOST_SHOWN)
    )
    return [UntoldEntry(id_, number, day, label, int(cents)) for id_, number, day, label, cents in rows]
