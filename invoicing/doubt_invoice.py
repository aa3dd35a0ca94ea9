"""Declares an invoice doubtful: what is open on it moves to the doubtful customers, a provision may be made.

Nothing changes for the customer: the invoice is owed and can be paid by its link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.receivable_facts import ProvisionFact
from accounting.record_receivable import record_receivable
from core.database import db
from core.event_log import record_event
from core.money import round_half_up_div
from core.seal import seal
from invoicing.balances import balance_of, live_doubt
from invoicing.deposit_uses import is_advance
from invoicing.follow_doubt import doubt_fact
from invoicing.input_checks import FieldErrors
from invoicing.ledger_facts import third_party
from invoicing.locked_documents import locked_issued_invoice
from invoicing.models import Document
from invoicing.parties import read_buyer
from invoicing.receivables import DoubtfulDebt, WriteOffKind
from invoicing.standing import note_changed
from invoicing.write_off_plan import NOTHING_TO_GIVE_UP, WriteOffInput, check_day, plan_write_off


@dataclass(frozen=True)
class DoubtInput:
    """An invoice that somebody declares doubtful.

    `provision_rate` is 1/100 % of what is open without VAT; 0 for no provision.
    """

    invoice_id: int
    decided_on: date
    provision_rate: int = 0
    reason: str = ""
    request_key: str | None = None
    recorded_by_id: int | None = None


def doubt_invoice(given: DoubtInput) -> DoubtfulDebt:
    """Record the doubt with its entries and seal; an invoice that is doubtful already keeps its first row.

    Raises:
        NotFoundError: there is no such issued invoice.
        InvalidInputError: naming every field that is wrong.
    """
    invoice = locked_issued_invoice(given.invoice_id)
    live = db.session.scalars(live_doubt().where(DoubtfulDebt.invoice_id == invoice.id)).one_or_none()
    earlier = live or _earlier(given.request_key)
    if earlier is not None:
        return earlier
    provision_cents = planned_provision(invoice, given)
    row = DoubtfulDebt(
        invoice_id=invoice.id,
        decided_on=given.decided_on,
        open_cents=balance_of(invoice.id).open_cents,
        provision_rate=given.provision_rate,
        provision_cents=provision_cents,
        reason=given.reason.strip(),
        request_key=given.request_key,
        recorded_by_id=given.recorded_by_id,
    )
    db.session.add(row)
    db.session.flush()
    note_changed(invoice.id)
    source = ("doubtful_debt", row.id)
    record_receivable(doubt_fact(source, invoice, row.decided_on, is_doubtful=True))
    record_receivable(provision_fact(source, invoice, row.decided_on, provision_cents))
    seal("doubtful_debt", row.id)
    record_event(
        "invoice.doubtful", actor_id=given.recorded_by_id, subject=("document", invoice.id),
        amount_cents=row.open_cents, provision_cents=provision_cents, reason=row.reason,
    )  # fmt: skip
    return row


def planned_provision(invoice: Document, given: DoubtInput) -> int:
    """What would be provided for: the rate of what is open, without its VAT, which is got back if nothing is paid.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    errors = FieldErrors()
    open_cents = balance_of(invoice.id).open_cents
    if open_cents <= 0:
        errors.add("provision_rate", _l("Nothing is owed on this invoice any more."))
    elif is_advance(invoice):
        errors.add("provision_rate", NOTHING_TO_GIVE_UP)
    if not 0 <= given.provision_rate <= 10_000:
        errors.add("provision_rate", _l("Give a rate between 0 and 100 %."))
    check_day(errors, "decided_on", given.decided_on, invoice)
    errors.text("reason", given.reason, 255)
    errors.raise_if_any()
    if not given.provision_rate:
        return 0
    loss = plan_write_off(invoice, WriteOffInput(invoice.id, WriteOffKind.LOSS, open_cents, given.decided_on))
    return round_half_up_div(loss.net_cents * given.provision_rate, 10_000)


def provision_fact(source: tuple[str, int], invoice: Document, day: date, cents: int) -> ProvisionFact:
    """A provision for an invoice, or (below zero) its end, told to the ledger."""
    assert invoice.number is not None
    return ProvisionFact(source, day, invoice.number, third_party(read_buyer(invoice.buyer)), cents)


def _earlier(request_key: str | None) -> DoubtfulDebt | None:
    if request_key is None:
        return None
    return db.session.scalars(
        select(DoubtfulDebt).where(DoubtfulDebt.request_key == request_key)
    ).one_or_none()
