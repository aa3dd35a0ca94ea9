"""Money that a bank took back beyond what its payment still had: the customer owes it, and no invoice says so.

A payment of which something was given back already may be disputed whole: then the bank takes more than was left. The
books hold it on the customer's account, on the refund's own key, until the customer makes good or the dispute is won.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, literal, select

from core.database import db
from core.web.rights import Right
from invoicing.balances import open_of_refund_sql
from invoicing.models import Document
from invoicing.payments import Settlement
from invoicing.refunds import Refund
from payplug_bridge.matters import Action, Matter, Source, is_undecided
from payplug_bridge.money_places import places_of
from payplug_bridge.trouble_words import title_of

SUBJECT: Final = "refund"
UNCOVERED: Final = "uncovered"


def _waiting() -> Select[Any]:
    return select(Refund).where(
        open_of_refund_sql() > 0,
        is_undecided(SUBJECT, Refund.id.expression, literal(UNCOVERED)),
    )


def _count() -> int:
    return db.session.scalar(_waiting().with_only_columns(func.count(Refund.id))) or 0


def _matters() -> Iterator[Matter]:
    for refund in db.session.scalars(_waiting().order_by(Refund.id)).all():
        yield _matter(refund)


def _matter(refund: Refund) -> Matter:
    document = _document_of(refund)
    return Matter(
        subject=(SUBJECT, refund.id),
        trouble=UNCOVERED,
        icon="dispute",
        title=title_of(UNCOVERED),
        happened=_l(
            "The customer’s bank took back more than this payment still had: part of it had been given back before. "
            "The customer owes the rest, and no invoice asks for it. Contest it at PayPlug, or ask the customer for it."
        ),
        since=refund.recorded_at,
        amount_cents=db.session.scalar(select(open_of_refund_sql()).where(Refund.id == refund.id)),
        document_id=document.id if document is not None else None,
        document=(document.number or "") if document is not None else "",
        customer=document.customer.full_name if document is not None else "",
        places=places_of(("refund", refund.id)),
        actions=() if document is None else (_see_customer(document),),
    )


def _see_customer(document: Document) -> Action:
    address = url_for("customers.show", customer_id=document.customer_id)
    return Action(_l("See the customer"), address, "customers", right=Right.READ)


def _document_of(refund: Refund) -> Document | None:
    """The invoice that the payment was made for first."""
    first = (
        select(Document)
        .join(Settlement, Settlement.invoice_id == Document.id)
        .where(Settlement.payment_id == refund.payment_id)
        .order_by(Settlement.id)
        .limit(1)
    )
    return db.session.scalars(first).one_or_none()


SOURCE: Final = Source(_count, _matters)
