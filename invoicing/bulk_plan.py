"""What an action on many documents would do: for the page that asks, and for the verb that orders it. Read-only."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.clock import paris_today
from core.database import db
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import BulkAction, Contact, Customer, Document, Sending

MOST_DOCUMENTS = 1000


class LeftOut(StrEnum):
    """Why a document that was chosen is not part of an action."""

    ISSUED = "issued"
    DRAFT = "draft"
    SENT = "sent"
    OTHER = "other"


@dataclass(frozen=True)
class BulkPlan:
    """What would be done.

    Attributes:
        documents: in the order of their dates, then ids, so that numbers follow the calendar.
        left_out: how many of those chosen are not part of it, by reason.
        without_address: how many of the documents cannot be sent as things stand: nobody to send them to.
    """

    action: BulkAction
    documents: tuple[Document, ...]
    left_out: Counter[LeftOut]
    without_address: int

    @property
    def total_cents(self) -> int:
        """What they come to, VAT included; a credit note counts as less."""
        notes = DocumentKind.CREDIT_NOTE
        return sum(-d.total_cents if d.kind is notes else d.total_cents for d in self.documents)

    @property
    def seen(self) -> str:
        """Changes when what the page showed has changed; the order carries it."""
        shown = [(d.id, d.version, d.total_cents) for d in self.documents]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def plan_bulk(action: BulkAction, document_ids: Collection[int]) -> BulkPlan:
    """What the action would do to documents of the company entered; ids nobody has are passed over."""
    found = (
        select(Document).where(Document.id.in_(set(document_ids))).options(selectinload(Document.customer))
    )
    chosen = list(db.session.scalars(found.execution_options(populate_existing=True)))
    sent = _sent(document_ids) if action is BulkAction.SEND else set()
    reasons = {d.id: _reason(action, d, sent) for d in chosen}
    fitting = [d for d in chosen if reasons[d.id] is None]
    today = paris_today()
    fitting.sort(key=lambda d: (d.issue_date or today, d.id))
    return BulkPlan(
        action=action,
        documents=tuple(fitting),
        left_out=Counter(reason for reason in reasons.values() if reason is not None),
        without_address=0 if action is BulkAction.ISSUE else _without_address(fitting),
    )


def _reason(action: BulkAction, document: Document, sent: Collection[int]) -> LeftOut | None:
    is_draft = document.state is DocumentState.DRAFT
    if action is BulkAction.SEND:
        if document.kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
            return LeftOut.OTHER
        if is_draft:
            return LeftOut.DRAFT
        return LeftOut.SENT if document.id in sent else None
    if document.kind is not DocumentKind.INVOICE:
        return LeftOut.OTHER
    return None if is_draft else LeftOut.ISSUED


def _sent(document_ids: Iterable[int]) -> set[int]:
    return set(
        db.session.scalars(select(Sending.document_id).where(Sending.document_id.in_(set(document_ids))))
    )


def _without_address(documents: Sequence[Document]) -> int:
    """How many are for customers of whom no contact receives invoices; one that was merged has those of the other."""
    customers = {d.customer_id: d.customer.merged_into_id or d.customer_id for d in documents}
    merged = select(Customer.id, Customer.merged_into_id).where(
        Customer.merged_into_id.in_(customers.values())
    )
    stands_for = {row[0]: row[1] for row in db.session.execute(merged)}
    reached = select(Contact.customer_id).where(
        Contact.customer_id.in_({*customers.values(), *stands_for}),
        Contact.receives_invoices,
        Contact.email != "",
    )
    with_address = {stands_for.get(id_, id_) for id_ in db.session.scalars(reached)}
    return sum(customers[d.customer_id] not in with_address for d in documents)
