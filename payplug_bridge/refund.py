"""From the click on *Refund* to the money given back and booked; called by the page of a card payment.

Each step is committed before the next, and no network call is made inside a transaction: write the request, ask
PayPlug, record refund and entry in one transaction. A process that dies between two of them leaves a request that
`check_refund` finds again at PayPlug by its reference: nothing is given back twice.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

import structlog
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.clock import utc_now
from core.database import commit_once, db, transaction
from core.event_log import record_event
from invoicing.balances import balance_of, refunded_cents
from invoicing.errors import NotFoundError
from invoicing.input_checks import FieldErrors
from invoicing.locked_payments import lock_payment
from invoicing.note_of_payer import note_of_payer
from invoicing.payments import Payment
from payplug_bridge.apply_refunds import apply_refunds
from payplug_bridge.attempts import locked
from payplug_bridge.check_refund import OPEN_REFUNDS, check_refund, locked_request
from payplug_bridge.errors import (
    PayplugError,
    PayplugRefused,
    PayplugUnconfirmed,
    PayplugUnreachable,
    RefundInProgress,
)
from payplug_bridge.keys import client_for
from payplug_bridge.models import PaymentAttempt, PayplugMode, PayplugRefund, RefundState
from payplug_bridge.snapshots import RefundSnapshot

log = structlog.get_logger(__name__)

LEAST_REFUND_CENTS: Final = 10
"""PayPlug gives back no less (its documentation of refunds)."""
TOO_OLD, NOT_LEFT = "too_old", "not_left"


@dataclass(frozen=True)
class RefundRequest:
    """What is to be given back: cents of a card payment, against a credit note of its customer where one is named."""

    payment_id: int
    amount_cents: int
    credit_note_id: int | None = None
    reason: str = ""
    request_key: str | None = None
    actor_id: int | None = None


def refund_card(given: RefundRequest) -> PayplugRefund:
    """Have PayPlug give money back and book it. Opens its own transactions; call it outside any.

    The same `request_key` is one refund, however often it is sent.

    Returns:
        The request as it stands: DONE and booked; REFUSED with a `failure_code`; UNCONFIRMED when PayPlug has not said
        (it is looked for by itself); PREPARED when the other of two clicks is just asking.

    Raises:
        NotFoundError: the company has no such card payment, or its customer no such credit note.
        InvalidInputError: naming every field that is wrong.
        RefundInProgress: of another refund of this payment it is not known yet whether it was made.
        CardNotPossible: the key of the account is gone.
        SimulatorNotAllowed: false money would reach real books.
    """
    client_for(PayplugMode.LIVE)  # without a key nothing is written
    db.session.rollback()
    request_id, is_new = commit_once(lambda: _prepare(given))
    if is_new:
        _ask(request_id)
    return db.session.get_one(PayplugRefund, request_id, populate_existing=True)


def attempt_of_payment(payment_id: int) -> PaymentAttempt | None:
    """The paid attempt that a payment of the books came from; None for one that did not come by PayPlug."""
    paid = select(PaymentAttempt).where(
        PaymentAttempt.payment_id == payment_id, PaymentAttempt.mode == PayplugMode.LIVE
    )
    return db.session.scalars(paid).one_or_none()


def _prepare(given: RefundRequest) -> tuple[int, bool]:
    """Write what PayPlug is about to be asked, under the locks of attempt, documents and payment."""
    found = attempt_of_payment(given.payment_id)
    if found is None:
        raise NotFoundError(_l("This payment did not come by card."))
    attempt = locked(found.id)
    earlier = _earlier(given.request_key)
    if earlier is not None:
        return earlier.id, False
    payment, _invoices = lock_payment(
        given.payment_id, [] if given.credit_note_id is None else [given.credit_note_id]
    )
    _refuse_while_open(attempt)
    request = PayplugRefund(
        attempt_id=attempt.id,
        payment_id=payment.id,
        credit_note_id=given.credit_note_id,
        amount_cents=given.amount_cents,
        reason=_checked(given, payment),
        reference=secrets.token_urlsafe(24),
        request_key=given.request_key,
        requested_by_id=given.actor_id,
        state=RefundState.PREPARED,
        created_at=utc_now(),
    )
    db.session.add(request)
    db.session.flush()
    record_event(
        "refund.asked", actor_id=given.actor_id, subject=("document", attempt.document_id),
        amount_cents=given.amount_cents, payment_id=payment.id,
    )  # fmt: skip
    return request.id, True


def _earlier(request_key: str | None) -> PayplugRefund | None:
    if request_key is None:
        return None
    same = select(PayplugRefund).where(PayplugRefund.request_key == request_key)
    return db.session.scalars(same).one_or_none()


def _refuse_while_open(attempt: PaymentAttempt) -> None:
    open_ = select(PayplugRefund.id).where(
        PayplugRefund.attempt_id == attempt.id, PayplugRefund.state.in_(OPEN_REFUNDS)
    )
    if db.session.scalars(open_).first() is not None:
        raise RefundInProgress


def _checked(given: RefundRequest, payment: Payment) -> str:
    """Refuse what PayPlug would refuse, and more than the note has; returns the reason as it is kept."""
    errors = FieldErrors()
    left = payment.amount_cents - refunded_cents(payment.id)
    if given.amount_cents < LEAST_REFUND_CENTS:
        errors.add("amount_cents", _l("PayPlug gives back 10 cents or more."))
    elif given.amount_cents > left:
        errors.add("amount_cents", _l("This is more than what is left of the payment."))
    if given.credit_note_id is not None:
        note = note_of_payer(given.credit_note_id, payment)
        if balance_of(note.id).open_cents < given.amount_cents:
            errors.add("credit_note_id", _l("This is more than what the credit note has left."))
    reason = errors.text("reason", given.reason, 255)
    errors.raise_if_any()
    return reason


def _ask(request_id: int) -> None:
    """Call PayPlug and record its answer."""
    request = db.session.get_one(PayplugRefund, request_id)
    attempt = db.session.get_one(PaymentAttempt, request.attempt_id)
    payplug_id, amount_cents, reference = attempt.payplug_id, request.amount_cents, request.reference
    assert payplug_id is not None, "a paid attempt is known at PayPlug"
    client = client_for(PayplugMode.LIVE)
    db.session.rollback()
    try:
        told = client.create_refund(payplug_id, amount_cents, reference)
    except PayplugRefused as refusal:
        log.warning("payplug_refused_refund", request=request_id, status=refusal.status)
        _record_refusal(request_id, f"http_{refusal.status}")
        _find_out_why(request_id)
    except PayplugUnreachable as error:
        _record_refusal(request_id, error.cause)
    except PayplugUnconfirmed as error:
        _record_doubt(request_id, error.cause)
    else:
        _record_answer(request_id, told)


def _record_answer(request_id: int, told: RefundSnapshot) -> None:
    """Refund, settlements, entry and the request's end, in one transaction."""
    with transaction():
        attempt = locked(db.session.get_one(PayplugRefund, request_id).attempt_id)
        apply_refunds(attempt, [told])


def _record_refusal(request_id: int, code: str) -> None:
    with transaction():
        request = locked_request(request_id)
        if request.state in OPEN_REFUNDS:
            request.state, request.failure_code, request.checked_at = (
                RefundState.REFUSED,
                code[:80],
                utc_now(),
            )


def _find_out_why(request_id: int) -> None:
    """PayPlug's words are not documented; the payment itself tells whether it is too old or given back already."""
    request = db.session.get_one(PayplugRefund, request_id)
    attempt = db.session.get_one(PaymentAttempt, request.attempt_id)
    attempt_id, payplug_id, amount_cents = attempt.id, attempt.payplug_id or "", request.amount_cents
    client = client_for(PayplugMode.LIVE)
    db.session.rollback()
    try:
        snapshot = client.retrieve_payment(payplug_id)
    except PayplugError:
        return
    with transaction():
        apply_refunds(locked(attempt_id), snapshot.refunds or ())
        request = locked_request(request_id)
        if request.state is not RefundState.REFUSED:
            return
        if snapshot.refundable_until is not None and snapshot.refundable_until < utc_now():
            request.failure_code = TOO_OLD
        elif (snapshot.amount_cents or 0) - snapshot.refunded_cents < amount_cents:
            request.failure_code = NOT_LEFT


def _record_doubt(request_id: int, cause: str) -> None:
    """PayPlug may or may not have done it: say so, then look for it at once; later the sync does."""
    with transaction():
        request = locked_request(request_id)
        if request.state is RefundState.PREPARED:
            request.state, request.failure_code = RefundState.UNCONFIRMED, cause[:80]
    try:
        check_refund(request_id)
    except PayplugError as error:
        log.warning("refund_not_confirmed", request=request_id, error_type=type(error).__name__)
