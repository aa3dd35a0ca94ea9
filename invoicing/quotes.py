"""Quotes: finding them, how they stand, and what an accepted one comes to. Read-only.

What is open, accepted, declined, expired or invoiced is derived from the answer, the dates and the invoices made of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from invoicing.draft_input import LineInput
from invoicing.errors import NotFoundError
from invoicing.lifecycle import AnswerKind, DocumentKind, DocumentState, InvoiceType, LineRole
from invoicing.models import Document, QuoteAnswer
from invoicing.vat import Totals, VatTotals, compute_totals, terms_of


class QuoteState(StrEnum):
    """How a quote stands."""

    DRAFT = "draft"
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    INVOICED = "invoiced"


class NotAcceptedError(ConflictError):
    """Only an accepted quote is invoiced."""

    default = _l("This quote has not been accepted. Record the customer’s answer first.")


@dataclass(frozen=True)
class QuoteBasis:
    """An accepted quote as it is to be invoiced: chosen options are lines like the others, the rest is left out."""

    quote: Document
    lines: tuple[LineInput, ...]
    totals: Totals

    def shown_cents(self, part: VatTotals) -> int:
        """A VAT part as the quote's prices are shown: net, or VAT included."""
        return part.net_cents + part.vat_cents if self.quote.prices_include_vat else part.net_cents


def find_quote(quote_id: int) -> Document:
    """The quote of that id, draft or issued.

    Raises:
        NotFoundError: this company has none.
    """
    document = db.session.get(Document, quote_id)
    if document is None or document.kind is not DocumentKind.QUOTE:
        raise NotFoundError(_l("This quote does not exist, or was deleted."))
    return document


def answer_of(quote_id: int) -> QuoteAnswer | None:
    """What the customer said, or None."""
    return db.session.scalars(select(QuoteAnswer).where(QuoteAnswer.document_id == quote_id)).one_or_none()


def state_of(quote: Document, today: date | None = None) -> QuoteState:
    """How a quote stands on a day; None is today in Paris."""
    if quote.state is DocumentState.DRAFT:
        return QuoteState.DRAFT
    answer = answer_of(quote.id)
    if answer is None:
        day = today or paris_today()
        is_over = quote.valid_until is not None and quote.valid_until < day
        return QuoteState.EXPIRED if is_over else QuoteState.OPEN
    if answer.answer is AnswerKind.DECLINED:
        return QuoteState.DECLINED
    invoiced = select(Document.id).where(
        Document.quote_id == quote.id,
        Document.kind == DocumentKind.INVOICE,
        Document.state == DocumentState.ISSUED,
        Document.invoice_type != InvoiceType.DEPOSIT,
    )
    return (
        QuoteState.ACCEPTED if db.session.scalars(invoiced.limit(1)).first() is None else QuoteState.INVOICED
    )


def accepted_quote(quote_id: int) -> QuoteBasis:
    """An accepted quote with the options that were chosen.

    Raises:
        NotFoundError: this company has no such quote.
        NotAcceptedError: it has not been accepted.
    """
    quote, answer = find_quote(quote_id), answer_of(quote_id)
    if answer is None or answer.answer is not AnswerKind.ACCEPTED:
        raise NotAcceptedError
    return basis_of(quote, frozenset(json.loads(answer.options)))


def basis_of(quote: Document, options: frozenset[int]) -> QuoteBasis:
    """What the quote comes to with the options at those positions."""
    lines = tuple(
        replace(LineInput.of(line), role=LineRole.ITEM if line.role is LineRole.OPTION else line.role)
        for line in quote.lines
        if line.role is not LineRole.OPTION or line.position in options
    )
    return QuoteBasis(quote, lines, compute_totals(lines, quote.prices_include_vat, terms_of(quote)))
