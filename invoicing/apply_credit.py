"""Uses a customer's credit (surplus of payments, credit notes) on an open invoice. Called by the invoice's page."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from accounting.facts import CreditUseFact, Share
from accounting.record import record
from core.clock import paris_today
from core.database import db, lock
from core.event_log import record_event
from invoicing.balances import OpenCredit, open_credits
from invoicing.ledger_facts import collection_states, live_key, share_on, third_party
from invoicing.locked_documents import locked_document, locked_issued_invoice
from invoicing.models import Document
from invoicing.parties import read_buyer
from invoicing.payments import Payment
from invoicing.settle import settle
from invoicing.surplus_keys import surplus_keys


def apply_credit(invoice_id: int, *, today: date | None = None, actor_id: int | None = None) -> int:
    """Settle the invoice with what its customer has in credit, oldest first, as far as either goes.

    Args:
        invoice_id: the issued invoice.
        today: the business day of the use; None is today in Paris.
        actor_id: who does it.

    Returns:
        The cents that were used; 0 when there was nothing to use or nothing was open.

    Raises:
        NotFoundError: there is no such issued invoice.
    """
    invoice = _locked_invoice_and_credits(invoice_id)
    used_on, used = today or paris_today(), 0
    # Read again: what was open before the locks may have been used by somebody faster.
    for credit in open_credits(invoice.customer_id):
        used += _use(invoice, credit, used_on)
    if used:
        record_event("credit.applied", actor_id=actor_id, subject=("document", invoice.id), amount_cents=used)
    return used


def _locked_invoice_and_credits(invoice_id: int) -> Document:
    """Lock the invoice and the credit notes by id, then the payments by id: the one order of locks."""
    customer_id = db.session.scalars(
        select(Document.customer_id).where(Document.id == invoice_id)
    ).one_or_none()
    credits_ = open_credits(customer_id) if customer_id is not None else []
    notes = {credit.credit_note_id for credit in credits_ if credit.credit_note_id is not None}
    for document_id in sorted(notes | {invoice_id}):
        locked_document(document_id)
    invoice = locked_issued_invoice(invoice_id)
    for payment_id in sorted(credit.payment_id for credit in credits_ if credit.payment_id is not None):
        lock(select(Payment).where(Payment.id == payment_id))
    return invoice


def _use(invoice: Document, credit: OpenCredit, used_on: date) -> int:
    key, next_key = surplus_keys(payment_id=credit.payment_id, credit_note_id=credit.credit_note_id)
    settlement = settle(
        at_most_cents=credit.open_cents, settled_on=used_on, invoice_id=invoice.id, payment_id=credit.payment_id,
        credit_note_id=credit.credit_note_id,
    )  # fmt: skip
    if settlement is None:
        return 0
    amount = settlement.amount_cents
    shares = (share_on(live_key(invoice), amount), Share(next_key, credit.open_cents - amount))
    record(
        CreditUseFact(
            source=("settlement", settlement.id),
            used_on=used_on,
            reference=credit.reference,
            third_party=third_party(read_buyer(invoice.buyer)),
            surplus_key=key,
            surplus_cents=credit.open_cents,
            shares=tuple(share for share in shares if share.amount_cents),
            collection=collection_states(invoice),
        )
    )
    return amount
