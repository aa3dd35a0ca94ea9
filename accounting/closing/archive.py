"""The fiscal archive of a closed year: one ZIP that the tax office reads and verifies without Solde.

Made by a long task, as often as somebody asks: what it holds of the year is the same each time, the chain of seals
goes on. Basis: CGI art. 286 I 3 bis, BOI-TVA-DECLA-30-10-30 §220-250 (web): frozen, dated, readable with its notice,
secured by hashes; making and fetching it are logged.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from flask_babel import force_locale
from sqlalchemy import select

from accounting.closing import offline_verifier
from accounting.closing.archive_notice import NoticeFacts, archive_notice
from accounting.closing.archive_tables import archive_tables, write_table
from accounting.closing.checks import YearDays
from accounting.closing.log import ARCHIVE_FETCHED, ARCHIVE_MADE, ChainHead, chain_head
from accounting.errors import AccountingError, YearNotFound
from accounting.fec.notice import notice_file_name
from accounting.fec.produce import notice_of, produce_fec
from accounting.models import FiscalYear
from accounting.packages.package_parts import PackagePart, PackagePeriod
from accounting.packages.write_package import PackageWriter
from core.clock import paris_today, utc_now
from core.database import db
from core.event_log import record_event
from core.files import StoredFile
from core.long_tasks import LongTask, MadeFile, TaskRun
from core.models import Company
from core.product import NAME, version
from core.progress import Progress
from core.seal import SealChain, SealLink, seal_key
from core.tenancy import current_company_id

KIND = "archive"
MEDIA_TYPE = "application/zip"
_LINKS = "scellement/maillons.jsonl"
_BATCH = 500


def add_archive_part(app: Flask, part: PackagePart) -> None:
    """Add files to archives (documents); called by the `wiring.py` of the package that has them."""
    app.extensions.setdefault("solde_archive_parts", []).append(part)


def _parts() -> list[PackagePart]:
    added: list[PackagePart] = current_app.extensions.get("solde_archive_parts", [])
    return sorted(added, key=lambda part: (part.order, part.name))


@dataclass
class _Steps:
    """Counts what is done, for the bar."""

    progress: Progress
    total: int
    done: int = 0

    def step(self) -> None:
        self.done = min(self.done + 1, self.total)
        self.progress(self.done, self.total)


def make_archive(run: TaskRun) -> MadeFile:
    """Write the archive of the year `run.asked["year_id"]`. The work of the long task.

    Raises:
        YearNotFound: the company has no such year.
        AccountingError: the year is open, or its FEC does not pass the strict check.
    """
    year = _closed_year(int(run.asked["year_id"]))
    name = f"archive-{_company().siren}-{year.ends_on:%Y%m%d}.zip"
    path = run.folder / name
    write_archive(year, path, run.progress)
    return MadeFile(path, name, MEDIA_TYPE, note_archive)


def write_archive(year: YearDays, path: Path, progress: Progress) -> None:
    """Write the ZIP at `path`; other files are put beside it while it is made. Outside any transaction."""
    period = PackagePeriod(year.starts_on, year.ends_on, path.parent)
    tables, parts = archive_tables(), _parts()
    steps = _Steps(progress, len(tables) + 4 + sum(part.count(period) for part in parts))
    progress(0, steps.total)
    head = chain_head()
    assert head is not None, "a closed year has a link at least"
    writer = PackageWriter(path, year.ends_on)
    fec = _add_fec(writer, year, path.parent)
    steps.step()
    counts = {}
    for table in tables:
        rows = path.parent / "table.csv"
        counts[table.path] = write_table(table, year, rows)
        writer.add(table.path, rows)
        steps.step()
    for part in parts:
        for inside, content in part.files(period):
            writer.add(inside, content)
            steps.step()
    links = path.parent / "links.jsonl"
    _write_links(links, head)
    writer.add(_LINKS, links)
    steps.step()
    _add_words(writer, year, fec, head, counts)
    _sign(writer)
    writer.close()
    steps.step()


def _closed_year(year_id: int) -> YearDays:
    year = db.session.get(FiscalYear, year_id)
    if year is None:
        raise YearNotFound
    if year.closed_at is None:
        raise AccountingError.year_is_open()
    return YearDays(year.id, year.starts_on, year.ends_on)


def _add_fec(writer: PackageWriter, year: YearDays, folder: Path) -> str:
    """The FEC and its notice; returns the path of the file in the archive."""
    row = db.session.get_one(FiscalYear, year.id)
    produced = produce_fec(row, folder / "fec")
    if produced.summary.line_count and not produced.is_right:
        raise AccountingError.faulty_fec()
    inside = f"fec/{produced.file_name}"
    writer.add(inside, produced.path)
    row = db.session.get_one(FiscalYear, year.id)
    notice = f"fec/{notice_file_name(_company().siren, year.ends_on)}"
    writer.add(notice, notice_of(row).encode())
    return inside


def _write_links(path: Path, head: ChainHead) -> None:
    """Every link of the company's chain up to the head, from the first: the chain is verified by itself."""
    chain_id = db.session.scalars(
        select(SealChain.id).where(SealChain.company_id == current_company_id())
    ).one()
    links = select(SealLink).where(SealLink.chain_id == chain_id, SealLink.sequence <= head.sequence)
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for link in db.session.scalars(links.order_by(SealLink.sequence).execution_options(yield_per=_BATCH)):
            out.write(json.dumps(_said_by(link), ensure_ascii=False) + "\n")
            db.session.expunge(link)


def _said_by(link: SealLink) -> dict[str, Any]:
    return {
        "sequence": link.sequence,
        "kind": link.kind,
        "version": link.version,
        "subject_id": link.subject_id,
        "sealed_at": link.sealed_at.isoformat(),
        "payload": link.payload,
        "previous_hash": link.previous_hash,
        "hash": link.hash,
        "hmac": link.hmac,
    }


def _add_words(
    writer: PackageWriter, year: YearDays, fec: str, head: ChainHead, counts: Mapping[str, int]
) -> None:
    """What the archive is, for programs and for people, and the program that verifies it."""
    company = _company()
    about = {
        "company": company.name,
        "siren": company.siren,
        "starts_on": year.starts_on.isoformat(),
        "ends_on": year.ends_on.isoformat(),
        "software": NAME,
        "version": version(),
        "made_at": utc_now().isoformat(),
        "chain": {"sequence": head.sequence, "hash": head.hash},
        "fec": fec,
        "rows": dict(counts),
    }
    writer.add("archive.json", json.dumps(about, ensure_ascii=False, indent=1).encode())
    writer.add("verifier.py", Path(offline_verifier.__file__).read_bytes())
    # The reader is the French tax office, whoever asked for the archive.
    with force_locale("fr"):
        tables = [(table.path, str(table.label), counts[table.path]) for table in archive_tables()]
        parts = [str(part.label) for part in _parts()]
    facts = NoticeFacts(
        company.name, company.siren, year.starts_on, year.ends_on, paris_today(), head.sequence, head.hash, fec,
        tables, parts, f"{NAME} {version()}",
    )  # fmt: skip
    writer.add("LISEZMOI.txt", archive_notice(facts).encode())


def _sign(writer: PackageWriter) -> None:
    """An HMAC over the manifest as it will be: with the key, nothing can be changed and counted anew."""
    lines = sorted((file.path, file.sha256) for file in writer.files)
    text = "".join(f"{digest}  {path}\n" for path, digest in lines)
    signature = hmac.digest(seal_key().encode(), text.encode(), "sha256").hex()
    writer.add("SIGNATURE.hmac", f"{signature}\n".encode())


def note_archive(task: LongTask) -> None:
    """Seal that the archive was made, with the hash of its file; in the transaction that finishes its task."""
    _note(ARCHIVE_MADE, task, task.created_by_id)


def note_fetching(task: LongTask, actor_id: int) -> None:
    """Seal that the archive was given out, before it is."""
    _note(ARCHIVE_FETCHED, task, actor_id)


def _note(kind: str, task: LongTask, actor_id: int | None) -> None:
    stored = db.session.get_one(StoredFile, task.file_id)
    record_event(
        kind, actor_id=actor_id, subject=("fiscal_year", int(task.asked["year_id"])), file=task.file_name,
        sha256=stored.sha256, size_bytes=stored.size_bytes,
    )  # fmt: skip


def archives_of(year_id: int) -> Iterator[LongTask]:
    """The tasks that make or made archives of that year, the latest first."""
    asked = select(LongTask).where(LongTask.kind == KIND).order_by(LongTask.id.desc())
    return (task for task in db.session.scalars(asked) if task.asked.get("year_id") == year_id)


def _company() -> Company:
    return db.session.get_one(Company, current_company_id())
