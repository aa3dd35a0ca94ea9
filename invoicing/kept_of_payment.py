"""What of a payment was kept beyond what was owed; asked by its page and by the verbs that give money back."""

from __future__ import annotations

from sqlalchemy import select

from core.database import db
from invoicing.receivables import KeptSurplus


def kept_of_payment(payment_id: int) -> list[KeptSurplus]:
    """Every record of money kept, oldest first, whether it was taken back or not."""
    rows = select(KeptSurplus).where(KeptSurplus.payment_id == payment_id, KeptSurplus.undoes_id.is_(None))
    return list(db.session.scalars(rows.order_by(KeptSurplus.id)))


def live_kept(payment_id: int) -> list[KeptSurplus]:
    """Those that were not taken back."""
    return [row for row in kept_of_payment(payment_id) if row.undo is None]
