"""Which final invoice deducts a deposit now, and what that says of one that is booked when it is paid. Read-only.

Verbs read it under the lock of the deposit: issuing a final invoice and crediting it take that lock too.
"""

from __future__ import annotations

from sqlalchemy import select

from core.database import db
from invoicing.credit_left import credit_left
from invoicing.models import DepositUse, Document


def final_of(deposit_id: int) -> Document | None:
    """The final invoice that deducts a deposit now; None when there is none, or when it was credited in full."""
    newest = (
        select(DepositUse).where(DepositUse.deposit_id == deposit_id).order_by(DepositUse.generation.desc())
    )
    use = db.session.scalars(newest.limit(1)).one_or_none()
    if use is None:
        return None
    final = db.session.get_one(Document, use.final_id)
    return None if credit_left(final).is_nothing else final


def is_advance(document: Document) -> bool:
    """True for a deposit of which the books have its payments alone: booked when paid, and deducted by no invoice."""
    return document.booked_when_paid and final_of(document.id) is None


def deposits_of(final_id: int) -> set[int]:
    """The deposits that an issued final invoice deducts, or did before it was credited."""
    return set(db.session.scalars(select(DepositUse.deposit_id).where(DepositUse.final_id == final_id)))


def finals_of(deposit_id: int) -> set[int]:
    """The final invoices with whose entries a deposit entered the books: those that deduct it, or did.

    None for a deposit that was booked when it was issued.
    """
    uses = (
        select(DepositUse.final_id)
        .join(Document, Document.id == DepositUse.deposit_id)
        .where(DepositUse.deposit_id == deposit_id, Document.booked_when_paid.is_(True))
    )
    return set(db.session.scalars(uses))
