"""What the page of one document shows: amounts, money, mails, entries, and what keeps a draft from being issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from accounting.reading.entries_of_sources import EntryView, entries_of_sources
from core.clock import paris_today
from core.database import db
from core.web.panels import marks_of
from invoicing.attachments import ShownFile, read_attachments, shown_files
from invoicing.balances import (
    DocumentBalance,
    balances_of,
    customer_credit_cents,
    live_doubt,
    uncovered_cents,
)
from invoicing.credit_left import credit_left
from invoicing.deposit_uses import finals_of, is_advance
from invoicing.deposits import open_deposits
from invoicing.document_view import DocumentView, view_of
from invoicing.einvoice import WhyRules
from invoicing.einvoice_words import rules_of
from invoicing.einvoice_xml import xml_of
from invoicing.errors import Problem
from invoicing.history import HistoryItem, history
from invoicing.issue_invoice import candidate_of, einvoice_of, problems_of_issue, versions_of
from invoicing.lifecycle import DocumentKind, DocumentState, InvoiceType
from invoicing.models import Document, PaymentCard
from invoicing.payments import Payment, Settlement
from invoicing.receivables import DoubtfulDebt, KeptSurplus, WriteOff, WriteOffKind
from invoicing.refunds import Refund, RefundKind
from invoicing.sending_status import SendingState, SendingStatus, sending_status
from invoicing.settings import invoicing_settings
from invoicing.sms_status import SmsStatus, sms_status
from invoicing.write_off_plan import discount_wanted_cents


@dataclass(frozen=True)
class PaymentRow:
    """A payment that settled something of the invoice. `settled_cents`: what it settles here, or did before money of it
    went back or all was taken back. `card` is what may be shown of the card that paid."""

    payment: Payment
    settled_cents: int
    card: PaymentCard | None

    @property
    def is_cancelled(self) -> bool:
        """True once it was taken back."""
        return self.payment.reversal is not None

    @property
    def may_be_refunded(self) -> bool:
        """True while something of it has not gone back."""
        gone = sum(refund.amount_cents for refund in self.payment.refunds if refund.win is None)
        return not self.is_cancelled and gone < self.payment.amount_cents


@dataclass(frozen=True)
class RefundRow:
    """A refund or dispute of a payment of the document; what it opened again here, what of a note it gave back here."""

    refund: Refund
    reopened_cents: int
    noted_cents: int

    @property
    def state(self) -> str:
        """`refunded`, `disputed` or `won`."""
        if self.refund.win is not None:
            return "won"
        return "disputed" if self.refund.kind is RefundKind.DISPUTE else "refunded"


@dataclass(frozen=True)
class UsedCredit:
    """A credit note that settled something of the invoice."""

    note: Document
    settled_cents: int
    settled_on: date


@dataclass(frozen=True)
class Proposal:
    """What the page proposes where a payment came in short: `kind` and the cents that would be given up."""

    kind: WriteOffKind
    cents: int


@dataclass(frozen=True)
class DocumentPage:
    """Everything about one document; what a draft has not is empty.

    `is_advance`: a deposit of which the books have its payments alone. `texts` are its SMS; `rules` is what decides the
    rules of its e-invoice, or would; None for one issued before there were any.
    """

    document: Document
    view: DocumentView
    balance: DocumentBalance | None
    payments: list[PaymentRow]
    refunds: list[RefundRow]
    credits: list[UsedCredit]
    write_offs: list[WriteOff]
    provision_cents: int
    proposal: Proposal | None
    credit_notes: list[Document]
    is_credited_in_full: bool
    sendings: list[SendingStatus]
    texts: list[SmsStatus]
    entries: list[EntryView]
    history: list[HistoryItem]
    usable_credit_cents: int
    attachments: list[ShownFile]
    rules: WhyRules | None
    deposits_to_deduct: list[Document]
    uncovered_cents: int = 0
    is_advance: bool = False

    @property
    def is_draft(self) -> bool:
        """True until it is issued."""
        return self.document.state is DocumentState.DRAFT

    @property
    def is_invoice(self) -> bool:
        """False for a credit note."""
        return self.document.kind is DocumentKind.INVOICE

    @property
    def may_take_money(self) -> bool:
        """True for an issued invoice with something open."""
        return self.is_invoice and self.balance is not None and self.balance.open_cents > 0

    @property
    def is_on_hold(self) -> bool:
        """True while its money went back and nobody has decided what becomes of it."""
        return self.balance is not None and self.balance.status.is_on_hold


def document_page(document: Document) -> DocumentPage:
    """Gather the page of a draft or an issued document of the company entered."""
    balance = balances_of([document.id]).get(document.id)
    is_issued_invoice = balance is not None and document.kind is DocumentKind.INVOICE
    left = credit_left(document) if is_issued_invoice else None
    owes = balance is not None and is_issued_invoice and balance.open_cents > 0
    is_unbooked = is_advance(document)
    return DocumentPage(
        document=document,
        view=view_of(document),
        balance=balance,
        payments=_payments(document.id),
        refunds=_refunds(document.id),
        credits=_credits(document.id),
        write_offs=_write_offs(document.id),
        provision_cents=_provision_cents(document.id) if is_issued_invoice else 0,
        proposal=_proposal(document, balance) if balance is not None and owes and not is_unbooked else None,
        credit_notes=list(left.notes) if left else [],
        is_credited_in_full=left is not None and left.is_nothing,
        sendings=sending_status(document.id),
        texts=sms_status(document.id),
        entries=entries_of_sources(_sources(document.id)) if balance is not None else [],
        history=history(document)[::-1],
        usable_credit_cents=customer_credit_cents(document.customer_id) if owes else 0,
        attachments=shown_files(read_attachments(document.attachments)),
        rules=rules_of(document) if balance is None or xml_of(document.id) else None,
        deposits_to_deduct=_deposits_to_deduct(document),
        uncovered_cents=uncovered_cents(document.id) if is_issued_invoice else 0,
        is_advance=is_unbooked,
    )


def problems_of_draft(document: Document) -> list[Problem]:
    """What keeps a draft from being issued today."""
    candidate = candidate_of(document, paris_today())
    return problems_of_issue(candidate, einvoice_of(candidate))


def shown_versions(document: Document) -> str:
    """What the page of a draft shows, for `issue_invoice` to issue that and nothing else; empty once it is issued."""
    return versions_of(candidate_of(document, paris_today())) if document.state is DocumentState.DRAFT else ""


def fingerprint(
    document_id: int,
    balance: DocumentBalance | None,
    sendings: list[SendingStatus],
    texts: list[SmsStatus],
) -> str:
    """A short text that changes when something a reader waits for has changed: money, mails, SMS, card payments."""
    if balance is None:
        return "draft"
    mails = ",".join([*(sending.state for sending in sendings), *(text.state for text in texts)])
    money = f"{balance.status}-{balance.open_cents}-{balance.paid_cents}-{balance.used_cents}"
    return f"{money}-{mails}-{marks_of('document', document_id)}"


def is_settled_down(
    balance: DocumentBalance | None, sendings: list[SendingStatus], texts: list[SmsStatus]
) -> bool:
    """True when nothing more is expected: all paid, no mail or SMS on its way."""
    states = {*(sending.state for sending in sendings), *(text.state for text in texts)}
    waiting = SendingState.QUEUED in states
    return balance is not None and balance.open_cents <= 0 and not waiting


def _deposits_to_deduct(document: Document) -> list[Document]:
    """The deposits that a draft invoice might deduct and does not."""
    is_plain = document.kind is DocumentKind.INVOICE and document.invoice_type is not InvoiceType.DEPOSIT
    if document.state is not DocumentState.DRAFT or not is_plain:
        return []
    deducted = {line.deposit_id for line in document.lines}
    wanted = open_deposits(document.customer_id, document.quote_id)
    return [deposit for deposit in wanted if deposit.id not in deducted]


def _payments(invoice_id: int) -> list[PaymentRow]:
    first, undone = Settlement.undoes_id.is_(None), Settlement.undoes_id.is_not(None)
    settled = (
        select(
            Settlement.payment_id,
            func.coalesce(func.sum(Settlement.amount_cents).filter(first), 0).label("cents"),
            func.coalesce(func.sum(Settlement.amount_cents).filter(undone), 0).label("undone_cents"),
        )
        .where(Settlement.invoice_id == invoice_id)
        .group_by(Settlement.payment_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Payment, settled.c.cents, settled.c.undone_cents, PaymentCard)
        .join(settled, settled.c.payment_id == Payment.id)
        .outerjoin(PaymentCard, PaymentCard.payment_id == Payment.id)
        .order_by(Payment.paid_on, Payment.id)
    )
    return [
        PaymentRow(
            payment,
            # A cancellation undoes for good; a refund undoes, settles the rest again and says what it opened.
            int(cents)
            if payment.reversal
            else int(cents - undone_cents) + _reopened_cents(payment, invoice_id),
            card,
        )
        for payment, cents, undone_cents, card in rows
    ]


def _reopened_cents(payment: Payment, invoice_id: int) -> int:
    """What refunds of the payment, and disputes that stand, have opened on the invoice."""
    return sum(_opened_by(refund, invoice_id) for refund in payment.refunds)


def _opened_by(refund: Refund, invoice_id: int) -> int:
    if refund.win is not None:
        return 0
    return sum(part.amount_cents for part in refund.reopened if part.invoice_id == invoice_id)


def _refunds(document_id: int) -> list[RefundRow]:
    """Refunds of the payments of an invoice, and those that gave back what a credit note had left."""
    on_invoice = select(Settlement.payment_id).where(Settlement.invoice_id == document_id)
    of_note = select(Settlement.refund_id).where(Settlement.credit_note_id == document_id)
    rows = select(Refund).where(
        Refund.payment_id.in_(on_invoice.where(Settlement.payment_id.is_not(None)))
        | Refund.id.in_(of_note.where(Settlement.refund_id.is_not(None)))
    )
    return [
        RefundRow(
            refund,
            _opened_by(refund, document_id),
            _noted_cents(refund.id, document_id),
        )
        for refund in db.session.scalars(rows.order_by(Refund.refunded_on, Refund.id))
    ]


def _noted_cents(refund_id: int, note_id: int) -> int:
    cents = select(func.coalesce(func.sum(Settlement.amount_cents), 0)).where(
        Settlement.refund_id == refund_id,
        Settlement.credit_note_id == note_id,
        Settlement.undoes_id.is_(None),
    )
    return int(db.session.scalars(cents).one())


def _write_offs(invoice_id: int) -> list[WriteOff]:
    """What was given up of the invoice, undone or not."""
    rows = select(WriteOff).where(WriteOff.invoice_id == invoice_id, WriteOff.undoes_id.is_(None))
    return list(db.session.scalars(rows.order_by(WriteOff.id)))


def _provision_cents(invoice_id: int) -> int:
    """What is provided for a doubtful invoice."""
    live = db.session.scalars(live_doubt().where(DoubtfulDebt.invoice_id == invoice_id)).one_or_none()
    return 0 if live is None else live.provision_cents


def _proposal(invoice: Document, balance: DocumentBalance) -> Proposal | None:
    """A discount that was taken in time, else a few cents that were left."""
    if balance.hold is not None or not balance.paid_cents:
        return None
    paid_on = select(func.max(Settlement.settled_on)).where(
        Settlement.invoice_id == invoice.id, Settlement.payment_id.is_not(None)
    )
    discount = discount_wanted_cents(invoice, balance, db.session.scalar(paid_on))
    if discount:
        return Proposal(WriteOffKind.DISCOUNT, discount)
    if balance.open_cents <= invoicing_settings().difference_limit_cents:
        return Proposal(WriteOffKind.DIFFERENCE, balance.open_cents)
    return None


def _credits(invoice_id: int) -> list[UsedCredit]:
    rows = db.session.execute(
        select(Document, Settlement)
        .join(Settlement, Settlement.credit_note_id == Document.id)
        .where(Settlement.invoice_id == invoice_id, Settlement.undoes_id.is_(None))
        .order_by(Settlement.id)
    )
    return [UsedCredit(note, row.amount_cents, row.settled_on) for note, row in rows]


def _sources(document_id: int) -> set[tuple[str, int]]:
    """What the ledger may have posted about a document: itself, its credit notes, its payments and their use.

    Of a deposit the invoices that deduct it besides: one that is booked when it is paid enters the books with them.
    """
    invoices = {document_id, *finals_of(document_id)}
    notes = db.session.scalars(select(Document.id).where(Document.credits_id.in_(invoices)))
    sources = {("document", id_) for id_ in (*invoices, *notes)}
    touching = (Settlement.invoice_id == document_id) | (Settlement.credit_note_id == document_id)
    for row in db.session.scalars(select(Settlement).where(touching)):
        sources.add(("settlement", row.id))
        if row.payment_id is not None:
            sources.add(("payment", row.payment_id))
    for row_id in db.session.scalars(select(WriteOff.id).where(WriteOff.invoice_id == document_id)):
        sources.add(("write_off", row_id))
    for row_id in db.session.scalars(select(DoubtfulDebt.id).where(DoubtfulDebt.invoice_id == document_id)):
        sources.add(("doubtful_debt", row_id))
    payments = [id_ for kind, id_ in sources if kind == "payment"]
    for row_id in db.session.scalars(select(KeptSurplus.id).where(KeptSurplus.payment_id.in_(payments))):
        sources.add(("kept_surplus", row_id))
    for shown in _refunds(document_id):
        sources.add(("refund", shown.refund.id))
        if shown.refund.win is not None:
            sources.add(("dispute_win", shown.refund.win.id))
    reversals = select(Payment).where(Payment.id.in_([id_ for kind, id_ in sources if kind == "payment"]))
    for payment in db.session.scalars(reversals):
        if payment.reversal is not None:
            sources.add(("payment_reversal", payment.reversal.id))
    return sources
