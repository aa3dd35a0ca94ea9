"""What the customer's page of one invoice says: amounts, state, how to pay. Built for `routes.public` from our rows
alone; no call to PayPlug is made here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from core.colours import seller_css
from core.database import db
from invoicing.balances import DocumentBalance, balance_of
from invoicing.legal_mentions import MentionCode, read_mentions
from invoicing.lifecycle import PaymentStatus
from invoicing.models import Document
from invoicing.parties import Seller, read_seller
from invoicing.payment_codes import transfer_code
from invoicing.payments import Payment, Settlement
from payplug_bridge import matters_of_attempts
from payplug_bridge.attempts import attempts_of, may_still_be_paid
from payplug_bridge.billing import billing_for
from payplug_bridge.card_offer import CardOffer, offer_of, purse_of
from payplug_bridge.errors import BillingIncomplete
from payplug_bridge.link_terms import LinkTerms, terms_of
from payplug_bridge.models import AttemptState, PaymentAttempt, PayplugMode
from payplug_bridge.parts import Purse
from payplug_bridge.troubles import Trouble
from payplug_bridge.ways import Way, WayOffer

UNSETTLED_TROUBLES: Final = frozenset(
    {Trouble.AMOUNT, Trouble.OTHER_AMOUNT, Trouble.CURRENCY, Trouble.MODE, Trouble.METADATA}
)


class PageState(StrEnum):
    """What the page is about."""

    TO_PAY = "to_pay"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    CREDITED = "credited"
    CHECKING = "checking"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    CLOSED = "closed"


@dataclass(frozen=True)
class LastPayment:
    """The payment that settled something last: its business date, its instant when known, its details."""

    paid_on: date
    paid_at: datetime | None
    details: str
    amount_cents: int


@dataclass(frozen=True)
class Transfer:
    """How to pay by transfer: the IBAN in groups of four, and a code that banking applications read (EPC069-12)."""

    holder: str
    iban: str
    bic: str
    reference: str
    qr_code: str


@dataclass(frozen=True)
class PaidBy:
    """A payment that settles the invoice: what it settled, and the day."""

    payment_id: int
    paid_on: date
    settled_cents: int


@dataclass(frozen=True)
class PublicPage:
    """The page.

    `receipts` are the payments that settle it, each with a receipt; `about` says what it is when it was taken over from
    other software. `attempt` is the latest one; `missing` names the details to ask the payer for; `purse` says what one
    payment can be, None while none is possible.
    """

    document_id: int
    number: str
    due_date: date | None
    language: str
    seller: Seller
    balance: DocumentBalance
    state: PageState
    offer: CardOffer
    attempt: PaymentAttempt | None
    last_payment: LastPayment | None
    transfer: Transfer | None
    missing: tuple[str, ...]
    terms: LinkTerms
    purse: Purse | None
    receipts: tuple[PaidBy, ...] = ()
    about: str = ""

    @property
    def ways(self) -> tuple[WayOffer, ...]:
        """The ways that are possible."""
        return self.offer.ways if self.card_is_offered else ()

    @property
    def takes_american_express(self) -> bool:
        """Whether a card of American Express is accepted: said before the payer tries."""
        return any(offer.way is Way.AMERICAN_EXPRESS for offer in self.ways)

    @property
    def has_fees(self) -> bool:
        """True when one of the ways adds fees of its own."""
        return any(offer.way.endswith("_with_fees") for offer in self.ways)

    @property
    def only_way(self) -> WayOffer | None:
        """The way, when there is nothing to choose."""
        return self.ways[0] if len(self.ways) == 1 else None

    @property
    def transfer_shown(self) -> bool:
        """True when the transfer is offered: always where there is nothing else."""
        payable = self.state in (PageState.TO_PAY, PageState.PARTLY_PAID)
        return (
            payable and self.transfer is not None and (self.terms.shows_transfer or not self.card_is_offered)
        )

    @property
    def open_cents(self) -> int:
        """What remains due."""
        return self.balance.asked_cents

    @property
    def card_is_offered(self) -> bool:
        """True when the Pay button is shown."""
        return self.state in (PageState.TO_PAY, PageState.PARTLY_PAID) and self.offer.is_possible

    @property
    def is_waiting(self) -> bool:
        """True while the payer may be on PayPlug's page, or its news on the way."""
        return self.attempt is not None and self.attempt.state in (
            AttemptState.CREATED,
            AttemptState.UNCONFIRMED,
        )

    @property
    def was_declined(self) -> bool:
        """True when the latest try failed on PayPlug's page."""
        return self.attempt is not None and self.attempt.state is AttemptState.FAILED

    @property
    def was_paid_in_test(self) -> bool:
        """True when the latest try succeeded with a test key: nothing is settled by it."""
        attempt = self.attempt
        return attempt is not None and attempt.state is AttemptState.PAID and attempt.mode is PayplugMode.TEST

    @property
    def was_paid_in_part(self) -> bool:
        """True when the latest try paid a part and something remains."""
        attempt = self.attempt
        is_paid = (
            attempt is not None and attempt.state is AttemptState.PAID and attempt.mode is PayplugMode.LIVE
        )
        return is_paid and self.state is PageState.PARTLY_PAID and self.last_payment is not None

    @property
    def poll_state(self) -> str:
        """Changes whenever the page would look different."""
        attempt = f"{self.attempt.id}-{self.attempt.state.value}" if self.attempt else "none"
        return f"{self.state.value}:{self.open_cents}:{attempt}"

    @property
    def is_final(self) -> bool:
        """True when nothing more is expected."""
        return self.state in (PageState.PAID, PageState.CREDITED)


def public_page(document_id: int) -> PublicPage:
    """Build the page of an issued invoice of the company entered."""
    document = db.session.get_one(Document, document_id)
    balance, attempts = balance_of(document_id), attempts_of(document_id)
    seller = read_seller(document.seller)
    state = _state(balance, attempts)
    offer, terms = offer_of(document, balance.asked_cents), terms_of(document_id)
    assert document.number is not None, "a link exists for issued invoices alone"
    return PublicPage(
        document_id=document_id,
        number=document.number,
        due_date=document.due_date,
        language=document.language,
        seller=seller,
        balance=balance,
        state=state,
        offer=offer,
        attempt=attempts[-1] if attempts else None,
        last_payment=_last_payment(document_id),
        transfer=_transfer(seller, document.number, balance.asked_cents),
        missing=_missing(document) if offer.is_possible else (),
        terms=terms,
        purse=purse_of(document, balance.asked_cents, offer.ways[0]) if offer.is_possible else None,
        receipts=paid_by(document_id),
        about=_about(document),
    )


def payable_attempt(document_id: int) -> PaymentAttempt | None:
    """The latest attempt that PayPlug may have news of."""
    found = [attempt for attempt in attempts_of(document_id) if may_still_be_paid(attempt)]
    return found[-1] if found else None


def colours_css(seller: Seller) -> str:
    """The seller's colour as custom properties, with an ink that can be read on it."""
    return seller_css(seller.colour)


def _state(balance: DocumentBalance, attempts: list[PaymentAttempt]) -> PageState:
    if balance.status is PaymentStatus.CREDITED and balance.open_cents == 0:
        return PageState.CREDITED
    if balance.status.is_on_hold:
        return PageState(balance.status.value)
    if balance.status is PaymentStatus.LOST:
        return PageState.CLOSED
    if balance.open_cents == 0:
        return PageState.PAID
    if any(is_in_doubt(attempt) for attempt in attempts):
        # Money may have come that we could not book: nobody is asked twice before a person has looked.
        return PageState.CHECKING
    return PageState.PARTLY_PAID if balance.paid_cents else PageState.TO_PAY


def is_in_doubt(attempt: PaymentAttempt) -> bool:
    """True while money may have come by the attempt that settles nothing yet: nobody is asked twice."""
    return attempt.trouble in UNSETTLED_TROUBLES and matters_of_attempts.waits(attempt)


def _last_payment(document_id: int) -> LastPayment | None:
    row = db.session.scalars(
        select(Payment)
        .join(Settlement, Settlement.payment_id == Payment.id)
        .where(Settlement.invoice_id == document_id, Settlement.undoes_id.is_(None))
        .order_by(Settlement.id.desc())
        .limit(1)
    ).one_or_none()
    return LastPayment(row.paid_on, row.paid_at, row.details, row.amount_cents) if row is not None else None


def paid_by(document_id: int) -> tuple[PaidBy, ...]:
    """The payments that settle the invoice now, oldest first; those that were first made for another invoice are left
    out: their receipt would tell of it."""
    first, any_ = aliased(Settlement), aliased(Settlement)
    made_for = (
        select(func.min(any_.id))
        .where(any_.invoice_id.is_not(None), any_.payment_id == Payment.id)
        .correlate(Payment)
        .scalar_subquery()
    )
    settled = func.sum(
        case((Settlement.undoes_id.is_(None), Settlement.amount_cents), else_=-Settlement.amount_cents)
    )
    rows = db.session.execute(
        select(Payment.id, Payment.paid_on, settled)
        .join(Settlement, Settlement.payment_id == Payment.id)
        .join(first, first.id == made_for)
        .where(Settlement.invoice_id == document_id, first.invoice_id == document_id)
        .group_by(Payment.id, Payment.paid_on)
        .having(settled > 0)
        .order_by(Payment.paid_on, Payment.id)
    )
    return tuple(PaidBy(payment_id, day, int(cents)) for payment_id, day, cents in rows)


def _about(document: Document) -> str:
    if not document.is_taken_over:
        return ""
    said = [mention for mention in read_mentions(document.mentions) if mention.code is MentionCode.TAKEN_OVER]
    return said[0].text if said else ""


def _missing(document: Document) -> tuple[str, ...]:
    try:
        billing_for(document, {})
    except BillingIncomplete as incomplete:
        return incomplete.fields
    return ()


def _transfer(seller: Seller, number: str, open_cents: int) -> Transfer | None:
    if not seller.iban or open_cents <= 0:
        return None
    groups = " ".join(seller.iban[i : i + 4] for i in range(0, len(seller.iban), 4))
    qr_code = transfer_code(seller, number, open_cents, scale=4, border=3)
    return Transfer(seller.name, groups, seller.bic, number, qr_code)
