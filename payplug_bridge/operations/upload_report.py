"""A report that somebody uploads: its file is kept, what it would bring is shown, and nothing is booked until asked."""

from __future__ import annotations

from sqlalchemy import select

from core.clock import utc_now
from core.database import commit_once, db, lock
from core.errors import ConflictError, NotFoundError
from core.event_log import record_event
from core.files import put_bytes, register_file
from payplug_bridge.operations.models import PayplugReport, ReportOrigin, ReportState
from payplug_bridge.operations.report_reader import read_report
from payplug_bridge.operations.request_reports import MEDIA_TYPES


def upload_report(content: bytes, file_name: str, *, actor_id: int | None) -> int:
    """Keep a file that is an accounting report; opens its own transaction. The same file again is the same report.

    Returns:
        The id of the report, to be looked at before `import_report`.

    Raises:
        ReportRefused: it is no accounting report; nothing is kept.
    """
    read_report(content)
    digest = put_bytes(content)
    media_type = MEDIA_TYPES.get(content[:2], "text/csv")
    return commit_once(lambda: _note(digest, len(content), media_type, file_name, actor_id))


def _note(digest: str, size: int, media_type: str, file_name: str, actor_id: int | None) -> int:
    key = f"upload/{digest}"
    report = lock(select(PayplugReport).where(PayplugReport.request_key == key))
    if report is not None:
        if report.state is ReportState.DISCARDED:
            report.state = ReportState.STORED
        return report.id
    report = PayplugReport(
        origin=ReportOrigin.UPLOAD,
        request_key=key,
        state=ReportState.STORED,
        file_id=register_file(digest, size, media_type).id,
        file_name=file_name[:255],
        due_at=utc_now(),
        requested_by_id=actor_id,
    )
    db.session.add(report)
    db.session.flush()
    record_event("payplug.report_uploaded", actor_id=actor_id, subject=("payplug_report", report.id))
    return report.id


def discard_report(report_id: int, *, actor_id: int) -> None:
    """Put an uploaded report aside unread, in the open transaction; uploaded again it is back.

    Raises:
        NotFoundError: the company has no such report.
        ConflictError: its rows are in already.
    """
    report = lock(select(PayplugReport).where(PayplugReport.id == report_id))
    if report is None:
        raise NotFoundError
    if report.state is ReportState.DISCARDED:
        return
    if report.state is not ReportState.STORED:
        raise ConflictError
    report.state = ReportState.DISCARDED
    record_event("payplug.report_discarded", actor_id=actor_id, subject=("payplug_report", report.id))
