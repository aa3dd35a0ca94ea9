"""Keeps money that a customer paid beyond what it owed: a difference of cents, penalties, an indemnity, a recovery.

Called by the page of the payment. The record is a debit document settled with the payment, undone by a mirrored one
(`undo_kept_surplus`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from accounting.facts import Share
from accounting.receivable_facts import KeptSurplusFact
from accounting.record_receivable import record_receivable
from core.clock import paris_today
from core.database import db, lock
from core.event_log import record_event
from core.money import format_cents, round_to_sum
from core.seal import seal
from invoicing.balances import merged_ids, open_of_payment
from invoicing.errors import NotFoundError
from invoicing.input_checks import FieldErrors
from invoicing.ledger_facts import third_party
from invoicing.locked_documents import locked_issued_invoice
from invoicing.models import Customer, Document
from invoicing.parties import buyer_of
from invoicing.payments import Payment
from invoicing.receivables import KeptKind, KeptSurplus, KeptSurplusVat, WriteOff, WriteOffKind
from invoicing.settings import invoicing_settings
from invoicing.settle import settle
from invoicing.surplus_keys import surplus_keys


@dataclass(frozen=True)
class KeepInput:
    """Money that somebody wants to keep.

    Attributes:
        amount_cents: at most what the payment has left.
        kept_on: the business day, not in the future and not before the payment.
        invoice_id: of a recovery, the invoice that had been lost; else the one that the money is about, if any.
    """

    payment_id: int
    kind: KeptKind
    amount_cents: int
    kept_on: date
    invoice_id: int | None = None
    reason: str = ""
    request_key: str | None = None
    recorded_by_id: int | None = None


@dataclass(frozen=True)
class KeepPlan:
    """A surplus that may be kept: the key it stands on, the VAT in it per rate (1/100 %)."""

    payment: Payment
    given: KeepInput
    number: str
    surplus_key: str
    vat: tuple[tuple[int, int], ...]

    def fact(self, kept_id: int) -> KeptSurplusFact:
        """The record of that id, told to the ledger."""
        customer = db.session.get_one(Customer, self.payment.customer_id)
        return KeptSurplusFact(
            source=("kept_surplus", kept_id),
            kind=self.given.kind,
            kept_on=self.given.kept_on,
            third_party=third_party(buyer_of(customer)),
            share=Share(self.surplus_key, self.given.amount_cents),
            number=self.number,
            vat_cents=self.vat,
        )


def keep_surplus(given: KeepInput) -> KeptSurplus:
    """Record it with its settlement, entry and seal; the same `request_key` returns the first one.

    Raises:
        NotFoundError: there is no such payment or invoice.
        InvalidInputError: naming every field that is wrong.
    """
    # Invoices come before payments in the order of locks.
    invoice = None if given.invoice_id is None else locked_issued_invoice(given.invoice_id)
    payment = lock(select(Payment).where(Payment.id == given.payment_id))
    if payment is None:
        raise NotFoundError(_l("This payment does not exist."))
    earlier = _earlier(given.request_key)
    if earlier is not None:
        return earlier
    plan = plan_keep(payment, invoice, given)
    row = KeptSurplus(
        payment_id=payment.id,
        invoice_id=given.invoice_id,
        kind=given.kind,
        amount_cents=given.amount_cents,
        kept_on=given.kept_on,
        surplus_key=plan.surplus_key,
        reason=given.reason.strip(),
        request_key=given.request_key,
        recorded_by_id=given.recorded_by_id,
    )
    write_kept(row, plan.vat)
    settlement = settle(
        at_most_cents=row.amount_cents, settled_on=row.kept_on, kept_id=row.id, payment_id=payment.id
    )
    assert settlement is not None
    assert settlement.amount_cents == row.amount_cents, "what is left under the lock is what was planned"
    record_receivable(plan.fact(row.id))
    seal("kept_surplus", row.id)
    record_event(
        "surplus.kept", actor_id=given.recorded_by_id, subject=("payment", payment.id), kept_id=row.id,
        kept_as=row.kind, amount_cents=row.amount_cents,
    )  # fmt: skip
    return row


def write_kept(row: KeptSurplus, vat: tuple[tuple[int, int], ...]) -> None:
    """Write a row with its VAT; for this verb and the one that undoes it."""
    db.session.add(row)
    db.session.flush()
    for rate, cents in vat:
        if cents:
            db.session.add(KeptSurplusVat(kept_id=row.id, vat_rate=rate, vat_cents=cents))
    db.session.flush()


def plan_keep(payment: Payment, invoice: Document | None, given: KeepInput) -> KeepPlan:
    """What keeping it will do. A verb holds the locks.

    Raises:
        InvalidInputError: naming every field that is wrong.
    """
    errors = FieldErrors()
    left = open_of_payment(payment.id)
    limit = invoicing_settings().difference_limit_cents
    if given.amount_cents <= 0:
        errors.add("amount_cents", _l("The amount must be above zero."))
    elif given.amount_cents > left:
        errors.add("amount_cents", _l("This is more than what is left of the payment."))
    elif given.kind is KeptKind.DIFFERENCE and given.amount_cents > limit:
        errors.add(
            "amount_cents",
            _l(
                "A small difference is at most %(amount)s; the settings of invoicing say so.",
                amount=format_cents(limit, get_locale()),
            ),
        )
    vat: tuple[tuple[int, int], ...] = ()
    if given.kind is KeptKind.RECOVERY:
        lost = lost_cents(invoice) - recovered_cents(invoice)
        if invoice is None or lost <= 0:
            errors.add("invoice_id", _l("Choose an invoice that was given up as a loss."))
        elif given.amount_cents > lost:
            errors.add("amount_cents", _l("This is more than what was lost."))
        else:
            vat = _vat_of_recovery(invoice, given.amount_cents)
    _check_day(errors, given.kept_on, payment)
    errors.text("reason", given.reason, 255)
    errors.raise_if_any()
    number = "" if invoice is None or invoice.number is None else invoice.number
    return KeepPlan(payment, given, number, surplus_keys(payment_id=payment.id)[0], vat)


def _check_day(errors: FieldErrors, day: date, payment: Payment) -> None:
    if errors.day("kept_on", day) is None:
        return
    if day > paris_today():
        errors.add("kept_on", _l("The date lies in the future. Choose today or an earlier day."))
    elif day < payment.paid_on:
        errors.add("kept_on", _l("The date lies before the payment."))


def live_losses(invoice_id: int) -> list[WriteOff]:
    """The losses on an invoice that were not undone."""
    rows = db.session.scalars(
        select(WriteOff)
        .where(WriteOff.invoice_id == invoice_id, WriteOff.kind == WriteOffKind.LOSS)
        .order_by(WriteOff.id)
    ).all()
    return [row for row in rows if row.undoes_id is None and row.undo is None]


def lost_cents(invoice: Document | None) -> int:
    """What was given up of an invoice as a loss."""
    return 0 if invoice is None else sum(row.amount_cents for row in live_losses(invoice.id))


def lost_invoices(customer_id: int) -> list[Document]:
    """The customer's invoices of which something was lost and not paid since."""
    rows = db.session.scalars(
        select(Document)
        .where(
            Document.customer_id.in_(merged_ids(customer_id)),
            Document.id.in_(select(WriteOff.invoice_id).where(WriteOff.kind == WriteOffKind.LOSS)),
        )
        .order_by(Document.id)
    ).all()
    return [invoice for invoice in rows if lost_cents(invoice) > recovered_cents(invoice)]


def recovered_cents(invoice: Document | None) -> int:
    """What was paid after all of what had been lost."""
    if invoice is None:
        return 0
    of_invoice = (KeptSurplus.invoice_id == invoice.id, KeptSurplus.kind == KeptKind.RECOVERY)
    total = select(func.coalesce(func.sum(KeptSurplus.amount_cents), 0)).where(*of_invoice)
    kept = db.session.scalar(total.where(KeptSurplus.undoes_id.is_(None))) or 0
    return int(kept) - int(db.session.scalar(total.where(KeptSurplus.undoes_id.is_not(None))) or 0)


def _vat_of_recovery(invoice: Document, cents: int) -> tuple[tuple[int, int], ...]:
    """The VAT of these cents of a loss, in proportion to what the State did not get of the whole (CGI art. 272, 1)."""
    losses = live_losses(invoice.id)
    whole = sum(row.amount_cents for row in losses)
    vat: dict[int, int] = {}
    for row in losses:
        for part in row.vat:
            vat[part.vat_rate] = vat.get(part.vat_rate, 0) + part.vat_cents
    rates = sorted(vat, reverse=True)
    if not rates:
        return ()
    shares = [vat[rate] * cents for rate in rates]
    parts = round_to_sum(shares, whole, (2 * sum(shares) + whole) // (2 * whole))
    return tuple((rate, part) for rate, part in zip(rates, parts, strict=True) if part)


def _earlier(request_key: str | None) -> KeptSurplus | None:
    if request_key is None:
        return None
    return db.session.scalars(select(KeptSurplus).where(KeptSurplus.request_key == request_key)).one_or_none()
