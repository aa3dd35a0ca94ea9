"""Turns a draft into an issued document: number, dates, parties, wording, totals, all copied for good.

Used by `issue_invoice` and `credit_invoice`, inside their transaction and after the number was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm.attributes import set_committed_value

from accounting.facts import VatRegime
from core.clock import utc_now
from core.database import Base, db
from core.tenancy import COMPANY, execute_scoped
from invoicing.legal_mentions import Mention, mentions_json
from invoicing.lifecycle import DocumentState, check_passage
from invoicing.models import Document
from invoicing.numbering import GivenNumber
from invoicing.parties import Buyer, Seller, party_json
from invoicing.vat import Totals, VatTotals


@dataclass(frozen=True)
class FrozenPart:
    """What issue adds to a draft besides its number; known before one is taken."""

    issue_date: date
    due_date: date | None
    regime: VatRegime
    seller: Seller
    buyer: Buyer
    mentions: tuple[Mention, ...]
    totals: Totals
    booked_when_paid: bool = False


_DOCUMENTS = Base.metadata.tables["document"]
_FROZEN = (
    "state", "number", "sequence", "issue_date", "due_date", "regime", "seller", "buyer", "mentions", "issued_at",
    "net_cents", "vat_cents", "rounding_cents", "total_cents", "booked_when_paid",
)  # fmt: skip
_FREEZE = (
    update(_DOCUMENTS)
    .where(_DOCUMENTS.c.company_id == COMPANY, _DOCUMENTS.c.id == bindparam("document_id"))
    .values({name: bindparam(name) for name in _FROZEN})
)
_INSERT_VAT = insert(Base.metadata.tables["document_vat"])


def freeze_document(document: Document, number: GivenNumber, frozen: FrozenPart) -> None:
    """Write the frozen part. After it, triggers refuse every change of the document, its lines and VAT rows."""
    check_passage(document.state, DocumentState.ISSUED)
    # Lines and VAT rows go first: the database takes none for a document that is issued.
    _write_amounts(document, frozen.totals)
    columns = _columns(number, frozen)
    # One statement and the same values on the object: a flush, which must find out what has changed, takes ten times
    # as long while others wait for the series.
    changed = execute_scoped(_FREEZE, document_id=document.id, **columns)
    assert changed.rowcount == 1
    for name, value in columns.items():
        set_committed_value(document, name, value)


def _columns(number: GivenNumber, frozen: FrozenPart) -> dict[str, Any]:
    totals = frozen.totals
    return {
        "state": DocumentState.ISSUED,
        "number": number.number,
        "sequence": number.sequence,
        "issue_date": frozen.issue_date,
        "due_date": frozen.due_date,
        "regime": frozen.regime,
        "seller": party_json(frozen.seller),
        "buyer": party_json(frozen.buyer),
        "mentions": mentions_json(frozen.mentions),
        "issued_at": utc_now(),
        "net_cents": totals.net_cents,
        "vat_cents": totals.vat_cents,
        "rounding_cents": totals.rounding_cents,
        "total_cents": totals.total_cents,
        "booked_when_paid": frozen.booked_when_paid,
    }


def _write_amounts(document: Document, totals: Totals) -> None:
    for line, amounts in zip(document.lines, totals.lines, strict=True):
        # The draft has them already, unless the rules of computing changed since: nothing to flush then.
        if (line.amount_cents, line.net_cents) != (amounts.amount_cents, amounts.net_cents):
            line.amount_cents, line.net_cents = amounts.amount_cents, amounts.net_cents
    db.session.flush()
    # One statement for all of them; they are read back when somebody asks.
    if totals.vat:
        rows = [_vat_row(document, part) for part in totals.vat]
        db.session.connection().execute(_INSERT_VAT, rows)


def _vat_row(document: Document, part: VatTotals) -> dict[str, Any]:
    return {"company_id": document.company_id, "document_id": document.id, **vars(part)}
