"""Records money received: payment, settlement, entry, seal in one transaction of the caller.

Called by the payment form, by `apply_snapshot` for card payments, by imports and the demo.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from accounting.facts import CollectionFact, Share
from accounting.record import record
from core.clock import paris_today
from core.database import db
from core.event_log import record_event
from core.seal import seal
from invoicing.balances import DocumentBalance, balance_of, paid_further
from invoicing.input_checks import FieldErrors
from invoicing.ledger_facts import TREASURY_OF, collection_states_at, invoice_key, payment_key, third_party
from invoicing.locked_documents import locked_issued_invoice
from invoicing.models import Document, PaymentCard
from invoicing.parties import read_buyer
from invoicing.payments import Payment, PaymentMethod
from invoicing.settle import settle
from invoicing.tell_payment import tell_payment

LARGEST_PAYMENT_CENTS = 10**12


@dataclass(frozen=True)
class CardInput:
    """What the processor said of the card, as far as it may be kept; `is_3ds` None when it did not say."""

    brand: str
    last4: str
    is_3ds: bool | None = None


@dataclass(frozen=True)
class PaymentInput:
    """Money that came in for an invoice.

    Attributes:
        amount_cents: above zero; what exceeds the open part becomes the customer's credit.
        paid_on: business date of the money, not in the future.
        paid_at: the instant, when known (card payments), UTC.
        reference: as on the bank statement or cheque.
        details: more for people (bank of the cheque, card brand), never secret.
        external_id: the processor's id, unique in the company.
        card: of a card payment.
        request_key: a random key of the form, so that sending it twice records once.
        settles: False keeps all of it as the customer's credit, for a person to decide what it pays.
    """

    invoice_id: int
    method: PaymentMethod
    amount_cents: int
    paid_on: date
    paid_at: datetime | None = None
    reference: str = ""
    details: str = ""
    external_id: str | None = None
    card: CardInput | None = None
    request_key: str | None = None
    recorded_by_id: int | None = None
    settles: bool = True


def record_payment(given: PaymentInput) -> Payment:
    """Record a payment and settle the invoice with it, as far as it is open; the surplus stays the customer's credit.

    The same `external_id` or `request_key` returns the payment recorded before.

    Raises:
        NotFoundError: there is no such issued invoice.
        InvalidInputError: naming every field that is wrong.
    """
    # Under the invoice's lock two payments at once come one after the other, and so do two copies of one.
    invoice = locked_issued_invoice(given.invoice_id)
    earlier = _earlier(given)
    if earlier is not None:
        return earlier
    payment = _checked_payment(given, invoice)
    db.session.add(payment)
    db.session.flush()
    before = balance_of(invoice.id)
    settled = _settled(payment, invoice, before) if given.settles else 0
    record(_fact(payment, invoice, settled, paid_further(before, settled)))
    seal("payment", payment.id)
    if given.card is not None:
        card = given.card
        db.session.add(
            PaymentCard(payment_id=payment.id, brand=card.brand, last4=card.last4, is_3ds=card.is_3ds)
        )
    record_event(
        "payment.recorded", actor_id=given.recorded_by_id, subject=("document", invoice.id), payment_id=payment.id,
        method=payment.method, amount_cents=payment.amount_cents, settled_cents=settled,
    )  # fmt: skip
    if payment.method is PaymentMethod.CARD:
        tell_payment(payment, invoice)
    return payment


def _settled(payment: Payment, invoice: Document, before: DocumentBalance) -> int:
    settlement = settle(
        at_most_cents=payment.amount_cents,
        settled_on=payment.paid_on,
        invoice_id=invoice.id,
        payment_id=payment.id,
        # Nothing of a new payment is used yet.
        open_cents=min(before.open_cents, payment.amount_cents),
    )
    return settlement.amount_cents if settlement else 0


def _earlier(given: PaymentInput) -> Payment | None:
    keys = []
    if given.external_id is not None:
        keys.append(Payment.external_id == given.external_id)
    if given.request_key is not None:
        keys.append(Payment.request_key == given.request_key)
    return db.session.scalars(select(Payment).where(or_(*keys))).one_or_none() if keys else None


def _checked_payment(given: PaymentInput, invoice: Document) -> Payment:
    errors = FieldErrors()
    if given.amount_cents <= 0:
        errors.add("amount_cents", _l("The amount must be above zero."))
    elif given.amount_cents > LARGEST_PAYMENT_CENTS:
        errors.add("amount_cents", _l("This number is too large."))
    if errors.day("paid_on", given.paid_on) is not None and given.paid_on > paris_today():
        errors.add("paid_on", _l("The payment date lies in the future. Choose today or an earlier day."))
    payment = Payment(
        customer_id=invoice.customer_id,
        method=given.method,
        amount_cents=given.amount_cents,
        paid_on=given.paid_on,
        paid_at=given.paid_at,
        reference=errors.text("reference", given.reference, 100),
        details=errors.text("details", given.details, 255),
        external_id=given.external_id,
        request_key=given.request_key,
        recorded_by_id=given.recorded_by_id,
    )
    errors.raise_if_any()
    return payment


def _fact(payment: Payment, invoice: Document, settled: int, balance: DocumentBalance) -> CollectionFact:
    shares = [
        Share(invoice_key(invoice.id), settled),
        Share(payment_key(payment.id), payment.amount_cents - settled),
    ]
    return CollectionFact(
        source=("payment", payment.id),
        treasury=TREASURY_OF[payment.method],
        paid_on=payment.paid_on,
        reference=payment.reference,
        third_party=third_party(read_buyer(invoice.buyer)),
        shares=tuple(share for share in shares if share.amount_cents),
        collection=collection_states_at(invoice, balance) if settled else (),
    )
