"""What of invoicing belongs to the archive of a year: documents and their files, payments, what they settled."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, select

from accounting.archive_tables import ArchiveTable
from accounting.closing_checks import YearDays
from accounting.package_parts import PackagedFile, PackagePart, PackagePeriod
from accounting.write_package import file_name_of
from core.database import db
from core.files import StoredFile, read_bytes
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import (
    Customer,
    Document,
    DocumentFile,
    DocumentLine,
    DocumentVat,
    DocumentXml,
    OpeningItem,
    Takeover,
)
from invoicing.payments import Payment, PaymentReversal, Settlement
from invoicing.receivables import DoubtfulDebt, KeptSurplus, KeptSurplusVat, WriteOff, WriteOffVat
from invoicing.refunds import DisputeWin, Refund

_KEYS = frozenset({"request_key", "version"})
_KINDS = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)


def _documents(year: YearDays | PackagePeriod) -> ColumnElement[bool]:
    is_issued = (Document.state == DocumentState.ISSUED) & Document.kind.in_(_KINDS)
    # What was taken over from other software is older than the books here: it belongs to the year it was opened in.
    opened = select(OpeningItem.document_id).where(OpeningItem.takeover_id.in_(_takeovers(year)))
    dated = Document.issue_date.between(year.starts_on, year.ends_on)
    return is_issued & (dated | Document.id.in_(opened))


def _takeovers(year: YearDays | PackagePeriod) -> Select[int]:
    return select(Takeover.id).where(Takeover.opens_on.between(year.starts_on, year.ends_on))


def _ids(year: YearDays) -> Select[int]:
    return select(Document.id).where(_documents(year))


TABLES = (
    ArchiveTable(Customer, _l("customers"), lambda _year: None, 20, _KEYS),
    ArchiveTable(Document, _l("invoices and credit notes"), _documents, 21, _KEYS),
    ArchiveTable(
        DocumentLine, _l("lines of documents"), lambda year: DocumentLine.document_id.in_(_ids(year)), 22
    ),
    ArchiveTable(
        DocumentVat, _l("VAT of documents by rate"), lambda year: DocumentVat.document_id.in_(_ids(year)), 23
    ),
    ArchiveTable(
        DocumentFile, _l("files of documents"), lambda year: DocumentFile.document_id.in_(_ids(year)), 24
    ),
    ArchiveTable(
        DocumentXml, _l("e-invoices"), lambda year: DocumentXml.document_id.in_(_ids(year)), 25,
        frozenset({"content"}),
    ),
    ArchiveTable(
        Payment, _l("payments"), lambda year: Payment.paid_on.between(year.starts_on, year.ends_on), 30, _KEYS
    ),
    ArchiveTable(
        PaymentReversal, _l("payments taken back"),
        lambda year: PaymentReversal.reversed_on.between(year.starts_on, year.ends_on), 31,
    ),
    ArchiveTable(
        Settlement, _l("what was settled by what"),
        lambda year: Settlement.settled_on.between(year.starts_on, year.ends_on), 32,
    ),
    ArchiveTable(
        Refund, _l("refunds and disputes"),
        lambda year: Refund.refunded_on.between(year.starts_on, year.ends_on), 33, _KEYS,
    ),
    ArchiveTable(
        WriteOff, _l("discounts, differences and losses"),
        lambda year: WriteOff.written_on.between(year.starts_on, year.ends_on), 35, _KEYS,
    ),
    ArchiveTable(
        WriteOffVat, _l("VAT of what was given up"),
        lambda year: WriteOffVat.write_off_id.in_(
            select(WriteOff.id).where(WriteOff.written_on.between(year.starts_on, year.ends_on))
        ),
        36,
    ),
    ArchiveTable(
        DoubtfulDebt, _l("doubtful invoices"),
        lambda year: DoubtfulDebt.decided_on.between(year.starts_on, year.ends_on), 37, _KEYS,
    ),
    ArchiveTable(
        KeptSurplus, _l("money kept beyond what was owed"),
        lambda year: KeptSurplus.kept_on.between(year.starts_on, year.ends_on), 38, _KEYS,
    ),
    ArchiveTable(
        KeptSurplusVat, _l("VAT of what was paid of losses"),
        lambda year: KeptSurplusVat.kept_id.in_(
            select(KeptSurplus.id).where(KeptSurplus.kept_on.between(year.starts_on, year.ends_on))
        ),
        39,
    ),
    ArchiveTable(
        Takeover, _l("books taken over from other software"), lambda year: Takeover.id.in_(_takeovers(year)), 40
    ),
    ArchiveTable(
        OpeningItem, _l("invoices that were open in them"),
        lambda year: OpeningItem.takeover_id.in_(_takeovers(year)), 41,
    ),
    ArchiveTable(
        DisputeWin, _l("disputes won"), lambda year: DisputeWin.won_on.between(year.starts_on, year.ends_on), 34
    ),
)  # fmt: skip


def _files(period: PackagePeriod) -> Iterator[PackagedFile]:
    """Each document's PDF as it was drawn and sealed, and its e-invoice."""
    pdfs = (
        select(Document.id, StoredFile.sha256)
        .join(DocumentFile, DocumentFile.document_id == Document.id)
        .join(StoredFile, StoredFile.id == DocumentFile.stored_file_id)
        .where(_documents(period))
        .order_by(Document.id)
    )
    names = _names(period)
    for document_id, digest in db.session.execute(pdfs).all():
        yield f"documents/{names[document_id]}.pdf", read_bytes(digest)
    xmls = select(Document.id).join(DocumentXml, DocumentXml.document_id == Document.id)
    for document_id in db.session.scalars(xmls.where(_documents(period)).order_by(Document.id)).all():
        content = db.session.scalars(
            select(DocumentXml.content).where(DocumentXml.document_id == document_id)
        ).one()
        yield f"documents/{names[document_id]}.xml", content.encode()


def _names(period: PackagePeriod) -> dict[int, str]:
    """What the files of each document are called. A/1, A-1 and a-1 are three numbers and would be one file."""
    numbers = select(Document.id, Document.number).where(_documents(period)).order_by(Document.id)
    names: dict[int, str] = {}
    taken: set[str] = set()
    for document_id, number in db.session.execute(numbers):
        name = file_name_of(number or "")
        names[document_id] = f"{name}_{document_id}" if name.lower() in taken else name
        taken.add(name.lower())
    return names


def _count(period: PackagePeriod) -> int:
    return 2 * (db.session.scalar(select(func.count(Document.id)).where(_documents(period))) or 0)


DOCUMENTS = PackagePart(
    "documents", _l("documents/: the PDF and the e-invoice (XML) of each document"), _files, _count
)
