"""What invoicing puts into a package of a period: the PDFs of its documents, and the register of payments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select

from accounting.packages.month_parts import period_name
from accounting.packages.package_parts import PackagedFile, PackagePart, PackagePeriod
from accounting.packages.write_package import distinct_names
from core.database import db
from core.files import read_bytes
from core.spreadsheets import write_csv, write_xlsx
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Document
from invoicing.payment_register import register_totals
from invoicing.register_sheets import moves_sheet, totals_sheet
from invoicing.render_pdf import ensure_pdf

FOLDERS: Final = {DocumentKind.INVOICE: "factures", DocumentKind.CREDIT_NOTE: "avoirs"}


def _of_period(period: PackagePeriod) -> tuple[ColumnElement[bool], ...]:
    return (
        Document.state == DocumentState.ISSUED,
        Document.kind.in_(list(FOLDERS)),
        # What was taken over from other software has no rank in a series: it was issued there.
        Document.sequence.is_not(None),
        Document.issue_date.between(period.starts_on, period.ends_on),
    )


def document_files(period: PackagePeriod) -> Iterator[PackagedFile]:
    """The PDF of each invoice and credit note issued in the period, with its e-invoice inside; one at a time."""
    statement = select(Document.id, Document.kind, Document.number).where(*_of_period(period))
    documents = [
        (row[0], row[1], row[2]) for row in db.session.execute(statement.order_by(Document.kind, Document.id))
    ]
    db.session.rollback()
    names = distinct_names((document_id, number or "") for document_id, _kind, number in documents)
    for document_id, kind, _number in documents:
        digest = ensure_pdf(document_id).stored_file.sha256
        db.session.rollback()
        yield f"{FOLDERS[kind]}/{names[document_id]}.pdf", read_bytes(digest)


def count_documents(period: PackagePeriod) -> int:
    """How many PDFs there will be."""
    return db.session.scalar(select(func.count()).select_from(Document).where(*_of_period(period))) or 0


def payment_files(period: PackagePeriod) -> Iterator[PackagedFile]:
    """What came in and what went back, with totals by means and by VAT rate."""
    first, last = period.starts_on, period.ends_on
    path = period.folder / "payments"
    with path.open("wb") as out:
        write_csv(moves_sheet(first, last), out)
    yield f"reglements/reglements-{period_name(period)}.csv", path
    with path.open("wb") as out:
        write_xlsx([moves_sheet(first, last), totals_sheet(register_totals(first, last), first, last)], out)
    yield f"reglements/reglements-{period_name(period)}.xlsx", path
    db.session.rollback()


PARTS: Final = (
    PackagePart(
        "documents",
        _l("the PDFs of the invoices and credit notes issued"),
        document_files,
        count_documents,
        40,
    ),
    PackagePart("payments", _l("the payments, with their totals"), payment_files, lambda _period: 2, 50),
)
