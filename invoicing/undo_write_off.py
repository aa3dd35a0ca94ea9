"""Takes a write-off back: what was given up is owed again. A mirrored record and entry, nothing is deleted."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.receivable_facts import WriteOffUndoFact
from accounting.record_receivable import record_receivable
from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.seal import seal
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.follow_doubt import follow_doubt
from invoicing.input_checks import checked_reason
from invoicing.keep_surplus import recovered_cents
from invoicing.ledger_facts import collection_states, follow_merge
from invoicing.locked_documents import locked_issued_invoice
from invoicing.receivables import WriteOff, WriteOffKind, WriteOffVat
from invoicing.settle import live_settlement_of, undo_settlement
from invoicing.write_off_plan import vat_by_rate


def undo_write_off(
    write_off_id: int, *, reason: str, today: date | None = None, actor_id: int | None = None
) -> WriteOff:
    """Record the mirror of a write-off; undone twice, the first mirror is returned.

    Args:
        write_off_id: one that was not itself an undoing.
        reason: kept in the history.
        today: the business day; None is today in Paris.
        actor_id: who does it.

    Raises:
        NotFoundError: there is no such write-off.
        InvalidInputError: no reason, or a day before the write-off.
        ConflictError: a recovery of this loss stands.
    """
    row = db.session.get(WriteOff, write_off_id)
    if row is None or row.undoes_id is not None:
        raise NotFoundError(_l("This write-off does not exist."))
    invoice = locked_issued_invoice(row.invoice_id)
    earlier = db.session.scalars(select(WriteOff).where(WriteOff.undoes_id == write_off_id)).one_or_none()
    if earlier is not None:
        return earlier
    if row.kind is WriteOffKind.LOSS and recovered_cents(invoice):
        raise ConflictError(
            _l("A part of this loss was paid after all. Take that back first, on its payment.")
        )
    mirror = _written(row, checked_reason(reason), _checked_day(row, today), actor_id)
    undo_settlement(live_settlement_of(write_off_id=row.id), undone_on=mirror.written_on)
    record_receivable(
        WriteOffUndoFact(
            source=("write_off", mirror.id),
            undoes=("write_off", row.id),
            undone_on=mirror.written_on,
            vat_cents=vat_by_rate((part.vat_rate, part.vat_cents) for part in row.vat),
            collection=collection_states(invoice),
        )
    )
    source = ("write_off", mirror.id)
    follow_merge(source, invoice.customer_id, mirror.written_on, f"{invoice.number}")
    follow_doubt(source, invoice, mirror.written_on)
    seal("write_off", mirror.id)
    record_event(
        "write_off.undone", actor_id=actor_id, subject=("document", invoice.id), write_off_id=row.id,
        amount_cents=row.amount_cents, reason=mirror.reason,
    )  # fmt: skip
    return mirror


def _checked_day(row: WriteOff, today: date | None) -> date:
    day = today or paris_today()
    if day < row.written_on:
        raise InvalidInputError({"today": _l("It cannot be undone before the day it was done.")})
    return day


def _written(row: WriteOff, reason: str, day: date, actor_id: int | None) -> WriteOff:
    mirror = WriteOff(
        invoice_id=row.invoice_id,
        kind=row.kind,
        amount_cents=row.amount_cents,
        reduces_price=row.reduces_price,
        written_on=day,
        reason=reason,
        undoes_id=row.id,
        recorded_by_id=actor_id,
    )
    db.session.add(mirror)
    db.session.flush()
    for part in row.vat:
        db.session.add(
            WriteOffVat(
                write_off_id=mirror.id, vat_rate=part.vat_rate, is_waiting=part.is_waiting, vat_cents=part.vat_cents
            )
        )  # fmt: skip
    db.session.flush()
    return mirror
