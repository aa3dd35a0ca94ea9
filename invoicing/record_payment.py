"""Records money received: payment, settlements, entry, seal in one transaction of the caller.

Called by the payment forms, by `apply_snapshot` for card payments, by the bank's lines, by imports and the demo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from accounting.facts import CollectionFact, CollectionState, Share
from accounting.record import record
from core.clock import paris_today
from core.database import db
from core.event_log import record_event
from core.money import format_cents
from core.seal import seal
from invoicing.balances import balance_of, merged_ids, paid_further
from invoicing.early_days import long_before_the_books
from invoicing.input_checks import FieldErrors
from invoicing.ledger_facts import (
    collection_states_at,
    live_key,
    payment_key,
    share_on,
    third_party,
    treasury_of,
)
from invoicing.locked_documents import locked_issued_invoice
from invoicing.models import Customer, Document, PaymentCard
from invoicing.parties import read_buyer
from invoicing.payment_means import chosen_treasury_id, possible_accounts
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
class PaymentPart:
    """What a payment of several invoices pays of one of them, in cents above zero."""

    invoice_id: int
    amount_cents: int

    @property
    def field(self) -> str:
        """What the form calls the amount of this invoice."""
        return f"part_{self.invoice_id}"


@dataclass(frozen=True)
class PaymentInput:
    """Money that came in for an invoice, or for several of one customer.

    Attributes:
        invoice_id: the invoice, or the first of several.
        amount_cents: above zero; what exceeds the open part becomes the customer's credit.
        paid_on: business date of the money, not in the future.
        paid_at: the instant, when known (card payments), UTC.
        reference: as on the bank statement or cheque.
        details: more for people (bank of the cheque, card brand), never secret.
        external_id: the processor's id, unique in the company.
        card: of a card payment.
        request_key: a random key of the form, so that sending it twice records once.
        settles: False keeps all of it as the customer's credit, for a person to decide what it pays.
        treasury_account_id: where it came in; None: where the company has money of this means come in.
        accepts_early: the day is meant, however long it lies before the books (`early_days`).
        parts: what each of several invoices takes of it; empty: `invoice_id` takes what is open.
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
    accepts_early: bool = False
    parts: tuple[PaymentPart, ...] = ()
    treasury_account_id: int | None = None


def record_payment(given: PaymentInput) -> Payment:
    """Record a payment and settle its invoices, as far as they are open; the surplus stays the customer’s credit.

    The same `external_id` or `request_key` returns the payment recorded before.

    Raises:
        NotFoundError: there is no such issued invoice.
        InvalidInputError: naming every field that is wrong; of several invoices `part_<id>` is the amount of one.
    """
    # Under the invoices' locks two payments at once come one after the other, and so do two copies of one.
    invoices = _locked_invoices(given)
    earlier = _earlier(given)
    if earlier is not None:
        return earlier
    payment = _checked_payment(given, invoices)
    db.session.add(payment)
    db.session.flush()
    settled, states = _settled(payment, invoices, given)
    record(_fact(payment, invoices[0], settled, states))
    seal("payment", payment.id)
    if given.card is not None:
        card = given.card
        db.session.add(
            PaymentCard(payment_id=payment.id, brand=card.brand, last4=card.last4, is_3ds=card.is_3ds)
        )
    for invoice in invoices:
        record_event(
            "payment.recorded", actor_id=given.recorded_by_id, subject=("document", invoice.id),
            payment_id=payment.id, method=payment.method, amount_cents=payment.amount_cents,
            settled_cents=settled.get(invoice.id, 0),
        )  # fmt: skip
    if payment.method is PaymentMethod.CARD:
        tell_payment(payment, invoices[0])
    return payment


def _locked_invoices(given: PaymentInput) -> list[Document]:
    """The invoices under lock, by id: the one order of locks."""
    ids = {part.invoice_id for part in given.parts} or {given.invoice_id}
    return [locked_issued_invoice(invoice_id) for invoice_id in sorted(ids)]


def _settled(
    payment: Payment, invoices: Sequence[Document], given: PaymentInput
) -> tuple[dict[int, int], tuple[CollectionState, ...]]:
    """Settle each invoice; the cents that each took, and where it stands for VAT on collection since."""
    wanted = {part.invoice_id: part.amount_cents for part in given.parts}
    left, settled = payment.amount_cents, dict[int, int]()
    states: list[CollectionState] = []
    for invoice in invoices if given.settles else ():
        before = balance_of(invoice.id)
        # Of a new payment nothing is used but what the invoices before this one took.
        open_cents = min(before.open_cents, left)
        settlement = settle(
            at_most_cents=wanted.get(invoice.id, left), settled_on=payment.paid_on, invoice_id=invoice.id,
            payment_id=payment.id, open_cents=open_cents,
        )  # fmt: skip
        if settlement is None:
            continue
        settled[invoice.id] = settlement.amount_cents
        left -= settlement.amount_cents
        states += collection_states_at(invoice, paid_further(before, settlement.amount_cents))
    return settled, tuple(states)


def _earlier(given: PaymentInput) -> Payment | None:
    keys = []
    if given.external_id is not None:
        keys.append(Payment.external_id == given.external_id)
    if given.request_key is not None:
        keys.append(Payment.request_key == given.request_key)
    return db.session.scalars(select(Payment).where(or_(*keys))).one_or_none() if keys else None


def _checked_payment(given: PaymentInput, invoices: Sequence[Document]) -> Payment:
    errors = FieldErrors()
    _check_parts(given, invoices, errors)
    if given.amount_cents <= 0:
        errors.add("amount_cents", _l("The amount must be above zero."))
    elif given.amount_cents > LARGEST_PAYMENT_CENTS:
        errors.add("amount_cents", _l("This number is too large."))
    day = errors.day("paid_on", given.paid_on)
    if day is not None and day > paris_today():
        errors.add("paid_on", _l("The payment date lies in the future. Choose today or an earlier day."))
    elif day is not None:
        _check_early(given, errors)
    payment = Payment(
        customer_id=_payer(given, invoices).customer_id,
        method=given.method,
        amount_cents=given.amount_cents,
        paid_on=given.paid_on,
        paid_at=given.paid_at,
        reference=errors.text("reference", given.reference, 100),
        details=errors.text("details", given.details, 255),
        external_id=given.external_id,
        request_key=given.request_key,
        recorded_by_id=given.recorded_by_id,
        treasury_account_id=_treasury_id(given, errors),
    )
    errors.raise_if_any()
    return payment


def _check_early(given: PaymentInput, errors: FieldErrors) -> None:
    """A card payment is dated by its processor; of any other a person may have mistyped the year."""
    if given.accepts_early or given.method is PaymentMethod.CARD:
        return
    first = long_before_the_books(given.paid_on)
    if first is not None:
        errors.add(
            "accepts_early",
            _l(
                "%(day)s is long before your books begin (%(first)s). Check the year, or tick this box.",
                day=f"{given.paid_on:%d/%m/%Y}",
                first=f"{first:%d/%m/%Y}",
            ),
        )


def _treasury_id(given: PaymentInput, errors: FieldErrors) -> int | None:
    wanted = given.treasury_account_id
    if wanted is None:
        return None if given.method is PaymentMethod.CARD else chosen_treasury_id(given.method)
    if wanted not in {account.id for account in possible_accounts(given.method)}:
        errors.add("treasury_account_id", _l("Money of this means does not come in on this account."))
    return wanted


def _payer(given: PaymentInput, invoices: Sequence[Document]) -> Document:
    return next((invoice for invoice in invoices if invoice.id == given.invoice_id), invoices[0])


def _check_parts(given: PaymentInput, invoices: Sequence[Document], errors: FieldErrors) -> None:
    """Several invoices: of one customer, no part above what is open now, together not above what came in."""
    if not given.parts:
        return
    customers = set(
        db.session.scalars(select(Customer.id).where(Customer.id.in_(merged_ids(invoices[0].customer_id))))
    )
    if any(invoice.customer_id not in customers for invoice in invoices):
        errors.add("parts", _l("One payment pays invoices of one customer."))
    for part in given.parts:
        open_cents = balance_of(part.invoice_id).open_cents
        if part.amount_cents <= 0:
            errors.add(part.field, _l("The amount must be above zero."))
        elif part.amount_cents > open_cents:
            due = format_cents(max(open_cents, 0), get_locale())
            errors.add(part.field, _l("Only %(amount)s are due on this invoice.", amount=due))
    if sum(part.amount_cents for part in given.parts) > given.amount_cents:
        errors.add("amount_cents", _l("The invoices take more than what came in. Lower their amounts."))


def _fact(
    payment: Payment, invoice: Document, settled: dict[int, int], states: tuple[CollectionState, ...]
) -> CollectionFact:
    surplus = payment.amount_cents - sum(settled.values())
    shares = [
        share_on(live_key(db.session.get_one(Document, invoice_id)), cents)
        for invoice_id, cents in settled.items()
    ]
    shares.append(Share(payment_key(payment.id), surplus))
    return CollectionFact(
        source=("payment", payment.id),
        treasury=treasury_of(payment),
        paid_on=payment.paid_on,
        reference=payment.reference,
        third_party=third_party(read_buyer(invoice.buyer)),
        shares=tuple(share for share in shares if share.amount_cents),
        collection=states,
    )
