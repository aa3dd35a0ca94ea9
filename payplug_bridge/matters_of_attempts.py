"""Card payments that somebody has to look at: charged when less was due, or not what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from core.database import db
from core.web.rights import Right
from invoicing.balances import balance_of, due_cents_sql, merged_ids, open_of_payment, open_of_payment_sql
from invoicing.lifecycle import DocumentKind, DocumentState, PaymentStatus
from invoicing.models import Document
from invoicing.payments import Payment
from invoicing.refunds import Refund
from payplug_bridge.matters import Action, Matter, Source, is_decided, is_undecided
from payplug_bridge.models import PaymentAttempt
from payplug_bridge.money_places import places_of
from payplug_bridge.trouble_words import title_of
from payplug_bridge.troubles import Trouble, words_for

SUBJECT: Final = "attempt"
MOST_INVOICES: Final = 3
"""How many open invoices of the customer are offered for a credit; the rest is on the customer's page."""

_MISMATCHES: Final = (Trouble.AMOUNT, Trouble.CURRENCY, Trouble.MODE, Trouble.METADATA)
_NOT_BOOKED: Final = _l("Not in the books: nothing was recorded.")


def _waiting() -> Select[PaymentAttempt]:
    """Attempts with a trouble that nobody has decided on, and whose money still settles nothing, or was not asked for.

    A refund made at PayPlug is no trouble of its own here: what it opened on an invoice is (`matters_of_holds`).
    """
    left = exists(
        select(Payment.id).where(Payment.id == PaymentAttempt.payment_id, open_of_payment_sql() > 0)
    )
    return select(PaymentAttempt).where(
        PaymentAttempt.trouble != "",
        or_(PaymentAttempt.trouble.in_(_MISMATCHES), left, _is_held()),
        is_undecided(SUBJECT, PaymentAttempt.id.expression, PaymentAttempt.trouble.expression),
    )


def _is_held() -> ColumnElement[bool]:
    """SQL: paid while nothing was asked for, and nothing of it has gone back since."""
    gone = exists(select(Refund.id).where(Refund.payment_id == PaymentAttempt.payment_id))
    return and_(PaymentAttempt.trouble == Trouble.HELD, ~gone)


def _count() -> int:
    return db.session.scalar(_waiting().with_only_columns(func.count())) or 0


def waits(attempt: PaymentAttempt) -> bool:
    """Whether the trouble of an attempt still has to be looked at."""
    if attempt.trouble == Trouble.REFUNDED:
        return balance_of(attempt.document_id).status.is_on_hold
    if not attempt.trouble or is_decided(SUBJECT, attempt.id, attempt.trouble):
        return False
    return attempt.trouble in _MISMATCHES or bool(attempt.payment_id and open_of_payment(attempt.payment_id))


def _matters() -> Iterator[Matter]:
    for attempt in db.session.scalars(_waiting().order_by(PaymentAttempt.id)).all():
        document = db.session.get_one(Document, attempt.document_id)
        yield _of_surplus(attempt, document) if attempt.payment_id else _of_mismatch(attempt, document)


def _of_mismatch(attempt: PaymentAttempt, document: Document) -> Matter:
    return Matter(
        subject=(SUBJECT, attempt.id),
        trouble=attempt.trouble,
        icon="warning",
        title=title_of(attempt.trouble),
        happened=words_for(attempt.trouble),
        since=attempt.checked_at or attempt.created_at,
        amount_cents=attempt.amount_cents,
        document_id=document.id,
        document=document.number or "",
        customer=document.customer.full_name,
        not_booked=_NOT_BOOKED,
        actions=(
            Action(
                _l("Check with PayPlug"),
                url_for("payplug.check", document_id=document.id),
                "sync",
                is_post=True,
            ),
        ),
    )


def _of_surplus(attempt: PaymentAttempt, document: Document) -> Matter:
    assert attempt.payment_id is not None
    payment = db.session.get_one(Payment, attempt.payment_id)
    title, happened = _words_of_surplus(attempt, document)
    return Matter(
        subject=(SUBJECT, attempt.id),
        trouble=attempt.trouble,
        icon="card",
        title=title,
        happened=happened,
        since=payment.recorded_at,
        amount_cents=payment.amount_cents if attempt.trouble == Trouble.HELD else open_of_payment(payment.id),
        document_id=document.id,
        document=document.number or "",
        customer=document.customer.full_name,
        places=places_of(("payment", payment.id)),
        actions=(
            Action(
                _l("Refund"),
                url_for("payplug_refunds.new", payment_id=payment.id),
                "refund",
                right=Right.CARDS,
            ),
            *(() if attempt.trouble == Trouble.HELD else _uses_of_credit(payment)),
        ),
    )


def _words_of_surplus(
    attempt: PaymentAttempt, document: Document
) -> tuple[LazyString | str, LazyString | str]:
    if attempt.trouble in (Trouble.OTHER_AMOUNT, Trouble.HELD):
        return title_of(attempt.trouble), words_for(attempt.trouble)
    if balance_of(document.id).status is PaymentStatus.CREDITED:
        return _l("Paid after a credit note"), _l(
            "The card was charged although the invoice was credited. The money is a credit of the customer: give it "
            "back, or use it on another invoice."
        )
    return _l("Paid twice"), _l(
        "The card was charged when less was due. What was too much is a credit of the customer: give it back, or "
        "use it on another invoice."
    )


def _uses_of_credit(payment: Payment) -> Iterator[Action]:
    statement = (
        select(Document)
        .where(
            Document.customer_id.in_(merged_ids(payment.customer_id)),
            Document.kind == DocumentKind.INVOICE,
            Document.state == DocumentState.ISSUED,
            due_cents_sql() > 0,
        )
        .order_by(Document.id)
        .limit(MOST_INVOICES)
    )
    for invoice in db.session.scalars(statement):
        yield Action(
            _l("Use it on %(number)s", number=invoice.number),
            url_for("payments.use_credit", document_id=invoice.id),
            "credit",
            is_post=True,
        )


SOURCE: Final = Source(_count, _matters)
