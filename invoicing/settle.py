"""The only writer of settlements: match a debit (invoice, reversal, refund) with a credit, or undo it.

Called by the verbs of money, which hold the locks of both sides.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select

from core.clock import utc_now
from core.database import Base, db
from core.seal import seal
from core.tenancy import insert_row
from invoicing.balances import balance_of, open_of_payment, open_of_refund, open_of_reversal
from invoicing.payments import Settlement
from invoicing.receivables import KeptSurplus, WriteOff
from invoicing.sealed_rows import payload_of_settlement
from invoicing.standing import note_changed

# Every movement of money passes here, so its row goes past the ORM.
_SETTLEMENTS = Base.metadata.tables["settlement"]


class Settled(NamedTuple):
    """A settlement that was written."""

    id: int
    amount_cents: int


def settle(
    *,
    at_most_cents: int,
    settled_on: date,
    invoice_id: int | None = None,
    reversal_id: int | None = None,
    refund_id: int | None = None,
    kept_id: int | None = None,
    payment_id: int | None = None,
    credit_note_id: int | None = None,
    write_off_id: int | None = None,
    open_cents: int | None = None,
) -> Settled | None:
    """Match one debit with one credit as far as both are open, and seal it.

    Args:
        at_most_cents: not more than this, whatever is open.
        settled_on: business date of the match.
        invoice_id: the debit; or `reversal_id`, `refund_id`, `kept_id`.
        payment_id: the credit; or `credit_note_id`, or `write_off_id`.
        open_cents: what is open on both sides, from a caller that has just read it under their locks. None: read here.

    Returns:
        The settlement; None when nothing is open on one of the sides.
    """
    assert [invoice_id, reversal_id, refund_id, kept_id].count(None) == 3, "one debit"
    assert [payment_id, credit_note_id, write_off_id].count(None) == 2, "one credit"
    if open_cents is None:
        open_cents = min(
            _open_debit(invoice_id, reversal_id, refund_id, kept_id),
            _open_credit(payment_id, credit_note_id, write_off_id),
        )
    amount_cents = min(at_most_cents, open_cents)
    if amount_cents <= 0:
        return None
    return _write(
        invoice_id=invoice_id, reversal_id=reversal_id, refund_id=refund_id, kept_id=kept_id, payment_id=payment_id,
        credit_note_id=credit_note_id, write_off_id=write_off_id, amount_cents=amount_cents, settled_on=settled_on,
        undoes_id=None,
    )  # fmt: skip


def undo_settlement(settlement: Settlement, *, undone_on: date) -> Settled:
    """Undo a live settlement by a row that names it; both sides are open again."""
    assert settlement.undoes_id is None, "what undoes is not undone: make a new settlement"
    return _write(
        invoice_id=settlement.invoice_id, reversal_id=settlement.reversal_id, refund_id=settlement.refund_id,
        kept_id=settlement.kept_id, payment_id=settlement.payment_id, credit_note_id=settlement.credit_note_id,
        write_off_id=settlement.write_off_id, amount_cents=settlement.amount_cents, settled_on=undone_on,
        undoes_id=settlement.id,
    )  # fmt: skip


def live_settlements_of_payment(payment_id: int) -> list[Settlement]:
    """The payment's settlements that were not undone, in the order they were made."""
    return _live(Settlement.payment_id == payment_id)


def live_settlements_of_refund(refund_id: int) -> list[Settlement]:
    """The refund's settlements that were not undone, in the order they were made."""
    return _live(Settlement.refund_id == refund_id)


def live_settlement_of(*, write_off_id: int | None = None, kept_id: int | None = None) -> Settlement:
    """The one settlement of a write-off or of a kept surplus that was not undone."""
    side = Settlement.write_off_id == write_off_id if kept_id is None else Settlement.kept_id == kept_id
    (settlement,) = _live(side)
    return settlement


def _live(condition: ColumnElement[bool]) -> list[Settlement]:
    rows = list(db.session.scalars(select(Settlement).where(condition).order_by(Settlement.id)))
    undone = {row.undoes_id for row in rows}
    return [row for row in rows if row.undoes_id is None and row.id not in undone]


def _write(**columns: Any) -> Settled:
    row = {**columns, "created_at": utc_now()}
    settlement_id = insert_row(_SETTLEMENTS, **row)
    if columns["invoice_id"] is not None:
        note_changed(columns["invoice_id"])
    seal("settlement", settlement_id, payload_of_settlement(row))
    return Settled(settlement_id, columns["amount_cents"])


def _open_debit(
    invoice_id: int | None, reversal_id: int | None, refund_id: int | None, kept_id: int | None
) -> int:
    if invoice_id is not None:
        return balance_of(invoice_id).open_cents
    if refund_id is not None:
        return open_of_refund(refund_id)
    if kept_id is not None:
        # It is matched once, whole, when it is written.
        return db.session.get_one(KeptSurplus, kept_id).amount_cents
    assert reversal_id is not None
    return open_of_reversal(reversal_id)


def _open_credit(payment_id: int | None, credit_note_id: int | None, write_off_id: int | None) -> int:
    if payment_id is not None:
        return open_of_payment(payment_id)
    if write_off_id is not None:
        # It is matched once, whole, when it is written.
        return db.session.get_one(WriteOff, write_off_id).amount_cents
    assert credit_note_id is not None
    return balance_of(credit_note_id).open_cents
