"""Take a take-over back, as long as nothing was settled on it: mirrored, never deleted. In the caller's transaction.

The opening entry gets its mirror, and each open invoice a counter-document of the same sum that settles it: it asks for
nothing any more, its page says so, and the file may be taken over again.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, or_, select

from accounting.record_takeover import undo_takeover as undo_opening
from accounting.takeover_facts import TakeoverUndoFact
from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.jobs import wake
from core.progress import Progress, silent
from core.seal import seal
from core.todo import leave_todo
from invoicing.errors import NotFoundError
from invoicing.lifecycle import DocumentKind, TodoKind
from invoicing.locked_documents import locked_issued_invoice
from invoicing.models import Document, DocumentVat, OpeningItem, Takeover, TakeoverUndo
from invoicing.numbering import LONGEST_NUMBER
from invoicing.payment_link import card_payments
from invoicing.payments import Settlement
from invoicing.settle import settle
from invoicing.standing import note_changed
from invoicing.takeover.take_over import issue_statement, statement_line
from invoicing.takeover.words import counter_label, what_it_is


def undo_takeover(takeover_id: int, *, actor_id: int | None = None, progress: Progress = silent) -> Takeover:
    """Undo it, told by the invoice. Done twice, nothing is written the second time.

    Raises:
        NotFoundError: this company has no such take-over.
        ConflictError: one of its invoices was paid, even if the payment was taken back, or credited.
        AccountingError: its year is closed, or lines of its entry are lettered.
    """
    takeover = db.session.get(Takeover, takeover_id)
    if takeover is None:
        raise NotFoundError
    ids = db.session.scalars(
        select(OpeningItem.document_id)
        .where(OpeningItem.takeover_id == takeover_id)
        .order_by(OpeningItem.document_id)
    )
    documents = [locked_issued_invoice(document_id) for document_id in ids.all()]
    if db.session.scalars(select(TakeoverUndo).where(TakeoverUndo.takeover_id == takeover_id)).first():
        return takeover
    touched = _settled(documents)
    if touched is not None:
        raise ConflictError(
            _l(
                "Invoice %(number)s was paid or credited here: the take-over can no longer be undone.",
                number=touched,
            )
        )
    db.session.add(TakeoverUndo(takeover_id=takeover_id, undone_by_id=actor_id))
    db.session.flush()
    for count, document in enumerate(documents, start=1):
        _counter(document, actor_id)
        progress(count, len(documents))
    undo_opening(TakeoverUndoFact(("takeover", takeover_id), takeover.opens_on, f"Reprise {takeover_id}"))
    record_event("takeover.undone", actor_id=actor_id, subject=("takeover", takeover_id))
    wake("render_documents")
    db.session.expire(takeover, ["undo"])
    return takeover


def _settled(documents: list[Document]) -> str | None:
    """The number of a document that ever had a settlement or a credit note, or None."""
    ids = [document.id for document in documents]
    note = select(Document.credits_id).where(Document.credits_id.in_(ids))
    touched = select(Document.number).where(
        Document.id.in_(ids),
        or_(exists().where(Settlement.invoice_id == Document.id), Document.id.in_(note)),
    )
    return db.session.scalars(touched.limit(1)).first()


def _counter(document: Document, actor_id: int | None) -> None:
    """Settle the invoice by a document of its own that mirrors it, VAT that waits included."""
    assert document.number is not None
    assert document.issue_date is not None
    processor = card_payments()
    if processor is not None:
        processor.abort_open(document.id)
    counter = Document(
        kind=DocumentKind.CREDIT_NOTE,
        customer_id=document.customer_id,
        language=document.language,
        prices_include_vat=True,
        issue_date=paris_today(),
        credits_id=document.id,
        reason=counter_label(document.number, document.language)[:255],
    )
    counter.lines.append(
        statement_line(counter_label(document.number, document.language), document.total_cents)
    )
    counter.vat_lines += [
        DocumentVat(
            rate=row.rate,
            kind=row.kind,
            category=row.category,
            net_cents=row.net_cents,
            vat_cents=row.vat_cents,
        )
        for row in document.vat_lines
    ]
    db.session.add(counter)
    db.session.flush()
    # Its own id makes it unlike any other number.
    number = f"{document.number[: LONGEST_NUMBER - 12]}/{counter.id}"
    about = what_it_is(document.number, document.issue_date, document.language)
    issue_statement(counter, number, document.total_cents, document.customer, about)
    leave_todo(TodoKind.PDF, counter.id)
    settle(
        at_most_cents=document.total_cents, settled_on=paris_today(), invoice_id=document.id,
        credit_note_id=counter.id,
    )  # fmt: skip
    note_changed(document.id)
    seal(counter.kind.value, counter.id)
    record_event("takeover.undone", actor_id=actor_id, subject=("document", document.id))
