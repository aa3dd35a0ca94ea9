"""Produce a company's FEC as a file, and hold it to our own strict check before anybody gets it.

Called by the accountant's page and by `solde fec export`, outside any transaction.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from accounting.fec.check import check_fec
from accounting.fec.export import write_company_fec
from accounting.fec.findings import FecReport, Verdict
from accounting.fec.format import FecSummary, fec_file_name
from accounting.fec.notice import NoticeFacts, fec_notice
from accounting.models import FiscalYear, Journal
from core.database import db
from core.event_log import record_event
from core.models import Company
from core.progress import Progress, counted, silent, stretch
from core.tenancy import current_company_id

_HALF = 1000


@dataclass(frozen=True)
class ProducedFec:
    """A FEC that was written and checked. It may be given away only when `is_right`."""

    year_id: int
    path: Path
    file_name: str
    summary: FecSummary
    report: FecReport
    sha256: str

    @property
    def is_right(self) -> bool:
        """True when the check found no error."""
        return self.report.verdict is Verdict.RIGHT


def produce_fec(year: FiscalYear, path: Path, progress: Progress = silent) -> ProducedFec:
    """Write the FEC of that year of the company entered to `path` and check it as if it had its final name.

    Half of the way is the writing, told by the entry; the other half the check, told by the byte.
    """
    year_id, starts_on, ends_on = year.id, year.starts_on, year.ends_on
    file_name = fec_file_name(_company().siren, ends_on)
    with path.open("wb") as out:
        summary = write_company_fec(year, out, _half(progress, 0))
    with path.open("rb") as stream:
        read = counted(stream, summary.byte_count, _half(progress, 1))
        report = check_fec(read, file_name, year_start=starts_on)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return ProducedFec(year_id, path, file_name, summary, report, sha256)


def _half(progress: Progress, which: int) -> Progress:
    return silent if progress is silent else stretch(progress, which * _HALF, (which + 1) * _HALF, 2 * _HALF)


def notice_of(year: FiscalYear) -> str:
    """The notice to go with that year's FEC (A47 A-1 XI), with CR LF line ends."""
    company = _company()
    journals = db.session.execute(select(Journal.code, Journal.label).order_by(Journal.code))
    return fec_notice(
        NoticeFacts(
            company_name=company.name,
            siren=company.siren,
            year_start=year.starts_on,
            closing_date=year.ends_on,
            journals=[(code, label) for code, label in journals],
        )
    )


def log_export(produced: ProducedFec, actor_id: int | None = None) -> None:
    """Write into the sealed event log that this file was given away. Inside the caller's transaction."""
    record_event(
        "fec.exported",
        actor_id=actor_id,
        subject=("fiscal_year", produced.year_id),
        file=produced.file_name,
        sha256=produced.sha256,
        lines=produced.summary.line_count,
        debit_cents=produced.summary.debit_cents,
    )


def _company() -> Company:
    return db.session.get_one(Company, current_company_id())
