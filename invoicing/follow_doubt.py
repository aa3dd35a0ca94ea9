"""Keeps what is open on an invoice on the right account: that of doubtful customers while the invoice is doubtful.

Called by every verb that may open something again on another account than the one where the rest stands.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from accounting.receivable_facts import DoubtFact
from accounting.record_receivable import record_receivable
from core.database import db
from invoicing.balances import live_doubt
from invoicing.ledger_facts import invoice_key, third_party
from invoicing.models import Document
from invoicing.parties import read_buyer
from invoicing.receivables import DoubtfulDebt


def follow_doubt(source: tuple[str, int], invoice: Document, day: date) -> None:
    """Move what the record has opened again to where the invoice stands; nothing for one that was never doubtful.

    The caller holds the invoice's lock.
    """
    if not db.session.scalar(select(DoubtfulDebt.id).where(DoubtfulDebt.invoice_id == invoice.id).limit(1)):
        return
    is_doubtful = db.session.scalars(live_doubt().where(DoubtfulDebt.invoice_id == invoice.id)).one_or_none()
    record_receivable(doubt_fact(source, invoice, day, is_doubtful=is_doubtful is not None, follows=True))


def doubt_fact(
    source: tuple[str, int], invoice: Document, day: date, *, is_doubtful: bool, follows: bool = False
) -> DoubtFact:
    """The move of what is open on an invoice, told to the ledger."""
    assert invoice.number is not None
    return DoubtFact(
        source=source,
        moved_on=day,
        number=invoice.number,
        match_key=invoice_key(invoice.id),
        third_party=third_party(read_buyer(invoice.buyer)),
        is_doubtful=is_doubtful,
        purpose=f"doubt_of_{invoice.id}" if follows else "doubt",
    )
