"""The inbox: read each notified payment at PayPlug and apply it. Woken by the webhook, swept every minute.

Rows are claimed by a lease, so two workers never share one and a worker that dies loses none. Notifications of one
payment are done together by one read. A row that fails waits longer each time, then stays visible as stuck; it
never holds the others up.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, func, select

from core.clock import utc_now
from core.database import db, lock, transaction
from core.errors import ConflictError, NotFoundError
from core.jobs import sweep, wake
from core.tenancy import in_company, unscoped
from payplug_bridge.apply_snapshot import Outcome, apply_snapshot
from payplug_bridge.attempts import find_by_payplug_id
from payplug_bridge.errors import CardNotPossible, PayplugKeyRefused, PayplugRefused, PayplugUnconfirmed
from payplug_bridge.keys import client_for, stored_modes
from payplug_bridge.models import NotificationState, PayplugNotification
from payplug_bridge.operations.request_reports import note_news
from payplug_bridge.report_snapshot import is_report_id
from payplug_bridge.snapshots import PaymentSnapshot

log = structlog.get_logger(__name__)

BATCH: Final = 100
LEASE: Final = timedelta(minutes=2)
FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(hours=6)
MOST_TRIES: Final = 14
# When PayPlug is down, each further try costs a time-out: leave the company to the next sweep.
MOST_SILENCES: Final = 3
UNKNOWN = "unknown_at_payplug"
REPORT = "report"


@sweep("process_notifications")
def process_notifications() -> None:
    """Do every notification that is due, oldest first."""
    silences: Counter[int] = Counter()
    done: set[tuple[int, str]] = set()
    while due := [item for item in _due() if item not in done and silences[item[0]] < MOST_SILENCES]:
        for company_id, payment_id in due:
            done.add((company_id, payment_id))
            if silences[company_id] < MOST_SILENCES:
                with in_company(company_id):
                    silences[company_id] += _process(payment_id)


def replay_notification(notification_id: int) -> None:
    """Put a notification back among those to do, in the open transaction.

    Raises:
        NotFoundError: the company has no such notification.
        ConflictError: it is not about a payment, so there is nothing to read.
    """
    row = lock(select(PayplugNotification).where(PayplugNotification.id == notification_id))
    if row is None:
        raise NotFoundError
    if not row.resource_id:
        raise ConflictError
    row.state, row.tries, row.due_at, row.outcome = NotificationState.RECEIVED, 0, utc_now(), ""
    db.session.flush()
    wake("process_notifications")


def _due() -> list[tuple[int, str]]:
    with unscoped():
        rows = db.session.execute(
            select(PayplugNotification.company_id, PayplugNotification.resource_id)
            .where(
                PayplugNotification.state == NotificationState.RECEIVED,
                PayplugNotification.due_at <= utc_now(),
            )
            .group_by(PayplugNotification.company_id, PayplugNotification.resource_id)
            .order_by(func.min(PayplugNotification.id))
            .limit(BATCH)
        ).all()
    db.session.rollback()
    return [(row.company_id, row.resource_id) for row in rows]


def _process(payment_id: str) -> int:
    """One payment's notifications; returns 1 when PayPlug kept silent."""
    claimed = _claim(payment_id)
    if not claimed:
        return 0
    try:
        if is_report_id(payment_id):
            with transaction():
                _finish(claimed, REPORT if note_news(payment_id) else UNKNOWN)
            return 0
        snapshot = _fetch(payment_id)
        with transaction():
            outcome = apply_snapshot(snapshot) if snapshot is not None else UNKNOWN
            _finish(claimed, outcome)
    except PayplugUnconfirmed as error:
        _postpone(claimed, error.cause)
        return 1
    except PayplugRefused as error:
        _postpone(claimed, f"http_{error.status}")
    except Exception as error:
        # A poisoned row: whatever it trips over, the others go on and this one stays visible.
        log.exception("notification_failed", notifications=claimed, error_type=type(error).__name__)
        _postpone(claimed, type(error).__name__)
    return 0


def _claim(payment_id: str) -> list[int]:
    with transaction():
        rows = _locked(
            PayplugNotification.resource_id == payment_id,
            PayplugNotification.state == NotificationState.RECEIVED,
            PayplugNotification.due_at <= utc_now(),
        )
        for row in rows:
            row.tries, row.due_at = row.tries + 1, utc_now() + LEASE
        return [row.id for row in rows]


def _fetch(payment_id: str) -> PaymentSnapshot | None:
    """Read the payment with the key of its attempt's mode, or with each key while we know no attempt of that id."""
    attempt = find_by_payplug_id(payment_id)
    modes = [attempt.mode] if attempt is not None else stored_modes()
    clients = [client_for(mode) for mode in modes]
    if not clients:
        raise CardNotPossible
    db.session.rollback()
    for client in clients:
        try:
            return client.retrieve_payment(payment_id)
        except PayplugKeyRefused:
            raise
        except PayplugRefused as refusal:
            log.info("payplug_payment_unknown", status=refusal.status)
    return None


def _finish(ids: list[int], outcome: str) -> None:
    is_ours = outcome not in (UNKNOWN, Outcome.NOT_OURS)
    for row in _locked(PayplugNotification.id.in_(ids)):
        row.state = NotificationState.DONE if is_ours else NotificationState.IGNORED
        row.outcome = str(outcome)
    db.session.flush()


def _postpone(ids: list[int], reason: str) -> None:
    with transaction():
        for row in _locked(PayplugNotification.id.in_(ids)):
            row.outcome = reason[:500]
            row.due_at = utc_now() + min(LONGEST_WAIT, FIRST_WAIT * 2**row.tries)
            if row.tries >= MOST_TRIES:
                row.state = NotificationState.STUCK


def _locked(*conditions: ColumnElement[bool]) -> list[PayplugNotification]:
    statement = select(PayplugNotification).where(*conditions).order_by(PayplugNotification.id)
    rows = db.session.scalars(statement.with_for_update().execution_options(populate_existing=True))
    return list(rows)
