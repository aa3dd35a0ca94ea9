"""What of invoicing belongs to the archive of a year: documents and their files, payments, what they settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from accounting.closing.archive_rows import booked_in_year, since_until, sources_after_year, sources_in_year
from accounting.closing.archive_tables import ArchiveTable, Condition
from accounting.closing.checks import YearDays
from accounting.packages.package_parts import PackagedFile, PackagePart, PackagePeriod
from accounting.packages.write_package import distinct_names
from core.database import db
from core.files import StoredFile, read_bytes
from invoicing.bank.models import ChequeDeposit, ChequeDepositItem
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import (
    Customer,
    DepositUse,
    Document,
    DocumentFile,
    DocumentLine,
    DocumentVat,
    DocumentXml,
    OpeningItem,
    Takeover,
    TakeoverUndo,
)
from invoicing.payments import Payment, PaymentReversal, Settlement
from invoicing.receivables import DoubtfulDebt, KeptSurplus, KeptSurplusVat, WriteOff, WriteOffVat
from invoicing.refunds import DisputeWin, InvoiceClaim, Refund, ReopenedInvoice

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


_PAYMENTS = booked_in_year(Payment.id, Payment.paid_on, "payment")
_REVERSALS = booked_in_year(PaymentReversal.id, PaymentReversal.reversed_on, "payment_reversal")
_REFUNDS = booked_in_year(Refund.id, Refund.refunded_on, "refund")
_WINS = booked_in_year(DisputeWin.id, DisputeWin.won_on, "dispute_win")
_WRITE_OFFS = booked_in_year(WriteOff.id, WriteOff.written_on, "write_off")
_KEPT = booked_in_year(KeptSurplus.id, KeptSurplus.kept_on, "kept_surplus")
_MONEY = (
    (Settlement.payment_id, "payment"),
    (Settlement.reversal_id, "payment_reversal"),
    (Settlement.refund_id, "refund"),
    (Settlement.write_off_id, "write_off"),
    (Settlement.kept_id, "kept_surplus"),
)


def _settlements(year: YearDays) -> ColumnElement[bool]:
    """By their day; those of money that was posted in a later year, because its own was closed, go with it."""

    def settles(sources: Callable[[YearDays, str], Select[int]]) -> ColumnElement[bool]:
        return or_(*(func.coalesce(column.in_(sources(year, kind)), false()) for column, kind in _MONEY))

    dated = Settlement.settled_on.between(year.starts_on, year.ends_on)
    came_late = (Settlement.settled_on < year.starts_on) & settles(sources_in_year)
    return (dated & ~settles(sources_after_year)) | came_late


def _of(
    condition: Condition, row_id: InstrumentedAttribute[int], column: InstrumentedAttribute[int]
) -> Condition:
    """Rows of the rows that a condition finds."""

    def of_year(year: YearDays) -> ColumnElement[bool]:
        found = condition(year)
        assert found is not None
        return column.in_(select(row_id).where(found))

    return of_year


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
    ArchiveTable(DepositUse, _l("deposits deducted"), lambda year: DepositUse.final_id.in_(_ids(year)), 26),
    ArchiveTable(Payment, _l("payments"), _PAYMENTS, 30, _KEYS),
    ArchiveTable(PaymentReversal, _l("payments taken back"), _REVERSALS, 31),
    ArchiveTable(Settlement, _l("what was settled by what"), _settlements, 32),
    ArchiveTable(Refund, _l("refunds and disputes"), _REFUNDS, 33, _KEYS),
    ArchiveTable(
        ReopenedInvoice, _l("invoices that refunds opened again"),
        _of(_REFUNDS, Refund.id, ReopenedInvoice.refund_id), 34,
    ),
    ArchiveTable(
        InvoiceClaim, _l("invoices claimed again"), lambda year: since_until(InvoiceClaim.claimed_at, year), 34
    ),
    ArchiveTable(DisputeWin, _l("disputes won"), _WINS, 34),
    ArchiveTable(WriteOff, _l("discounts, differences and losses"), _WRITE_OFFS, 35, _KEYS),
    ArchiveTable(
        WriteOffVat, _l("VAT of what was given up"), _of(_WRITE_OFFS, WriteOff.id, WriteOffVat.write_off_id), 36
    ),
    ArchiveTable(
        DoubtfulDebt, _l("doubtful invoices"),
        lambda year: DoubtfulDebt.decided_on.between(year.starts_on, year.ends_on), 37, _KEYS,
    ),
    ArchiveTable(KeptSurplus, _l("money kept beyond what was owed"), _KEPT, 38, _KEYS),
    ArchiveTable(
        KeptSurplusVat, _l("VAT of what was paid of losses"), _of(_KEPT, KeptSurplus.id, KeptSurplusVat.kept_id), 39
    ),
    ArchiveTable(
        Takeover, _l("books taken over from other software"), lambda year: Takeover.id.in_(_takeovers(year)), 40
    ),
    ArchiveTable(
        OpeningItem, _l("invoices that were open in them"),
        lambda year: OpeningItem.takeover_id.in_(_takeovers(year)), 41,
    ),
    ArchiveTable(
        TakeoverUndo, _l("take-overs undone"), lambda year: TakeoverUndo.takeover_id.in_(_takeovers(year)), 42
    ),
    ArchiveTable(
        ChequeDeposit, _l("slips of cheques"),
        lambda year: ChequeDeposit.deposited_on.between(year.starts_on, year.ends_on), 43, _KEYS,
    ),
    ArchiveTable(
        ChequeDepositItem, _l("cheques on slips"),
        lambda year: ChequeDepositItem.deposit_id.in_(
            select(ChequeDeposit.id).where(ChequeDeposit.deposited_on.between(year.starts_on, year.ends_on))
        ),
        44,
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
    numbers = select(Document.id, Document.number).where(_documents(period)).order_by(Document.id)
    return distinct_names((row[0], row[1] or "") for row in db.session.execute(numbers))


def _count(period: PackagePeriod) -> int:
    return 2 * (db.session.scalar(select(func.count(Document.id)).where(_documents(period))) or 0)


DOCUMENTS = PackagePart(
    "documents", _l("documents/: the PDF and the e-invoice (XML) of each document"), _files, _count
)
