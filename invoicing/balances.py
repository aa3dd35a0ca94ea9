"""What is open: total less live settlements, computed here and nowhere else (`standing` keeps a copy to find by).

A settlement is live until a row undoes it; the undoing row has the same sides and amount, so the live sum counts it
negative. Pages, the payment link, the verbs and the facts told to the ledger all ask this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core.database import db
from core.tenancy import scoped
from invoicing.lifecycle import DocumentKind, DocumentState, PaymentStatus
from invoicing.models import Customer, Document
from invoicing.payments import Payment, PaymentReversal, Settlement
from invoicing.receivables import DoubtfulDebt, WriteOff, WriteOffKind
from invoicing.refunds import DisputeWin, InvoiceClaim, Refund, RefundKind, ReopenedInvoice

T = TypeVar("T")

_LIVE_CENTS = case((Settlement.undoes_id.is_(None), Settlement.amount_cents), else_=-Settlement.amount_cents)


@dataclass(frozen=True)
class DocumentBalance:
    """How an issued document stands. All cents.

    Attributes:
        paid_cents: invoice: settled by payments and by credit from elsewhere. Credit note: 0.
        credited_cents: total of the credit notes that correct it, whether they met an open part or became credit.
        used_cents: settled in all; for a credit note the part of its credit that is used.
        open_cents: total − used: due on an invoice, still to be used on a credit note.
        given_back_cents: what refunds gave back of its own credit notes: no longer collected, though `paid_cents`
            still counts it (the notes take it off the total).
        hold: REFUNDED or DISPUTED while the money of it went back and nobody has decided what becomes of the invoice.
        reduced_cents: given up by write-offs that make the price lower (discounts, losses): no longer owed, never paid.
        absorbed_cents: given up by write-offs that count as collected (small differences).
        lost_cents: the losses in `reduced_cents`.
        is_doubtful: the receivable was declared doubtful, and that has not ended.
    """

    kind: DocumentKind
    total_cents: int
    paid_cents: int
    credited_cents: int
    used_cents: int
    open_cents: int
    status: PaymentStatus
    given_back_cents: int = 0
    hold: PaymentStatus | None = None
    reduced_cents: int = 0
    absorbed_cents: int = 0
    lost_cents: int = 0
    is_doubtful: bool = False

    @property
    def given_up_cents(self) -> int:
        """What all write-offs together have given up."""
        return self.reduced_cents + self.absorbed_cents

    @property
    def asked_cents(self) -> int:
        """What the customer is asked for: nothing while the invoice is on hold."""
        return 0 if self.status.is_on_hold else self.open_cents


@dataclass(frozen=True)
class OpenCredit:
    """A payment or credit note of which something is left: exactly one of the two ids is set."""

    payment_id: int | None
    credit_note_id: int | None
    open_cents: int
    dated: date
    reference: str


# The statements of this module are built once: building one takes longer than running it.
@cache
def open_cents_sql() -> ColumnElement[int]:
    """SQL over `Document`: what is open on it, for sums over some of them."""
    settled = _settled(Settlement.invoice_id, Document.id) + _settled(Settlement.credit_note_id, Document.id)
    return Document.total_cents - settled


@cache
def due_cents_sql() -> ColumnElement[int]:
    """SQL over `Document`, for invoices alone: what is due; half the work of `open_cents_sql` among many."""
    return Document.total_cents - _settled(Settlement.invoice_id, Document.id)


@cache
def credited_cents_sql() -> ColumnElement[int]:
    """SQL over `Document`: the total of the credit notes that correct it."""
    note = aliased(Document)
    credited = select(func.coalesce(func.sum(note.total_cents), 0)).where(
        note.credits_id == Document.id, note.state == DocumentState.ISSUED
    )
    return credited.correlate(Document).scalar_subquery()


def balance_of(document_id: int) -> DocumentBalance:
    """How one issued document stands; the caller has made sure that it exists."""
    return balances_of([document_id])[document_id]


def balance_at_issue(total_cents: int) -> DocumentBalance:
    """How an invoice of that total stands before anything was paid or credited."""
    return _balance(_Read(DocumentKind.INVOICE, None, False, total_cents, total_cents))


def balances_of(document_ids: Iterable[int]) -> Mapping[int, DocumentBalance]:
    """How documents stand, in one query; drafts and unknown ids are left out."""
    rows = db.session.execute(_balances(), {"ids": list(document_ids)})
    return {row[0]: _balance(_Read(row[1], row[-2], row[-1], *map(int, row[2:-2]))) for row in rows}


def paid_further(balance: DocumentBalance, cents: int) -> DocumentBalance:
    """How an invoice stands once a payment has settled that much more of it: what `balance_of` would read then."""
    further = replace(
        balance,
        paid_cents=balance.paid_cents + cents,
        used_cents=balance.used_cents + cents,
        open_cents=balance.open_cents - cents,
    )
    return replace(further, status=_status(further))


@cache
def _balances() -> Select[Any]:
    note = aliased(Document)
    by_own_note = (
        select(func.coalesce(func.sum(_LIVE_CENTS), 0))
        .join(note, note.id == Settlement.credit_note_id)
        .where(Settlement.invoice_id == Document.id, note.credits_id == Document.id)
    )
    by_refund = (
        select(func.coalesce(func.sum(_LIVE_CENTS), 0))
        .join(note, note.id == Settlement.credit_note_id)
        .where(Settlement.refund_id.is_not(None), note.credits_id == Document.id)
    )
    return scoped(
        select(
            Document.id,
            Document.kind,
            Document.total_cents,
            open_cents_sql(),
            by_own_note.correlate(Document).scalar_subquery(),
            credited_cents_sql(),
            by_refund.correlate(Document).scalar_subquery(),
            _given_up(WriteOff.reduces_price.is_(True)),
            _given_up(WriteOff.reduces_price.is_(False)),
            _given_up(WriteOff.kind == WriteOffKind.LOSS),
            _hold_sql(),
            live_doubt().where(DoubtfulDebt.invoice_id == Document.id).correlate(Document).exists(),
        ).where(Document.id.in_(bindparam("ids", expanding=True)), Document.state == DocumentState.ISSUED)
    )


def _given_up(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    """What write-offs of one sort settle of the invoice."""
    cents = (
        select(func.coalesce(func.sum(_LIVE_CENTS), 0))
        .join(WriteOff, WriteOff.id == Settlement.write_off_id)
        .where(Settlement.invoice_id == Document.id, condition)
    )
    return cents.correlate(Document).scalar_subquery()


@cache
def live_doubt() -> Select[DoubtfulDebt]:
    """Rows that declare an invoice doubtful and that were not ended."""
    end = aliased(DoubtfulDebt)
    ended = select(end.id).where(end.ends_id == DoubtfulDebt.id).correlate(DoubtfulDebt).exists()
    return select(DoubtfulDebt).where(DoubtfulDebt.ends_id.is_(None), ~ended)


@cache
def live_holds() -> Select[ReopenedInvoice, RefundKind]:
    """Rows (`ReopenedInvoice`, the kind of its refund) that nobody has claimed again and whose dispute was not won."""
    claimed = select(InvoiceClaim.id).where(InvoiceClaim.reopened_id == ReopenedInvoice.id).exists()
    won = select(DisputeWin.id).where(DisputeWin.refund_id == ReopenedInvoice.refund_id).exists()
    return (
        select(ReopenedInvoice, Refund.kind)
        .join(Refund, Refund.id == ReopenedInvoice.refund_id)
        .where(~claimed, ~won)
    )


# In the order of the words: of a dispute and a refund on one invoice the dispute is told.
_HOLDS = {RefundKind.DISPUTE: PaymentStatus.DISPUTED, RefundKind.REFUND: PaymentStatus.REFUNDED}


def _hold_sql() -> ScalarSelect[RefundKind]:
    first = live_holds().with_only_columns(func.min(Refund.kind, type_=Refund.kind.type))
    return first.where(ReopenedInvoice.invoice_id == Document.id).correlate(Document).scalar_subquery()


class _Read(NamedTuple):
    """What `_balances` reads of one document."""

    kind: DocumentKind
    hold: RefundKind | None
    is_doubtful: bool
    total: int
    open: int
    by_own_note: int = 0
    credited: int = 0
    given_back: int = 0
    reduced: int = 0
    absorbed: int = 0
    lost: int = 0


def _balance(read: _Read) -> DocumentBalance:
    used = read.total - read.open
    paid = used - read.by_own_note - read.reduced - read.absorbed
    balance = DocumentBalance(
        kind=read.kind,
        total_cents=read.total,
        paid_cents=paid if read.kind is DocumentKind.INVOICE else 0,
        credited_cents=read.credited,
        used_cents=used,
        open_cents=read.open,
        status=PaymentStatus.OPEN,
        given_back_cents=read.given_back,
        hold=_HOLDS[read.hold] if read.hold is not None else None,
        reduced_cents=read.reduced,
        absorbed_cents=read.absorbed,
        lost_cents=read.lost,
        is_doubtful=bool(read.is_doubtful),
    )
    return replace(balance, status=_status(balance))


def _status(balance: DocumentBalance) -> PaymentStatus:
    """Credited in part is open, not partly paid; a credit note that is used in part is partly paid."""
    is_settled = balance.used_cents >= balance.total_cents
    if balance.hold is not None and not is_settled:
        return balance.hold
    if balance.credited_cents and balance.credited_cents >= balance.total_cents:
        return PaymentStatus.CREDITED
    if is_settled:
        return PaymentStatus.LOST if balance.lost_cents else PaymentStatus.PAID
    if balance.is_doubtful:
        return PaymentStatus.DOUBTFUL
    is_note = balance.kind is not DocumentKind.INVOICE
    used = balance.used_cents if is_note else balance.paid_cents
    return PaymentStatus.PARTLY_PAID if used else PaymentStatus.OPEN


def _settled(side: InstrumentedAttribute[int | None], owner: Any) -> ScalarSelect[int]:
    live = select(func.coalesce(func.sum(_LIVE_CENTS), 0)).where(side == owner)
    return live.correlate_except(Settlement).scalar_subquery()


def open_of_payment(payment_id: int) -> int:
    """Cents of a payment that settle nothing: the customer's credit. 0 when it was taken back."""
    return int(db.session.scalars(_open_of_payment(), {"id": payment_id}).one())


def open_of_payment_sql() -> ColumnElement[int]:
    """SQL over `Payment`: what of it settles nothing."""
    return _left_of_payment()


@cache
def _open_of_payment() -> Select[Any]:
    return scoped(select(_left_of_payment()).where(Payment.id == bindparam("id")))


@cache
def _left_of_payment() -> ColumnElement[int]:
    return Payment.amount_cents - _settled(Settlement.payment_id, Payment.id)


def open_of_reversal(reversal_id: int) -> int:
    """Cents of a reversal not yet matched with the payment it takes back."""
    open_ = PaymentReversal.amount_cents - _settled(Settlement.reversal_id, PaymentReversal.id)
    return int(db.session.scalars(select(open_).where(PaymentReversal.id == reversal_id)).one())


def open_of_refund(refund_id: int) -> int:
    """Cents of a refund matched with nothing: more went back than the payment had. 0 once a dispute was won."""
    return int(db.session.scalars(select(_left_of_refund()).where(Refund.id == refund_id)).one())


def open_of_refund_sql() -> ColumnElement[int]:
    """SQL over `Refund`: what of it is matched with nothing (`open_of_refund`)."""
    return _left_of_refund()


def uncovered_cents(invoice_id: int) -> int:
    """What banks took back, beyond what the payments of an invoice still had: owed by its customer, on no invoice."""
    paying = select(Settlement.payment_id).where(
        Settlement.invoice_id == invoice_id, Settlement.payment_id.is_not(None)
    )
    left = select(func.coalesce(func.sum(_left_of_refund()), 0)).where(Refund.payment_id.in_(paying))
    return int(db.session.scalars(left).one())


def _left_of_refund() -> ColumnElement[int]:
    won = select(func.coalesce(func.sum(DisputeWin.amount_cents), 0)).where(DisputeWin.refund_id == Refund.id)
    settled = _settled(Settlement.refund_id, Refund.id)
    return Refund.amount_cents - settled - won.correlate(Refund).scalar_subquery()


def refunded_cents(payment_id: int) -> int:
    """What of a payment went back and did not come again: refunds, and disputes that were not won."""
    won = select(DisputeWin.id).where(DisputeWin.refund_id == Refund.id).exists()
    total = select(func.coalesce(func.sum(Refund.amount_cents), 0))
    return int(db.session.scalars(total.where(Refund.payment_id == payment_id, ~won)).one())


@cache
def _any_of_them() -> type[Customer]:
    """One alias for all statements: to look up the columns of a new one takes longer than the query."""
    return aliased(Customer)


def merged_ids(customer_id: int | BindParameter[int]) -> Select[int]:
    """SQL: the ids of all customers that are one since their merges, whichever of them is named."""
    named = _any_of_them()
    head = (
        select(func.coalesce(named.merged_into_id, named.id)).where(named.id == customer_id).scalar_subquery()
    )
    return select(Customer.id).where(or_(Customer.id == head, Customer.merged_into_id == head))


def open_credits(customer_id: int) -> list[OpenCredit]:
    """The customer's payments and credit notes of which something is left, oldest first."""
    left = _left_of_payment()
    payments = db.session.execute(
        select(Payment.id, left, Payment.paid_on, Payment.reference).where(
            Payment.customer_id.in_(merged_ids(customer_id)), left > 0
        )
    )
    notes = db.session.execute(
        select(Document.id, open_cents_sql(), Document.issue_date, Document.number).where(
            Document.customer_id.in_(merged_ids(customer_id)),
            Document.kind == DocumentKind.CREDIT_NOTE,
            Document.state == DocumentState.ISSUED,
            open_cents_sql() > 0,
        )
    )
    found = [OpenCredit(row[0], None, int(row[1]), row[2], row[3]) for row in payments]
    found += [OpenCredit(None, row[0], int(row[1]), _known(row[2]), _known(row[3])) for row in notes]
    return sorted(found, key=lambda c: (c.dated, c.payment_id is None, c.payment_id or c.credit_note_id or 0))


def _known(value: T | None) -> T:
    assert value is not None, "an issued document has a number and a date"
    return value


def customer_credit_cents(customer_id: int) -> int:
    """What the customer has paid or been credited beyond what it owed, and not used yet."""
    return sum(credit.open_cents for credit in open_credits(customer_id))


def customer_due_cents(customer_id: int) -> int:
    """What is open on all the customer's issued invoices, and what went back to it beyond what it had paid."""
    due = select(func.coalesce(func.sum(due_cents_sql()), 0)).where(
        Document.customer_id.in_(merged_ids(customer_id)),
        Document.kind == DocumentKind.INVOICE,
        Document.state == DocumentState.ISSUED,
    )
    beyond = (
        select(func.coalesce(func.sum(_left_of_refund()), 0))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.customer_id.in_(merged_ids(customer_id)))
    )
    return int(db.session.scalars(due).one()) + int(db.session.scalars(beyond).one())
