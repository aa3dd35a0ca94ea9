"""Gives up a part of an issued invoice: an early-payment discount, a small difference, a loss. One money event.

Called by the invoice's page. The write-off is a credit document of its own: sealed, settled with the invoice, undone
by a mirrored one (`undo_write_off`).
"""

from __future__ import annotations

from sqlalchemy import select

from accounting.record_receivable import record_receivable
from core.database import db
from core.event_log import record_event
from core.seal import seal
from invoicing.balances import balance_of
from invoicing.end_doubt import end_doubt
from invoicing.locked_documents import locked_issued_invoice
from invoicing.receivables import WriteOff, WriteOffKind, WriteOffVat
from invoicing.settle import settle
from invoicing.write_off_plan import WriteOffInput, WriteOffPlan, plan_write_off


def write_off(given: WriteOffInput) -> WriteOff:
    """Record the write-off with its settlement, entry and seal; the same `request_key` returns the first one.

    A loss of all that is open ends the doubt about the invoice: what was provided for it is taken back.

    Raises:
        NotFoundError: there is no such issued invoice.
        InvalidInputError: naming every field that is wrong.
    """
    invoice = locked_issued_invoice(given.invoice_id)
    earlier = _earlier(given.request_key)
    if earlier is not None:
        return earlier
    plan = plan_write_off(invoice, given)
    row = _written(plan)
    settlement = settle(
        at_most_cents=row.amount_cents, settled_on=row.written_on, invoice_id=invoice.id, write_off_id=row.id
    )
    assert settlement is not None
    assert settlement.amount_cents == row.amount_cents, "what is open under the lock is what was planned"
    record_receivable(plan.fact(row.id))
    seal("write_off", row.id)
    record_event(
        f"write_off.{row.kind}", actor_id=given.recorded_by_id, subject=("document", invoice.id), write_off_id=row.id,
        amount_cents=row.amount_cents, reason=row.reason,
    )  # fmt: skip
    if row.kind is WriteOffKind.LOSS and balance_of(invoice.id).open_cents == 0:
        end_doubt(invoice.id, today=row.written_on, actor_id=given.recorded_by_id)
    return row


def _earlier(request_key: str | None) -> WriteOff | None:
    if request_key is None:
        return None
    return db.session.scalars(select(WriteOff).where(WriteOff.request_key == request_key)).one_or_none()


def _written(plan: WriteOffPlan) -> WriteOff:
    given = plan.given
    row = WriteOff(
        invoice_id=plan.invoice.id,
        kind=given.kind,
        amount_cents=given.amount_cents,
        reduces_price=plan.reduces_price,
        written_on=given.written_on,
        reason=given.reason.strip(),
        request_key=given.request_key,
        recorded_by_id=given.recorded_by_id,
    )
    db.session.add(row)
    db.session.flush()
    for part in plan.vat:
        db.session.add(
            WriteOffVat(
                write_off_id=row.id, vat_rate=part.vat_rate, is_waiting=part.is_waiting, vat_cents=part.cents
            )
        )
    db.session.flush()
    return row
