"""Take the rows of a report into our tables, each operation once whatever reports tell it; booking follows.

Called with a stored file, outside any transaction: the file is read first, then everything is written at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import insert, select

from core.clock import utc_now
from core.database import commit_once, db, lock
from core.errors import ConflictError, NotFoundError
from core.event_log import record_event
from core.files import StoredFile, read_bytes
from core.tenancy import current_company_id
from payplug_bridge.operations.book_operations import book_operations
from payplug_bridge.operations.models import PayplugOperation, PayplugReport, ReportState
from payplug_bridge.operations.operation_keys import with_keys
from payplug_bridge.operations.report_reader import ReportContent, ReportRow, read_report

_CHUNK = 400


@dataclass(frozen=True)
class Preview:
    """What reading a file would bring: its rows by key, those that are new, and what could not be read."""

    keyed: tuple[tuple[str, ReportRow], ...]
    new_keys: frozenset[str]
    content: ReportContent


def preview(content: ReportContent) -> Preview:
    """Compare the rows of a file with what is known already; writes nothing."""
    keyed = with_keys(content.rows)
    known = _known_keys([key for key, _row in keyed])
    return Preview(tuple(keyed), frozenset(key for key, _row in keyed) - known, content)


def import_report(report_id: int, *, actor_id: int | None = None) -> PayplugReport:
    """Read the stored file of a report and book what is new; opens its own transaction. Done twice, nothing is new.

    Raises:
        NotFoundError: the company has no such report.
        ReportRefused: the file is no accounting report.
        ConflictError: it was discarded meanwhile.
    """
    content = read_report(read_bytes(_digest_of(report_id)))
    db.session.rollback()
    return commit_once(lambda: _take(report_id, content, actor_id))


def _take(report_id: int, content: ReportContent, actor_id: int | None) -> PayplugReport:
    report = lock(select(PayplugReport).where(PayplugReport.id == report_id))
    if report is None:
        raise NotFoundError
    if report.state is ReportState.READ:
        return report
    if report.state is ReportState.DISCARDED:
        raise ConflictError
    found = preview(content)
    new = [(key, row) for key, row in found.keyed if key in found.new_keys]
    if new:
        db.session.execute(insert(PayplugOperation), [_values(report.id, key, row) for key, row in new])
    report.state, report.read_at, report.reason = ReportState.READ, utc_now(), ""
    report.new_rows, report.known_rows = len(new), len(found.keyed) - len(new)
    report.problems = json.dumps([[problem.line, problem.word] for problem in content.problems])
    db.session.flush()
    record_event(
        "payplug.report_read", actor_id=actor_id, subject=("payplug_report", report.id),
        new=report.new_rows, known=report.known_rows, unreadable=len(content.problems),
    )  # fmt: skip
    book_operations()
    return report


def _digest_of(report_id: int) -> str:
    digest = db.session.scalars(
        select(StoredFile.sha256)
        .join(PayplugReport, PayplugReport.file_id == StoredFile.id)
        .where(PayplugReport.id == report_id)
    ).one_or_none()
    if digest is None:
        raise NotFoundError
    return digest


def _known_keys(keys: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for chunk in _chunks(keys):
        known.update(db.session.scalars(select(PayplugOperation.key).where(PayplugOperation.key.in_(chunk))))
    return known


def _chunks(keys: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _values(report_id: int, key: str, row: ReportRow) -> dict[str, object]:
    return {
        "company_id": current_company_id(),
        "report_id": report_id,
        "line": row.line,
        "key": key,
        "kind": row.kind,
        "type_text": row.type_text,
        "happened_at": row.happened_at,
        "amount_cents": row.amount_cents,
        "payplug_id": row.payplug_id,
        "related_id": row.related_id,
        "reference": row.reference,
        "description": row.description,
        "fee_cents": row.fee_cents,
        "balance_cents": row.balance_cents,
        "raw": json.dumps(row.raw, ensure_ascii=False),
    }
