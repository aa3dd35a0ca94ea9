"""What PayPlug took and sent in the demo: its fees each month, one payout, and the report that tells both."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select

from core.clock import PARIS, paris_today
from core.database import db, transaction
from invoicing.payments import Payment, PaymentMethod
from payplug_bridge.operations.models import PayplugReport, ReportState
from payplug_bridge.operations.request_reports import want_report, work_report
from payplug_bridge.simulator.control_client import SimulatorControl, SimulatorRefused

KEY = "demo-wallet"
PAYOUT_DAYS = 6
TRIES = 5


def furnish_wallet(simulator: SimulatorControl) -> None:
    """Let PayPlug take its fees and pay out what there was a week ago, and read the report of it all."""
    first = db.session.scalar(select(func.min(Payment.paid_on)).where(Payment.method == PaymentMethod.CARD))
    db.session.rollback()
    if first is None:
        return
    for month in _months(first):
        try:
            simulator.invoice_fees(f"{month:%Y-%m}")
        except SimulatorRefused:
            continue  # nobody paid by card in that month
    _pay_out(simulator)
    _read_report(first)


def _months(first: date) -> list[date]:
    """The first day of each complete month since then."""
    found, month = [], first.replace(day=1)
    while (following := (month + timedelta(days=32)).replace(day=1)) <= paris_today():
        found.append(month)
        month = following
    return found


def _pay_out(simulator: SimulatorControl) -> None:
    half = simulator.balance() // 2
    if half > 0:
        noon = datetime.combine(paris_today() - timedelta(days=PAYOUT_DAYS), time(12, 0), PARIS)
        simulator.pay_out(half, at=int(noon.astimezone(UTC).timestamp()))


def _read_report(first: date) -> None:
    with transaction():
        want_report(first, paris_today(), key=KEY)
    wanted = select(PayplugReport.id, PayplugReport.state).where(PayplugReport.request_key == KEY)
    for _ in range(TRIES):
        report_id, state = db.session.execute(wanted).one()
        db.session.rollback()
        if state not in (ReportState.WANTED, ReportState.MAKING):
            break
        work_report(report_id)
