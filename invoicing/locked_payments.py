"""A payment under lock with every document that a refund or dispute of it may touch: documents by id, then the payment.

Verbs of money that went back begin here; `apply_snapshot` does before it records a payment and its refunds in one go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.database import db, lock
from core.errors import ConflictError
from invoicing.errors import NotFoundError
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.locked_documents import locked_document
from invoicing.models import Document
from invoicing.payments import Payment, Settlement


def lock_invoices(invoice_ids: Iterable[int], note_ids: Collection[int] = ()) -> list[Document]:
    """Lock invoices with all their credit notes, and further notes with what they credit; by id, re-read.

    Returns:
        The invoices, by id.

    Raises:
        NotFoundError: there is no such document.
        ConflictError: one of them was credited at this moment.
    """
    wanted = {*invoice_ids, *_credited(note_ids)}
    ids = {*wanted, *note_ids, *(note.id for note in notes_of(wanted))}
    for document_id in sorted(ids):
        locked_document(document_id)
    if not {note.id for note in notes_of(wanted)} <= ids:
        # Issued between our look and the lock; locking it now would turn the order of locks round.
        raise ConflictError
    return list(db.session.scalars(select(Document).where(Document.id.in_(wanted)).order_by(Document.id)))


def lock_payment(payment_id: int, credit_note_ids: Iterable[int] = ()) -> tuple[Payment, list[Document]]:
    """The payment, locked and re-read, and the invoices it settled at any time, locked with their credit notes.

    Args:
        payment_id: of the company entered.
        credit_note_ids: notes that are to be given back with it, locked too with their invoices.

    Raises:
        NotFoundError: there is no such payment, or no such document.
        ConflictError: the payment was used on another invoice at this moment, or what it settles was credited.
    """
    invoices = lock_invoices(_settled_by(payment_id), list(credit_note_ids))
    payment = lock(select(Payment).where(Payment.id == payment_id))
    if payment is None:
        raise NotFoundError(_l("This payment does not exist."))
    if not _settled_by(payment_id) <= {invoice.id for invoice in invoices}:
        raise ConflictError
    return payment, invoices


def notes_of(invoice_ids: Iterable[int]) -> list[Document]:
    """The issued credit notes of these invoices, oldest first."""
    notes = select(Document).where(
        Document.credits_id.in_(list(invoice_ids)),
        Document.kind == DocumentKind.CREDIT_NOTE,
        Document.state == DocumentState.ISSUED,
    )
    return list(db.session.scalars(notes.order_by(Document.id)))


def _credited(note_ids: Iterable[int]) -> set[int]:
    credited = select(Document.credits_id).where(Document.id.in_(list(note_ids)))
    return {invoice_id for invoice_id in db.session.scalars(credited) if invoice_id is not None}


def _settled_by(payment_id: int) -> set[int]:
    settled = select(Settlement.invoice_id).where(
        Settlement.payment_id == payment_id, Settlement.invoice_id.is_not(None)
    )
    return {invoice_id for invoice_id in db.session.scalars(settled) if invoice_id is not None}
