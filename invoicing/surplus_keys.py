"""Where the ledger has what is left of a payment or credit note. Asked by the verbs that use or give back a surplus."""

from __future__ import annotations

from sqlalchemy import select

from accounting.posted_sources import count_posted
from core.database import db
from invoicing.ledger_facts import credit_note_key, payment_key
from invoicing.payments import Settlement


def surplus_keys(*, payment_id: int | None = None, credit_note_id: int | None = None) -> tuple[str, str]:
    """The match key the surplus stands on in the ledger (or would), and the one for what is left after a use of it.

    Each use takes the whole surplus off its key and puts the rest on the next: `payment:5`, `payment:5#2`, `…#3`.
    What is given back of a surplus stays on its key.
    """
    if payment_id is not None:
        stem, side = payment_key(payment_id), Settlement.payment_id == payment_id
    else:
        assert credit_note_id is not None, "a payment or a credit note"
        stem, side = credit_note_key(credit_note_id), Settlement.credit_note_id == credit_note_id
    settlement_ids = db.session.scalars(select(Settlement.id).where(side)).all()
    uses = count_posted("settlement", settlement_ids, "credit_use")
    return (f"{stem}#{uses + 1}" if uses else stem), f"{stem}#{uses + 2}"
