"""Reconciliation: what no notification told us is asked for. Swept every minute, and `solde payplug sync`.

A notification may be lost altogether and a process may die between any two steps; reading the payments we still wait
for at growing intervals, and walking PayPlug's list when asked to, brings our rows to the same end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select

from core.clock import utc_now
from core.database import db, lock, transaction
from core.jobs import job, sweep
from core.tenancy import in_company, unscoped
from invoicing.balances import balance_of
from payplug_bridge.apply_refunds import told_cents
from payplug_bridge.apply_snapshot import Outcome, apply_snapshot
from payplug_bridge.attempts import OPEN, attempts_of, find_by_reference, may_still_be_paid
from payplug_bridge.check_attempt import IN_FLIGHT, check_attempt
from payplug_bridge.check_refund import OPEN_REFUNDS, check_refund, open_refunds
from payplug_bridge.close_attempt import close_attempt
from payplug_bridge.errors import CardNotPossible, PayplugError, PayplugUnconfirmed, SimulatorNotAllowed
from payplug_bridge.keys import client_for, stored_modes
from payplug_bridge.models import AttemptState, PaymentAttempt, PayplugAccount, PayplugWalk
from payplug_bridge.snapshots import PaymentSnapshot

log = structlog.get_logger(__name__)

# (younger than, asked every): PayPlug's rate limits are not documented, its pages live tens of minutes.
INTERVALS: Final = (
    (timedelta(minutes=15), timedelta(minutes=1)),
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(hours=6), timedelta(minutes=30)),
    (timedelta(days=2), timedelta(hours=2)),
    (timedelta(days=30), timedelta(days=1)),
)
# After a failure or an abort a success may still come late: how long it is looked for.
LATE_SUCCESS: Final = timedelta(days=1)
MOST_SILENCES: Final = 3
WALK_EVERY: Final = timedelta(days=1)
WALK_AGAIN: Final = timedelta(hours=1)
"""After a walk that PayPlug broke off."""
WALK_OVERLAP: Final = timedelta(days=7)
"""How far before the end of the last walk the next one begins. The list is ordered by when payments were made, and one
may be paid later; pages live some tens of minutes (assumed), so a week is ample."""


@dataclass
class SyncReport:
    """What one sync did: attempts asked about, those whose state changed, those PayPlug did not answer for."""

    checked: int = 0
    changed: int = 0
    failed: int = 0

    def add(self, other: SyncReport) -> None:
        """Sum two reports."""
        self.checked += other.checked
        self.changed += other.changed
        self.failed += other.failed


@sweep("sync_payplug")
def sync_due_attempts() -> None:
    """Ask about every attempt whose interval has passed."""
    for company_id in companies_with_payplug():
        with in_company(company_id):
            sync_attempts(_due_ids(utc_now()))


@sweep("walk_payplug")
def walk_due_lists() -> None:
    """Once a day, read each company's list of payments at PayPlug from where the last walk ended.

    What was paid is found so even when no notification came and our own row believes that nothing can come any more.
    """
    for company_id in companies_with_payplug():
        with in_company(company_id):
            if _walk_is_due(utc_now()):
                _walk_from_cursor(utc_now())


@job("abort_attempts")
def abort_attempts(company_id: int, document_id: int) -> None:
    """Close what can still be paid of an invoice that is settled otherwise; woken when a payment is recorded."""
    with in_company(int(company_id)):
        open_ids = [a.id for a in attempts_of(int(document_id)) if may_still_be_paid(a)]
        for attempt_id in open_ids:
            _close_if_settled(attempt_id)


def companies_with_payplug() -> list[int]:
    """Ids of the companies that have saved a key."""
    with unscoped():
        return list(db.session.scalars(select(PayplugAccount.company_id).order_by(PayplugAccount.company_id)))


def sync_company(walk_back: timedelta) -> SyncReport:
    """Ask about every attempt of the company entered that is not at its end, whatever its interval, and walk PayPlug's
    list back for money we do not know of."""
    report = sync_attempts(_unsettled_ids(utc_now()))
    report.add(_check_refunds())
    report.add(_walk(utc_now() - walk_back))
    return report


def sync_attempts(attempt_ids: list[int]) -> SyncReport:
    """Check attempts one by one; one that fails does not hold the others up, a silent PayPlug ends the round."""
    report, silences = SyncReport(), 0
    for attempt_id in attempt_ids:
        if silences >= MOST_SILENCES:
            report.failed += 1
            continue
        report.checked += 1
        try:
            report.changed += _sync_one(attempt_id)
        except (PayplugError, CardNotPossible, SimulatorNotAllowed) as error:
            report.failed += 1
            silences += isinstance(error, PayplugUnconfirmed)
            log.warning("attempt_not_synced", attempt=attempt_id, reason=_reason(error))
        except Exception:
            report.failed += 1
            log.exception("attempt_not_synced", attempt=attempt_id)
    return report


def _check_refunds() -> SyncReport:
    """Look for every refund of ours whose answer was lost."""
    report = SyncReport()
    for request_id in [request.id for request in open_refunds()]:
        report.checked += 1
        try:
            report.changed += check_refund(request_id) not in OPEN_REFUNDS
        except (PayplugError, CardNotPossible, SimulatorNotAllowed) as error:
            report.failed += 1
            log.warning("refund_not_synced", request=request_id, reason=_reason(error))
    return report


def _sync_one(attempt_id: int) -> bool:
    before = db.session.get_one(PaymentAttempt, attempt_id).state
    after = check_attempt(attempt_id)
    if after in OPEN:
        after = _close_if_settled(attempt_id)
    return after is not before


def _close_if_settled(attempt_id: int) -> AttemptState:
    """Nobody shall pay by card what a transfer has paid: abort when less is due than the attempt asks for."""
    attempt = db.session.get_one(PaymentAttempt, attempt_id)
    if balance_of(attempt.document_id).asked_cents >= attempt.amount_cents:
        return attempt.state
    return close_attempt(attempt_id)


def _due_ids(now: datetime) -> list[int]:
    return [a.id for a in _unsettled(now) if _is_due(a, now)]


def _unsettled_ids(now: datetime) -> list[int]:
    return [a.id for a in _unsettled(now)]


def _unsettled(now: datetime) -> list[PaymentAttempt]:
    """Attempts that may still turn into money, oldest first."""
    states = (*OPEN, AttemptState.FAILED, AttemptState.ABORTED)
    statement = select(PaymentAttempt).where(
        PaymentAttempt.state.in_(states), PaymentAttempt.created_at > now - INTERVALS[-1][0]
    )
    found = db.session.scalars(statement.order_by(PaymentAttempt.id))
    return [a for a in found if a.state in OPEN or (a.payplug_id and a.created_at > now - LATE_SUCCESS)]


def _is_due(attempt: PaymentAttempt, now: datetime) -> bool:
    age = now - attempt.created_at
    if attempt.state is AttemptState.PREPARED and age < IN_FLIGHT:
        return False
    interval = next((every for younger, every in INTERVALS if age < younger), INTERVALS[-1][1])
    return attempt.checked_at is None or attempt.checked_at <= now - interval


def _walk_is_due(now: datetime) -> bool:
    walk = db.session.scalars(select(PayplugWalk)).one_or_none()
    if walk is None:
        return True
    is_new = walk.walked_until is None or walk.walked_until <= now - WALK_EVERY
    return is_new and walk.tried_at <= now - WALK_AGAIN


def _walk_from_cursor(now: datetime) -> None:
    """The try is written first, so that a walk which kills its worker is not begun again at once."""
    with transaction():
        walk = lock(select(PayplugWalk)) or PayplugWalk()
        walk.tried_at = now
        db.session.add(walk)
        db.session.flush()
        begins = (walk.walked_until or now) - WALK_OVERLAP
    if _walk(begins).failed:
        return
    with transaction():
        walked = lock(select(PayplugWalk))
        assert walked is not None
        walked.walked_until = now


def _walk(since: datetime) -> SyncReport:
    """Apply every payment in PayPlug's list that carries a reference of ours and is paid there but not here."""
    report = SyncReport()
    for mode in stored_modes():
        try:
            client = client_for(mode)
            db.session.rollback()
            for snapshot in client.payments_since(since):
                report.add(_apply_listed(snapshot))
        except (PayplugError, SimulatorNotAllowed) as error:
            report.failed += 1
            log.warning("payment_list_not_read", mode=mode.value, reason=_reason(error))
    return report


def _apply_listed(snapshot: PaymentSnapshot) -> SyncReport:
    """One payment that the books trip over does not hide those behind it; the walk is then begun again."""
    try:
        return SyncReport(changed=_apply_unknown_success(snapshot))
    except (PayplugError, SimulatorNotAllowed):
        raise
    except Exception:
        log.exception("listed_payment_not_applied")
        return SyncReport(failed=1)


def _apply_unknown_success(snapshot: PaymentSnapshot) -> bool:
    """A payment that the books do not have is recorded; of one with refunds they do not have, these are read."""
    if not snapshot.is_paid or snapshot.reference is None:
        return False
    attempt = find_by_reference(snapshot.reference)
    if attempt is None:
        db.session.rollback()
        return False
    attempt_id, is_known = attempt.id, attempt.state is AttemptState.PAID
    db.session.rollback()
    is_news = False
    if not is_known:
        with transaction():
            is_news = apply_snapshot(snapshot) in (Outcome.RECORDED, Outcome.PAID_IN_TEST)
    if not _has_untold_refunds(attempt_id, snapshot):
        return is_news
    # The list does not tell the refunds: they are read with the payment.
    check_attempt(attempt_id)
    return True


def _has_untold_refunds(attempt_id: int, snapshot: PaymentSnapshot) -> bool:
    attempt = db.session.get_one(PaymentAttempt, attempt_id)
    untold = attempt.payment_id is not None and snapshot.refunded_cents > told_cents(attempt.payment_id)
    db.session.rollback()
    return untold


def _reason(error: Exception) -> str:
    return error.cause if isinstance(error, PayplugUnconfirmed) else type(error).__name__
