"""From the click on *Pay* to the address of PayPlug's page; called by the public payment page.

Each step is committed before the next, and no network call is made inside a transaction: write the attempt, ask
PayPlug, record the answer. A process that dies between two of them leaves an attempt that the next click or the sync
finds again at PayPlug by its reference. Two clicks at once are sent to one and the same page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import select

from core.clock import paris_today, utc_now
from core.database import db, lock, transaction
from invoicing.balances import balance_of
from invoicing.models import Document
from invoicing.parties import read_seller
from payplug_bridge.apply_snapshot import apply_snapshot
from payplug_bridge.attempts import OPEN, attempts_of, locked, may_still_be_paid, new_attempt, pass_to
from payplug_bridge.billing import billing_for
from payplug_bridge.card_offer import CardOffer, Obstacle, offer_of, purse_of
from payplug_bridge.check_attempt import IN_FLIGHT, check_attempt
from payplug_bridge.client import PaymentRequest
from payplug_bridge.close_attempt import close_attempt
from payplug_bridge.errors import (
    BillingIncomplete,
    CardNotPossible,
    NothingToPay,
    PaymentBeingPrepared,
    PayplugBusy,
    PayplugError,
    PayplugRefused,
    PayplugUnconfirmed,
    PayplugUnreachable,
)
from payplug_bridge.facts import KEY_REFUSED, store_failure
from payplug_bridge.keys import client_for, notification_url
from payplug_bridge.models import AttemptState, PaymentAttempt, PayplugMode
from payplug_bridge.public_page import is_in_doubt
from payplug_bridge.snapshots import PaymentSnapshot
from payplug_bridge.waiting import seconds_left
from payplug_bridge.ways import Way
from payplug_bridge.wish import Plan, Wish, details_asked, extras_for

log = structlog.get_logger(__name__)

REUSE_WITHIN: Final = timedelta(minutes=10)
"""A page at PayPlug ends some tens of minutes after it was made (the delay is not documented; a plugin of theirs uses
a page for 10 minutes)."""

# A declined payment's page may be paid on for as long as it lives: assumed to be less than this.
CLOSE_WITHIN: Final = timedelta(days=1)
WAIT_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.25
LEAST_SECONDS: Final = 2.0
"""A payment is not asked for with less time left: its answer would be lost."""
MOST_ROUNDS: Final = 8
LONGEST_DESCRIPTION: Final = 80
NO_WISH: Final = Wish()


@dataclass(frozen=True)
class _Ask:
    attempt_id: int


@dataclass(frozen=True)
class _Reuse:
    url: str


@dataclass(frozen=True)
class _Close:
    attempt_id: int


@dataclass(frozen=True)
class _Await:
    attempt_id: int


_Step = _Ask | _Reuse | _Close | _Await


@dataclass(frozen=True)
class ReturnAddresses:
    """Where PayPlug's page sends the payer: after paying or failing, and after cancelling."""

    return_url: str
    cancel_url: str


def start_payment(
    document_id: int, back: ReturnAddresses, answers: Mapping[str, str] | None = None, wish: Wish = NO_WISH
) -> str:
    """Make, or find again, the one payment page at PayPlug for what is to be paid now, and return its address.

    Opens its own transactions; call it outside any.

    Args:
        document_id: an issued invoice of the company entered.
        back: our own pages.
        answers: what the payer typed to complete her details (keys of PayPlug's billing).
        wish: by which way and how much she wants to pay; without one, all that is due by the first way.

    Raises:
        AmountNotPossible: not this amount at once.
        NothingToPay: paid or credited in the meantime, or a person has to look at what came first.
        CardNotPossible: limits, no active key, or PayPlug refuses our key.
        BillingIncomplete: the payer's details have to be completed.
        PaymentBeingPrepared: another tab is being served; trying again in a few seconds will do.
        PayplugUnconfirmed: PayPlug is down; nothing can be paid twice by trying again.
        PayplugBusy: the time of those who look on went by before a payment was asked for.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    closed: set[int] = set()
    for _ in range(MOST_ROUNDS):
        if seconds_left(LEAST_SECONDS) < LEAST_SECONDS:
            raise PayplugBusy
        step = _next_step(document_id, closed, answers or {}, wish)
        match step:
            case _Reuse(url):
                return url
            case _Ask(attempt_id):
                url = _ask(attempt_id, back, answers or {})
                if url:
                    return url
            case _Close(attempt_id):
                closed.add(attempt_id)
                close_attempt(attempt_id)
            case _Await(attempt_id):
                _await_answer(attempt_id, deadline)
    raise PaymentBeingPrepared


def _next_step(document_id: int, closed: set[int], answers: Mapping[str, str], wish: Wish) -> _Step:
    """Decide under locks what comes next; a new attempt is written and committed here."""
    with transaction():
        return _decide(document_id, closed, answers, wish)


def _decide(document_id: int, closed: set[int], answers: Mapping[str, str], wish: Wish) -> _Step:
    recent = [locked(a.id) for a in attempts_of(document_id) if _matters(a)]
    document = lock(select(Document).where(Document.id == document_id))
    assert document is not None
    newer = _open_attempt_besides(document_id, {attempt.id for attempt in recent})
    if newer is not None:
        # Written by another tab between our look and the lock; locking it now would turn the order of locks round.
        return _Await(newer)
    due_cents = balance_of(document_id).asked_cents
    offer = offer_of(document, due_cents)
    plan = _plan(document, due_cents, offer, wish) if offer.is_possible else None
    for attempt in recent:
        step = _step_for(attempt, plan, offer.mode, closed)
        if step is not None:
            return step
    _check_offer(offer)
    if any(is_in_doubt(attempt) for attempt in attempts_of(document_id)):
        # The page asks for nothing now, but one that was opened before still has its button.
        raise NothingToPay
    assert offer.mode is not None
    assert plan is not None
    billing_for(document, answers, details_asked(plan.way))
    return _Ask(new_attempt(document_id, plan.amount_cents, offer.mode, plan.way).id)


def _plan(document: Document, due_cents: int, offer: CardOffer, wish: Wish) -> Plan:
    """The way and the amount that were wished, checked against what is possible now."""
    chosen = offer.way(wish.way)
    purse = purse_of(document, due_cents, chosen)
    return Plan(purse.checked(wish.amount_cents), chosen.way)


def _open_attempt_besides(document_id: int, known: set[int]) -> int | None:
    """Attempts are written under the invoice's lock alone, so what is not seen here does not exist."""
    db.session.expire_all()
    found = [a.id for a in attempts_of(document_id) if a.state in OPEN and a.id not in known]
    return found[-1] if found else None


def _matters(attempt: PaymentAttempt) -> bool:
    return attempt.state in OPEN or (
        may_still_be_paid(attempt) and attempt.created_at > utc_now() - CLOSE_WITHIN
    )


def _step_for(
    attempt: PaymentAttempt, plan: Plan | None, mode: PayplugMode | None, closed: set[int]
) -> _Step | None:
    """What an earlier attempt asks for before a new one may be made; None when it no longer matters."""
    if not may_still_be_paid(attempt):
        return None
    if attempt.payplug_id is None:
        return _Await(attempt.id)
    is_wanted = plan is not None and (attempt.amount_cents, attempt.way) == (plan.amount_cents, plan.way)
    same = is_wanted and attempt.mode is mode and not attempt.trouble
    young = attempt.created_at > utc_now() - REUSE_WITHIN
    is_created = attempt.state is AttemptState.CREATED
    if is_created and attempt.payment_url and same and (young or attempt.id in closed):
        # Also when PayPlug would not abort it: one page that can be paid is better than two.
        return _Reuse(attempt.payment_url)
    if attempt.id not in closed:
        return _Close(attempt.id)
    if is_created:
        raise CardNotPossible
    return None


def _check_offer(offer: CardOffer) -> None:
    if offer.obstacle is Obstacle.NOTHING_DUE:
        raise NothingToPay
    if offer.obstacle is not None:
        raise CardNotPossible


def _await_answer(attempt_id: int, deadline: float) -> None:
    """Wait for the process that is asking PayPlug; when it is dead or gave up, ask PayPlug ourselves."""
    attempt = db.session.get_one(PaymentAttempt, attempt_id)
    while attempt.state is AttemptState.PREPARED and attempt.created_at > utc_now() - IN_FLIGHT:
        if time.monotonic() > deadline:
            break
        db.session.rollback()
        time.sleep(POLL_SECONDS)
        db.session.refresh(attempt)
    if attempt.payplug_id is None and attempt.state in OPEN:
        state = check_attempt(attempt_id)
        if state is AttemptState.PREPARED:
            raise PaymentBeingPrepared


def _ask(attempt_id: int, back: ReturnAddresses, answers: Mapping[str, str]) -> str:
    """Call PayPlug and record its answer; empty when the attempt must not be paid any more."""
    attempt = db.session.get_one(PaymentAttempt, attempt_id)
    client, request = client_for(attempt.mode), _request(attempt, back, answers)
    db.session.rollback()
    try:
        snapshot = client.create_payment(request)
    except PayplugRefused as refusal:
        _record_refusal(attempt_id, f"http_{refusal.status}", " ".join(refusal.fields))
        raise _told(refusal) from None
    except PayplugUnreachable as error:
        _record_refusal(attempt_id, error.cause, "")
        raise
    except PayplugUnconfirmed as error:
        return _record_doubt(attempt_id, error)
    return _record_answer(attempt_id, snapshot)


def _request(attempt: PaymentAttempt, back: ReturnAddresses, answers: Mapping[str, str]) -> PaymentRequest:
    document = db.session.get_one(Document, attempt.document_id)
    plan = Plan(attempt.amount_cents, Way(attempt.way))
    label = (document.number or "")[:LONGEST_DESCRIPTION]
    return PaymentRequest(
        amount_cents=attempt.amount_cents,
        reference=attempt.reference,
        description=label,
        billing=billing_for(document, answers, details_asked(plan.way)),
        notification_url=notification_url(),
        return_url=back.return_url,
        cancel_url=back.cancel_url,
        extras=extras_for(plan, label, read_seller(document.seller).name, paris_today()),
    )


def _told(refusal: PayplugRefused) -> Exception:
    """What the payer can do about a refusal: complete her details, or pay otherwise."""
    log.error("payplug_refused_payment", status=refusal.status, fields=refusal.fields)
    billing = tuple(
        name.partition(".")[2] for name in refusal.fields if name.startswith(("billing.", "shipping."))
    )
    return BillingIncomplete(tuple(dict.fromkeys(billing))) if billing else CardNotPossible()


def _record_refusal(attempt_id: int, code: str, fields: str) -> None:
    with transaction():
        attempt = locked(attempt_id)
        if attempt.state is AttemptState.PREPARED:
            pass_to(attempt, AttemptState.REFUSED)
            if code == KEY_REFUSED:
                # The next payer reads at once how to pay otherwise; the key is tried again by itself.
                store_failure(attempt.mode, code)
            attempt.failure_code, attempt.failure_message = code[:80], fields[:500]


def _record_doubt(attempt_id: int, error: PayplugUnconfirmed) -> str:
    """PayPlug may or may not have made the payment: say so, then look for it at once.

    Raises:
        PayplugUnconfirmed: it is not there, or PayPlug is still down; the next click or the sync looks again.
    """
    with transaction():
        attempt = locked(attempt_id)
        if attempt.state is AttemptState.PREPARED:
            pass_to(attempt, AttemptState.UNCONFIRMED)
            attempt.failure_code = error.cause[:80]
    try:
        state = check_attempt(attempt_id)
    except PayplugError:
        raise error from None
    attempt = db.session.get_one(PaymentAttempt, attempt_id, populate_existing=True)
    if state is AttemptState.CREATED and attempt.payment_url:
        return attempt.payment_url
    raise error


def _record_answer(attempt_id: int, snapshot: PaymentSnapshot) -> str:
    with transaction():
        apply_snapshot(snapshot)
        attempt = locked(attempt_id)
        lock(select(Document).where(Document.id == attempt.document_id))
        still_due = balance_of(attempt.document_id).asked_cents >= attempt.amount_cents
        if attempt.state is AttemptState.CREATED and still_due:
            return attempt.payment_url
    # A transfer was recorded, or another tab gave this attempt up, while PayPlug was answering.
    close_attempt(attempt_id)
    return ""
