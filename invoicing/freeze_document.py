"""Turns a draft into an issued document: number, dates, parties, wording, totals, all copied for good.

Used by `issue_invoice` and `credit_invoice`, inside their transaction and after the number was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert

from accounting.facts import VatRegime
from core.clock import utc_now
from core.database import Base, db
from invoicing.legal_mentions import Mention, mentions_json
from invoicing.lifecycle import DocumentState, check_passage
from invoicing.models import Document
from invoicing.numbering import GivenNumber
from invoicing.parties import Buyer, Seller, party_json
from invoicing.vat import Totals, VatTotals


@dataclass(frozen=True)
class FrozenPart:
    """What issue adds to a draft."""

    number: GivenNumber
    issue_date: date
    due_date: date | None
    regime: VatRegime
    seller: Seller
    buyer: Buyer
    mentions: tuple[Mention, ...]
    totals: Totals


_INSERT_VAT = insert(Base.metadata.tables["document_vat"])


def freeze_document(document: Document, frozen: FrozenPart) -> None:
    """Write the frozen part. After it, triggers refuse every change of the document, its lines and VAT rows."""
    check_passage(document.state, DocumentState.ISSUED)
    _write_amounts(document, frozen.totals)
    # Lines and VAT rows went first: the database takes none for a document that is issued.
    totals = frozen.totals
    document.net_cents, document.vat_cents = totals.net_cents, totals.vat_cents
    document.rounding_cents, document.total_cents = totals.rounding_cents, totals.total_cents
    document.number, document.sequence = frozen.number.number, frozen.number.sequence
    document.issue_date, document.due_date = frozen.issue_date, frozen.due_date
    document.regime = frozen.regime
    document.seller, document.buyer = party_json(frozen.seller), party_json(frozen.buyer)
    document.mentions = mentions_json(frozen.mentions)
    document.issued_at = utc_now()
    document.state = DocumentState.ISSUED


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
    return {
        "company_id": document.company_id, "document_id": document.id, "rate": part.rate, "kind": part.kind,
        "net_cents": part.net_cents, "vat_cents": part.vat_cents,
    }  # fmt: skip
