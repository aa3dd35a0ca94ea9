"""Invoices whose money went back without a credit note, or was taken back by the customer's bank."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, select

from core.database import db
from invoicing.balances import live_holds
from invoicing.lifecycle import PaymentStatus
from invoicing.models import Document
from invoicing.refunds import Refund, RefundKind, ReopenedInvoice
from invoicing.standing import InvoiceStanding
from payplug_bridge.matters import Action, Matter, Source, is_undecided
from payplug_bridge.money_places import places_of
from payplug_bridge.trouble_words import title_of

SUBJECT: Final = "reopened_invoice"
_HELD: Final = (PaymentStatus.REFUNDED, PaymentStatus.DISPUTED)


def _of_held_invoices() -> ColumnElement[bool]:
    """Found by the standing: a hold whose invoice is settled otherwise waits for nobody."""
    held = select(InvoiceStanding.id).where(InvoiceStanding.status.in_(_HELD))
    return ReopenedInvoice.invoice_id.in_(held)


def _waiting() -> Select[ReopenedInvoice, RefundKind]:
    return live_holds().where(
        _of_held_invoices(),
        is_undecided(SUBJECT, ReopenedInvoice.id.expression, Refund.kind.expression),
    )


def _count() -> int:
    return db.session.scalar(_waiting().with_only_columns(func.count())) or 0


def _matters() -> Iterator[Matter]:
    for reopened, kind in db.session.execute(_waiting().order_by(ReopenedInvoice.id)).all():
        yield _matter(reopened, kind)


def _matter(reopened: ReopenedInvoice, kind: RefundKind) -> Matter:
    refund = db.session.get_one(Refund, reopened.refund_id)
    document = db.session.get_one(Document, reopened.invoice_id)
    is_dispute = kind is RefundKind.DISPUTE
    return Matter(
        subject=(SUBJECT, reopened.id),
        trouble=kind.value,
        icon="dispute" if is_dispute else "refund",
        title=title_of(kind),
        happened=_l(
            "The customer’s bank took this money back. The invoice is open again, and nothing is asked of the customer "
            "until you decide: claim it again, or credit it."
        )
        if is_dispute
        else _l(
            "This money went back to the customer, and no credit note says why. The invoice is open again, and nothing "
            "is asked of the customer until you decide: credit it, or claim it again."
        ),
        since=refund.recorded_at,
        amount_cents=reopened.amount_cents,
        document_id=document.id,
        document=document.number or "",
        customer=document.customer.full_name,
        places=places_of(("refund", refund.id)),
        actions=_actions(document),
    )


def _actions(document: Document) -> tuple[Action, ...]:
    return (
        Action(_l("Make a credit note"), url_for("crediting.new", document_id=document.id), "credit"),
        Action(
            _l("Claim it again"), url_for("payments.claim", document_id=document.id), "sync", is_post=True
        ),
    )


SOURCE: Final = Source(_count, _matters)
