"""Refunds that no notification told us, and requests whose answer was lost: asked for. Swept every minute.

A refund in PayPlug's portal reaches us by a notification alone, which may be lost: paid attempts are read again at
growing intervals for as long as PayPlug may give money back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import and_, or_, select

from core.clock import utc_now
from core.database import db
from core.jobs import sweep
from core.tenancy import in_company
from payplug_bridge.check_attempt import IN_FLIGHT, check_attempt
from payplug_bridge.check_refund import check_refund, open_refunds
from payplug_bridge.errors import CardNotPossible, PayplugError, PayplugUnconfirmed, SimulatorNotAllowed
from payplug_bridge.models import AttemptState, PaymentAttempt, PayplugMode, PayplugRefund, RefundState
from payplug_bridge.sync import INTERVALS, MOST_SILENCES, companies_with_payplug

log = structlog.get_logger(__name__)

# (paid attempt younger than, read every): PayPlug gives back for up to a year (its support says 12 months).
REFUND_INTERVALS: Final = (
    (timedelta(days=2), timedelta(hours=6)),
    (timedelta(days=30), timedelta(days=3)),
    (timedelta(days=400), timedelta(days=15)),
)
MOST_PAID_AT_ONCE: Final = 50


@sweep("sync_payplug_refunds")
def sync_due_refunds() -> None:
    """Look for every refund whose interval has passed: the requests first, then paid attempts."""
    for company_id in companies_with_payplug():
        with in_company(company_id):
            now = utc_now()
            _check_each(check_refund, [r.id for r in open_refunds() if _is_due(r, now)])
            _check_each(check_attempt, _due_paid(now))


def _check_each(check: Callable[[int], object], ids: Iterable[int]) -> None:
    """One that fails does not hold the others up; a silent PayPlug ends the round."""
    silences = 0
    for row_id in ids:
        if silences >= MOST_SILENCES:
            return
        try:
            check(row_id)
        except (PayplugError, CardNotPossible, SimulatorNotAllowed) as error:
            silences += isinstance(error, PayplugUnconfirmed)
            log.warning("refund_not_synced", row=row_id, error_type=type(error).__name__)
        except Exception:
            log.exception("refund_not_synced", row=row_id)


def _is_due(request: PayplugRefund, now: datetime) -> bool:
    age = now - request.created_at
    if request.state is RefundState.PREPARED and age < IN_FLIGHT:
        return False
    interval = next((every for younger, every in INTERVALS if age < younger), INTERVALS[-1][1])
    return request.checked_at is None or request.checked_at <= now - interval


def _due_paid(now: datetime) -> list[int]:
    """Paid attempts that are to be read again, those that waited longest first."""
    older = timedelta(0)
    due = []
    for younger, every in REFUND_INTERVALS:
        of_age = PaymentAttempt.created_at.between(now - younger, now - older)
        due.append(
            and_(of_age, or_(PaymentAttempt.checked_at.is_(None), PaymentAttempt.checked_at <= now - every))
        )
        older = younger
    statement = select(PaymentAttempt.id).where(
        PaymentAttempt.state == AttemptState.PAID,
        PaymentAttempt.mode == PayplugMode.LIVE,
        PaymentAttempt.payment_id.is_not(None),
        or_(*due),
    )
    return list(db.session.scalars(statement.order_by(PaymentAttempt.checked_at).limit(MOST_PAID_AT_ONCE)))
