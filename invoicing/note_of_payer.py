"""Which credit notes a refund may be made against. Asked before the processor is, and when the refund is recorded."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.database import db
from invoicing.balances import merged_ids
from invoicing.errors import NotFoundError
from invoicing.lifecycle import DocumentKind
from invoicing.models import Document
from invoicing.payments import Payment


def note_of_payer(credit_note_id: int, payment: Payment) -> Document:
    """Return the credit note when it is one of the payment's customer, or of whom it was merged with.

    Raises:
        NotFoundError: it is no credit note, or somebody else's.
    """
    note = db.session.get_one(Document, credit_note_id)
    customers = set(db.session.scalars(merged_ids(payment.customer_id)))
    if note.kind is not DocumentKind.CREDIT_NOTE or note.customer_id not in customers:
        raise NotFoundError(_l("This is no credit note of the customer who paid."))
    return note
