"""What PayPlug shows on pages of invoicing: card payments and refunds of an invoice, the step of a new company."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime

from flask import render_template
from sqlalchemy import select

from core.database import db
from core.event_log import events_about
from invoicing.balances import balance_of, refunded_cents
from invoicing.lifecycle import DocumentKind
from invoicing.models import Document
from invoicing.payments import Payment
from payplug_bridge.attempts import attempts_of
from payplug_bridge.failures import words_for_failure, words_for_refusal
from payplug_bridge.keys import active_mode
from payplug_bridge.matters import count_matters
from payplug_bridge.matters_of_attempts import waits
from payplug_bridge.models import PayplugRefund
from payplug_bridge.refund import attempt_of_payment
from payplug_bridge.troubles import words_for
from payplug_bridge.ways import NAMES


def attempts_panel(document_id: int) -> str:
    """The attempts to pay an invoice by card, the latest on top; nothing while there was none."""
    attempts = attempts_of(document_id)
    if not attempts:
        return ""
    return render_template(
        "payplug/_attempts.html",
        attempts=attempts[::-1],
        refunds=_refunds_of([attempt.id for attempt in attempts]),
        left_cents={a.id: _left_cents(a.payment_id) for a in attempts if a.payment_id is not None},
        refusal_words=words_for_refusal,
        document_id=document_id,
        trouble_words=words_for,
        waits=waits,
        way_names=NAMES,
        failure_words=words_for_failure,
        declines=_declines_of(document_id),
    )


def _declines_of(document_id: int) -> list[tuple[datetime, str]]:
    """When cards were refused, the latest first, and the code why: PayPlug forgets them once another card has paid."""
    declines = [event for event in events_about("document", document_id) if event.kind == "card.declined"]
    return [(event.at, json.loads(event.details)["code"]) for event in reversed(declines)]


def attempts_mark(document_id: int) -> str:
    """Changes when an attempt is made or passes to another state."""
    attempts = attempts_of(document_id)
    if not attempts:
        return ""
    states = ",".join(r.state for rows in _refunds_of([a.id for a in attempts]).values() for r in rows)
    return f"{attempts[-1].id}-{attempts[-1].state}-{states}"


def note_panel(document_id: int) -> str:
    """On a credit note of which something is left: the card payments of its invoice that it can be given back of."""
    note = db.session.get(Document, document_id)
    if note is None or note.kind is not DocumentKind.CREDIT_NOTE or note.credits_id is None:
        return ""
    open_cents = balance_of(document_id).open_cents
    paid = [a.payment_id for a in attempts_of(note.credits_id) if a.payment_id is not None]
    payments = [(payment_id, min(open_cents, _left_cents(payment_id))) for payment_id in paid]
    payments = [(payment_id, cents) for payment_id, cents in payments if cents > 0]
    if not payments:
        return ""
    return render_template("payplug/_note.html", note_id=document_id, payments=payments)


def payment_panel(payment_id: int) -> str:
    """On a payment by card: giving it back, and what became of requests to; nothing on any other."""
    attempt = attempt_of_payment(payment_id)
    if attempt is None:
        return ""
    return render_template(
        "payplug/_refunds.html",
        payment_id=payment_id,
        refunds=_refunds_of([attempt.id])[attempt.id],
        left_cents=_left_cents(payment_id),
        refusal_words=words_for_refusal,
    )


def _refunds_of(attempt_ids: list[int]) -> defaultdict[int, list[PayplugRefund]]:
    """Our requests to give money back, by attempt, the latest first."""
    rows = select(PayplugRefund).where(PayplugRefund.attempt_id.in_(attempt_ids))
    found: defaultdict[int, list[PayplugRefund]] = defaultdict(list)
    for row in db.session.scalars(rows.order_by(PayplugRefund.id.desc())):
        found[row.attempt_id].append(row)
    return found


def _left_cents(payment_id: int) -> int:
    return db.session.get_one(Payment, payment_id).amount_cents - refunded_cents(payment_id)


def to_handle_panel() -> str:
    """The dashboard's word about what waits for a person; nothing while nothing does."""
    count = count_matters()
    return render_template("payplug/_to_handle_tile.html", count=count) if count else ""


def first_step() -> str:
    """The step of a new company that concerns card payments."""
    return render_template("payplug/_first_step.html", is_done=active_mode() is not None)
