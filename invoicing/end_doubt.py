"""Ends the doubt about an invoice: what is still open stands among the customers again, the provision is taken back.

Called by the invoice's page, and by `write_off` once all of it is lost.
"""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l

from accounting.record_receivable import record_receivable
from core.clock import paris_today
from core.database import db
from core.event_log import record_event
from core.seal import seal
from invoicing.balances import balance_of, live_doubt
from invoicing.doubt_invoice import provision_fact
from invoicing.errors import InvalidInputError
from invoicing.follow_doubt import doubt_fact
from invoicing.input_checks import FieldErrors
from invoicing.locked_documents import locked_issued_invoice
from invoicing.receivables import DoubtfulDebt
from invoicing.standing import note_changed


def end_doubt(
    invoice_id: int, *, reason: str = "", today: date | None = None, actor_id: int | None = None
) -> DoubtfulDebt | None:
    """Record the end with its entries and seal. None when the invoice is not doubtful (ended twice).

    Args:
        invoice_id: an issued invoice.
        reason: kept in the history; may be empty.
        today: the business day; None is today in Paris.
        actor_id: who decides.

    Raises:
        NotFoundError: there is no such issued invoice.
        InvalidInputError: a reason that is too long, or a day before the doubt began.
    """
    invoice = locked_issued_invoice(invoice_id)
    live = db.session.scalars(live_doubt().where(DoubtfulDebt.invoice_id == invoice_id)).one_or_none()
    if live is None:
        return None
    errors = FieldErrors()
    checked = errors.text("reason", reason, 255)
    errors.raise_if_any()
    day = today or paris_today()
    if day < live.decided_on:
        raise InvalidInputError({"today": _l("It cannot end before the day it began.")})
    row = DoubtfulDebt(
        invoice_id=invoice.id,
        decided_on=day,
        open_cents=balance_of(invoice.id).open_cents,
        provision_rate=live.provision_rate,
        provision_cents=live.provision_cents,
        reason=checked,
        ends_id=live.id,
        recorded_by_id=actor_id,
    )
    db.session.add(row)
    db.session.flush()
    note_changed(invoice.id)
    source = ("doubtful_debt", row.id)
    record_receivable(doubt_fact(source, invoice, day, is_doubtful=False))
    record_receivable(provision_fact(source, invoice, day, -live.provision_cents))
    seal("doubtful_debt", row.id)
    record_event(
        "invoice.doubt_ended", actor_id=actor_id, subject=("document", invoice.id), amount_cents=row.open_cents,
        reason=checked,
    )  # fmt: skip
    return row
