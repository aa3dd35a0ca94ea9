"""The owner claims an invoice again whose money went back: it may be paid and asked for as any open one."""

from __future__ import annotations

from core.database import db
from core.event_log import record_event
from core.seal import seal
from invoicing.balances import live_holds
from invoicing.input_checks import FieldErrors
from invoicing.locked_documents import locked_issued_invoice
from invoicing.refunds import InvoiceClaim, ReopenedInvoice
from invoicing.standing import note_changed


def claim_again(invoice_id: int, *, reason: str = "", actor_id: int | None = None) -> int:
    """End what holds the invoice since its money went back. No entry: what is owed has been open all the time.

    Args:
        invoice_id: an issued invoice that stands refunded or disputed.
        reason: kept with the decision; may be empty.
        actor_id: who decides.

    Returns:
        How many refunds and disputes it was about; 0 when nothing held it (decided twice).

    Raises:
        NotFoundError: there is no such issued invoice.
        InvalidInputError: the reason is too long.
    """
    invoice = locked_issued_invoice(invoice_id)
    errors = FieldErrors()
    checked = errors.text("reason", reason, 255)
    errors.raise_if_any()
    rows = db.session.scalars(live_holds().where(ReopenedInvoice.invoice_id == invoice_id)).all()
    for reopened in rows:
        claim = InvoiceClaim(
            reopened_id=reopened.id, invoice_id=invoice_id, reason=checked, claimed_by_id=actor_id
        )
        db.session.add(claim)
        db.session.flush()
        seal("invoice_claim", claim.id)
    if rows:
        note_changed(invoice.id)
        record_event(
            "invoice.claimed", actor_id=actor_id, subject=("document", invoice.id),
            amount_cents=sum(row.amount_cents for row in rows), reason=checked,
        )  # fmt: skip
    return len(rows)
