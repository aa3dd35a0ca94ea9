"""Ask PayPlug for accounting reports and fetch them: by themselves once a month, or when a member wants one.

PayPlug makes a report in its own time: it is asked again at growing intervals, and at once when a notification says
something about it. The file lives 24 hours there; when it was missed, another report of the same days is asked for.
Nothing is asked inside a transaction: what we are about to do is committed first, under a lease.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, exists, func, select

from core.clock import paris_date, paris_today, utc_now
from core.database import commit_once, db, lock, transaction
from core.files import put_bytes, register_file
from core.insert_missing import insert_missing
from core.jobs import sweep, wake
from core.tenancy import current_company_id, in_company, unscoped
from payplug_bridge.client import PayplugClient
from payplug_bridge.errors import (
    CardNotPossible,
    PayplugError,
    PayplugKeyRefused,
    PayplugRefused,
    PayplugUnconfirmed,
    SimulatorNotAllowed,
    cause_of,
)
from payplug_bridge.keys import client_for, notification_url, stored_modes
from payplug_bridge.models import PayplugAccount, PayplugEndpoint, PayplugMode
from payplug_bridge.operations.book_disputes import book_disputes
from payplug_bridge.operations.book_operations import book_operations, has_bookable
from payplug_bridge.operations.import_report import import_report
from payplug_bridge.operations.models import PayplugReport, ReportOrigin, ReportState
from payplug_bridge.operations.report_cells import ReportRefused
from payplug_bridge.report_snapshot import ReportSnapshot

log = structlog.get_logger(__name__)

REPORT_DAY: Final = 2
"""The day of a month on which the report of the month before is asked for: PayPlug's invoice is of the 1st."""
LEASE: Final = timedelta(minutes=5)
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=6)
MOST_TRIES: Final = 40
MOST_DOUBLINGS: Final = 10
OPEN: Final = (ReportState.WANTED, ReportState.MAKING)
MEDIA_TYPES: Final = {b"PK": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@sweep("payplug_reports")
def work_reports() -> None:
    """Want the report of last month, go on with those that are due, book what became bookable meanwhile."""
    for company_id in _company_ids():
        with in_company(company_id):
            _want_last_month()
            for report_id in _due_ids():
                work_report(report_id)
            try:
                book_again()
            except Exception as error:
                # One company's books must not hold the others up; the next sweep comes back to them.
                log.exception("operations_not_booked", company=company_id, error_type=type(error).__name__)


def want_report(starts_on: date, ends_on: date, *, key: str = "", actor_id: int | None = None) -> None:
    """Want a report of these days (UTC, both included), in the open transaction; one of a key is wanted once."""
    insert_missing(
        PayplugReport,
        company_id=current_company_id(),
        origin=ReportOrigin.API,
        request_key=key or f"{starts_on}/{ends_on}/{utc_now():%Y%m%d%H%M}",
        starts_on=starts_on,
        ends_on=ends_on,
        state=ReportState.WANTED,
        file_name="",
        tries=0,
        due_at=utc_now(),
        reason="",
        new_rows=0,
        known_rows=0,
        problems="[]",
        requested_at=utc_now(),
        requested_by_id=actor_id,
    )
    wake("payplug_reports")


def note_news(payplug_id: str) -> bool:
    """A notification names this report: ask about it at once, in the open transaction; False when it is not ours."""
    report = lock(select(PayplugReport).where(PayplugReport.payplug_id == payplug_id))
    if report is None:
        return False
    if report.state is ReportState.MAKING:
        report.due_at = utc_now()
        wake("payplug_reports")
    return True


def work_report(report_id: int) -> None:
    """Take one report as far as it goes now."""
    claimed = _claim(report_id)
    if claimed is None:
        return
    try:
        _go_on(claimed)
    except (PayplugUnconfirmed, PayplugKeyRefused) as error:
        _postpone(report_id, cause_of(error))
    except PayplugRefused as error:
        _ask_anew(report_id, cause_of(error))
    except ReportRefused:
        _finish(report_id, "unreadable_file")
    except (CardNotPossible, SimulatorNotAllowed, PayplugError) as error:
        _postpone(report_id, type(error).__name__)
    except Exception as error:
        # A poisoned report: whatever it trips over, the others go on and this one stays visible.
        log.exception("report_failed", report=report_id, error_type=type(error).__name__)
        _postpone(report_id, type(error).__name__)


def _go_on(report: PayplugReport) -> None:
    """Ask for it, or about it; keep and read its file when it is there."""
    if report.file_id is not None:
        # A worker died between keeping the file and reading it.
        _read(report.id)
        return
    client, address = client_for(PayplugMode.LIVE), notification_url()
    db.session.rollback()
    snapshot = _snapshot(client, report, address)
    if snapshot.is_ready(utc_now()) and snapshot.url is not None:
        _store(report.id, client.download_report(snapshot.url))
        _read(report.id)
    elif snapshot.has_run_out(utc_now()):
        _ask_anew(report.id, "run_out")
    else:
        _postpone(report.id, "")


def book_again() -> None:
    """Book what could not be booked before: an operation that its own document explains by now, a dispute."""
    is_needed = has_bookable()
    db.session.rollback()
    if is_needed:
        with transaction():
            book_operations()
    book_disputes()


def last_month(today: date) -> tuple[date, date]:
    """First and last day of the month before."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _company_ids() -> list[int]:
    with unscoped():
        wanted = select(PayplugAccount.company_id).where(PayplugAccount.live_key.is_not(None))
        ids = list(db.session.scalars(wanted.order_by(PayplugAccount.company_id)))
    db.session.rollback()
    return ids


def _want_last_month() -> None:
    today = paris_today()
    starts_on, ends_on = last_month(today)
    if today.day < REPORT_DAY or PayplugMode.LIVE not in stored_modes():
        return
    key = f"month/{starts_on:%Y-%m}"
    known = db.session.scalar(select(exists().where(PayplugReport.request_key == key)))
    since = db.session.scalar(select(func.min(PayplugEndpoint.created_at)))
    db.session.rollback()
    # A month before the first key of the account was saved here is the owner's to ask for.
    if known or since is None or paris_date(since) > ends_on:
        return
    with transaction():
        want_report(starts_on, ends_on, key=key)


def _due_ids() -> list[int]:
    statement = select(PayplugReport.id).where(
        PayplugReport.state.in_(OPEN), PayplugReport.due_at <= utc_now()
    )
    ids = list(db.session.scalars(statement.order_by(PayplugReport.id)))
    db.session.rollback()
    return ids


def _claim(report_id: int) -> PayplugReport | None:
    """The report under a lease, as it stands; None when somebody else has it or it is done."""
    with transaction():
        report = _locked(report_id, PayplugReport.due_at <= utc_now())
        if report is None:
            return None
        report.due_at = utc_now() + LEASE
        db.session.flush()
        db.session.expunge(report)
        return report


def _snapshot(client: PayplugClient, report: PayplugReport, address: str) -> ReportSnapshot:
    """How the report stands; asked for first when PayPlug has not been, and its id kept before anything else."""
    if report.payplug_id is not None:
        return client.retrieve_report(report.payplug_id)
    assert report.starts_on is not None
    assert report.ends_on is not None
    snapshot = client.request_report(report.starts_on, report.ends_on, address)
    with transaction():
        kept = _locked(report.id)
        if kept is not None:
            kept.payplug_id, kept.state = snapshot.id, ReportState.MAKING
    return snapshot


def _read(report_id: int) -> None:
    import_report(report_id)
    book_disputes()


def _store(report_id: int, content: bytes) -> None:
    digest = put_bytes(content)
    media_type = MEDIA_TYPES.get(content[:2], "text/csv")
    commit_once(lambda: _note_file(report_id, digest, len(content), media_type))


def _note_file(report_id: int, digest: str, size: int, media_type: str) -> None:
    report = _locked(report_id)
    if report is not None and report.file_id is None:
        report.file_id = register_file(digest, size, media_type).id
        ending = "csv" if media_type == "text/csv" else "xlsx"
        report.file_name = f"payplug-{report.starts_on}-{report.ends_on}.{ending}"


def _postpone(report_id: int, reason: str) -> None:
    with transaction():
        report = _locked(report_id)
        if report is None:
            return
        report.due_at = utc_now() + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(report.tries, MOST_DOUBLINGS))
        report.tries, report.reason = report.tries + 1, reason
        if report.tries >= MOST_TRIES:
            report.state = ReportState.REFUSED


def _ask_anew(report_id: int, reason: str) -> None:
    """The file is gone or PayPlug no longer knows it: another report of the same days is asked for, later."""
    _postpone(report_id, reason)
    with transaction():
        report = _locked(report_id)
        if report is not None:
            report.payplug_id, report.state = None, ReportState.WANTED


def _finish(report_id: int, reason: str) -> None:
    with transaction():
        report = _locked(report_id)
        if report is not None:
            report.state, report.reason = ReportState.REFUSED, reason


def _locked(report_id: int, *conditions: ColumnElement[bool]) -> PayplugReport | None:
    return lock(
        select(PayplugReport).where(PayplugReport.id == report_id, PayplugReport.state.in_(OPEN), *conditions)
    )
