"""What was taken over, read back: for the pages of a take-over and of its invoices."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from core.database import db
from invoicing.errors import NotFoundError
from invoicing.models import Document, OpeningItem, Takeover


def takeover_of(document: Document) -> int | None:
    """The id of the take-over that an invoice came with; of a counter-document, that of the invoice it takes back."""
    invoice_id = document.credits_id or document.id
    return db.session.scalar(select(OpeningItem.takeover_id).where(OpeningItem.document_id == invoice_id))


def find_takeover(takeover_id: int) -> Takeover:
    """The take-over of that id.

    Raises:
        NotFoundError: this company has none.
    """
    takeover = db.session.get(Takeover, takeover_id)
    if takeover is None:
        raise NotFoundError
    return takeover


def takeovers() -> list[Takeover]:
    """All take-overs of the company entered, undone ones too, the newest first."""
    return list(db.session.scalars(select(Takeover).order_by(Takeover.id.desc())))


def items_of(takeover_id: int, *, limit: int, offset: int = 0) -> list[tuple[OpeningItem, Document]]:
    """One page of the invoices that came with a take-over, with their customers, in the order they were taken in."""
    rows = db.session.execute(
        select(OpeningItem, Document)
        .join(Document, Document.id == OpeningItem.document_id)
        .where(OpeningItem.takeover_id == takeover_id)
        .options(joinedload(Document.customer))
        .order_by(OpeningItem.id)
        .limit(limit)
        .offset(offset)
    )
    return [(item, document) for item, document in rows]


def count_items(takeover_id: int) -> int:
    """How many invoices came with it."""
    statement = select(func.count()).select_from(OpeningItem).where(OpeningItem.takeover_id == takeover_id)
    return db.session.scalar(statement) or 0
