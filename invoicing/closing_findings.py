"""What invoicing looks at before a year is closed: drafts that belong to it, documents without their file."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import and_, func, or_, select

from accounting.closing.archive_rows import since_until
from accounting.closing.checks import ClosingCheck, Finding, Weight, YearDays
from core.database import db
from core.web.addresses import path_to
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document, DocumentFile


def _drafts(year: YearDays) -> Iterator[Finding]:
    """Drafts dated in the year, or written in it without a date: what was sold in it should be invoiced in it."""
    written_in_year = since_until(Document.created_at, year)
    in_year = or_(
        Document.issue_date.between(year.starts_on, year.ends_on),
        and_(Document.issue_date.is_(None), written_in_year),
    )
    count = _count(Document.state == DocumentState.DRAFT, Document.kind == DocumentKind.INVOICE, in_year)
    if count:
        text = ngettext(
            "%(num)d draft invoice of this year: after the closing it is issued with a date of the next one.",
            "%(num)d draft invoices of this year: after the closing they are issued with a date of the next one.",
            count,
        )
        yield Finding(Weight.WARNING, text, path_to("invoices.index", state="draft"))


def _files(year: YearDays) -> Iterator[Finding]:
    count = _count(
        Document.state == DocumentState.ISSUED,
        Document.kind.in_((DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)),
        Document.issue_date.between(year.starts_on, year.ends_on),
        ~select(DocumentFile.id).where(DocumentFile.document_id == Document.id).exists(),
    )
    if count:
        text = ngettext(
            "%(num)d document of this year has no PDF yet: it is drawn in the background.",
            "%(num)d documents of this year have no PDF yet: they are drawn in the background.",
            count,
        )
        yield Finding(Weight.WARNING, text, path_to("invoices.index"))


def _count(*conditions: object) -> int:
    return db.session.scalar(select(func.count(Document.id)).where(*conditions)) or 0  # type: ignore[arg-type]


CHECKS = (
    ClosingCheck("drafts", _l("Drafts of the year"), _drafts, 20),
    ClosingCheck("files", _l("Every document has its PDF"), _files, 25),
)
