"""How a test of the notification address stands, honestly: what was done at PayPlug, what arrived here, and when.

Read by the test's page; `ask_for_answer` adds what PayPlug says our address answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select

from core.clock import utc_now
from core.database import db, lock, transaction
from core.errors import NotFoundError
from payplug_bridge.account_models import PayplugSelfTest, SelfTestState
from payplug_bridge.keys import client_for
from payplug_bridge.models import PayplugNotification

WAIT: Final = timedelta(seconds=60)
"""How long a notification is waited for. PayPlug documents no delay (assumed: seconds)."""
CUT_SHORT: Final = timedelta(minutes=2)


class Verdict(StrEnum):
    """What the test says."""

    RUNNING = "running"
    HEARD = "heard"
    SILENT = "silent"
    FAILED = "failed"
    CUT_SHORT = "cut_short"


@dataclass(frozen=True)
class SelfTestView:
    """A test, its verdict, and when the notification came (None: not yet)."""

    test: PayplugSelfTest
    verdict: Verdict
    heard_at: datetime | None

    @property
    def seconds(self) -> int | None:
        """How long the notification took, from the abort; None while there is none."""
        since = self.test.aborted_at or self.test.started_at
        return None if self.heard_at is None else max(0, round((self.heard_at - since).total_seconds()))

    @property
    def is_over(self) -> bool:
        """True when nothing more is waited for."""
        return self.verdict is not Verdict.RUNNING

    @property
    def poll_state(self) -> str:
        """Changes whenever the page would look different."""
        return f"{self.test.state.value}:{self.verdict.value}"


def self_test_view(test_id: int) -> SelfTestView:
    """The test as it stands now.

    Raises:
        NotFoundError: the company entered has no such test.
    """
    test = db.session.get(PayplugSelfTest, test_id)
    if test is None:
        raise NotFoundError
    return _view(test)


def latest_self_test() -> SelfTestView | None:
    """The last test of the company entered."""
    newest = select(PayplugSelfTest).order_by(PayplugSelfTest.id.desc()).limit(1)
    test = db.session.scalars(newest).one_or_none()
    return None if test is None else _view(test)


def ask_for_answer(test_id: int) -> None:
    """Read at PayPlug which status our address answered, and keep it; outside any transaction.

    Raises:
        CardNotPossible, SimulatorNotAllowed, PayplugRefused, PayplugUnconfirmed.
    """
    test = db.session.get_one(PayplugSelfTest, test_id)
    if test.payplug_id is None or test.answer_code is not None:
        return
    client, payment_id = client_for(test.mode), test.payplug_id
    db.session.rollback()
    code = client.retrieve_payment(payment_id).notification_code
    if code is None:
        return
    with transaction():
        row = lock(select(PayplugSelfTest).where(PayplugSelfTest.id == test_id))
        assert row is not None
        row.answer_code = code
        db.session.flush()


def _view(test: PayplugSelfTest) -> SelfTestView:
    heard_at = None
    if test.payplug_id is not None:
        heard_at = db.session.scalar(
            select(func.min(PayplugNotification.received_at)).where(
                PayplugNotification.resource_id == test.payplug_id
            )
        )
    return SelfTestView(test, _verdict(test, heard_at, utc_now()), heard_at)


def _verdict(test: PayplugSelfTest, heard_at: datetime | None, now: datetime) -> Verdict:
    if test.state is SelfTestState.FAILED:
        return Verdict.FAILED
    if heard_at is not None:
        return Verdict.HEARD
    if test.aborted_at is not None:
        return Verdict.RUNNING if now < test.aborted_at + WAIT else Verdict.SILENT
    return Verdict.RUNNING if now < test.started_at + CUT_SHORT else Verdict.CUT_SHORT
