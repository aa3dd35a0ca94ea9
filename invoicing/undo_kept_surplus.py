"""Takes back the keeping of a surplus: the money is the customer's credit again. A mirrored record and entry."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.facts import Share
from accounting.receivable_facts import KeptSurplusFact
from accounting.record_receivable import record_receivable
from core.clock import paris_today
from core.database import db, lock
from core.errors import ConflictError
from core.event_log import record_event
from core.seal import seal
from invoicing.errors import InvalidInputError, NotFoundError
from invoicing.input_checks import checked_reason
from invoicing.keep_surplus import write_kept
from invoicing.ledger_facts import third_party
from invoicing.models import Customer, Document
from invoicing.parties import buyer_of
from invoicing.payments import Payment
from invoicing.receivables import KeptSurplus
from invoicing.settle import live_settlement_of, undo_settlement
from invoicing.surplus_keys import surplus_keys


def undo_kept_surplus(
    kept_id: int, *, reason: str, today: date | None = None, actor_id: int | None = None
) -> KeptSurplus:
    """Record the mirror; undone twice, the first mirror is returned.

    Raises:
        NotFoundError: there is no such record.
        InvalidInputError: no reason, or a day before it was kept.
        ConflictError: the rest of the payment was used on an invoice since: it stands elsewhere in the books.
    """
    row = db.session.get(KeptSurplus, kept_id)
    if row is None or row.undoes_id is not None:
        raise NotFoundError(_l("This record does not exist."))
    payment = lock(select(Payment).where(Payment.id == row.payment_id))
    assert payment is not None
    earlier = db.session.scalars(select(KeptSurplus).where(KeptSurplus.undoes_id == kept_id)).one_or_none()
    if earlier is not None:
        return earlier
    if surplus_keys(payment_id=payment.id)[0] != row.surplus_key:
        raise ConflictError(
            _l("The rest of this payment was used on an invoice since. Give the money back instead.")
        )
    mirror = _written(row, checked_reason(reason), _checked_day(row, today), actor_id)
    undo_settlement(live_settlement_of(kept_id=row.id), undone_on=mirror.kept_on)
    record_receivable(_fact(row, mirror, payment))
    seal("kept_surplus", mirror.id)
    record_event(
        "surplus.released", actor_id=actor_id, subject=("payment", payment.id), kept_id=row.id,
        kept_as=row.kind, amount_cents=row.amount_cents, reason=mirror.reason,
    )  # fmt: skip
    return mirror


def _checked_day(row: KeptSurplus, today: date | None) -> date:
    day = today or paris_today()
    if day < row.kept_on:
        raise InvalidInputError({"today": _l("It cannot be undone before the day it was done.")})
    return day


def _written(row: KeptSurplus, reason: str, day: date, actor_id: int | None) -> KeptSurplus:
    mirror = KeptSurplus(
        payment_id=row.payment_id,
        invoice_id=row.invoice_id,
        kind=row.kind,
        amount_cents=row.amount_cents,
        kept_on=day,
        surplus_key=row.surplus_key,
        reason=reason,
        undoes_id=row.id,
        recorded_by_id=actor_id,
    )
    write_kept(mirror, tuple((part.vat_rate, part.vat_cents) for part in row.vat))
    return mirror


def _fact(row: KeptSurplus, mirror: KeptSurplus, payment: Payment) -> KeptSurplusFact:
    invoice = None if row.invoice_id is None else db.session.get_one(Document, row.invoice_id)
    return KeptSurplusFact(
        source=("kept_surplus", mirror.id),
        kind=row.kind,
        kept_on=mirror.kept_on,
        third_party=third_party(buyer_of(db.session.get_one(Customer, payment.customer_id))),
        share=Share(row.surplus_key, row.amount_cents),
        number="" if invoice is None or invoice.number is None else invoice.number,
        vat_cents=tuple((part.vat_rate, part.vat_cents) for part in row.vat),
        undoes=("kept_surplus", row.id),
    )
