"""Quotes: finding them, how they stand, and what an accepted one comes to. Read-only.

What is open, accepted, declined, expired or invoiced is derived from the answer, the dates and the invoices made of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, exists, false, func, select
from sqlalchemy.orm import aliased, selectinload

from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from core.tenancy import unscoped
from core.web.addresses import is_token
from invoicing.draft_input import LineInput
from invoicing.errors import NotFoundError
from invoicing.lifecycle import AnswerKind, DocumentKind, DocumentState, InvoiceType, LineRole
from invoicing.models import Document, QuoteAnswer, QuoteLink
from invoicing.vat import Totals, VatTotals, compute_totals, terms_of


class QuoteState(StrEnum):
    """How a quote stands."""

    DRAFT = "draft"
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    INVOICED = "invoiced"
    REPLACED = "replaced"


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


def link_of_quote(quote_id: int) -> str:
    """The public address of an issued quote."""
    token = db.session.scalars(select(QuoteLink.token).where(QuoteLink.document_id == quote_id)).one()
    return f"{current_app.config['SOLDE'].public_url}/q/{token}"


def find_quote_link(token: str) -> QuoteLink | None:
    """The link with this token, in whichever company: the token is all that a customer has."""
    if not is_token(token):
        return None
    with unscoped():
        return db.session.scalars(select(QuoteLink).where(QuoteLink.token == token)).one_or_none()


def replacement_of(quote_id: int) -> Document | None:
    """The issued quote that stands instead of this one, the newest; None while this one stands."""
    newer = select(Document).where(
        Document.kind == DocumentKind.QUOTE,
        Document.state == DocumentState.ISSUED,
        Document.quote_id == quote_id,
    )
    return db.session.scalars(newer.order_by(Document.id.desc()).limit(1)).one_or_none()


def invoices_of(quote_id: int) -> list[Document]:
    """Drafts and issued invoices made of a quote, oldest first."""
    made = select(Document).where(Document.kind == DocumentKind.INVOICE, Document.quote_id == quote_id)
    return list(db.session.scalars(made.order_by(Document.id)))


def list_quotes(
    state: QuoteState | None, *, limit: int, offset: int = 0
) -> list[tuple[Document, QuoteState]]:
    """Quotes with how they stand, the newest first."""
    rows = _quotes(state).options(selectinload(Document.customer)).order_by(Document.id.desc())
    return [(quote, state_of(quote)) for quote in db.session.scalars(rows.limit(limit).offset(offset))]


def count_quotes(state: QuoteState | None) -> int:
    """How many there are."""
    return db.session.scalar(select(func.count()).select_from(_quotes(state).subquery())) or 0


def _quotes(state: QuoteState | None) -> Select[Any]:
    statement = select(Document).where(Document.kind == DocumentKind.QUOTE)
    return statement if state is None else statement.where(*_conditions(state))


def _conditions(state: QuoteState) -> list[ColumnElement[bool]]:
    """`state_of` in SQL."""
    if state is QuoteState.DRAFT:
        return [Document.state == DocumentState.DRAFT]
    issued, made, newer = Document.state == DocumentState.ISSUED, aliased(Document), aliased(Document)
    said = exists().where(QuoteAnswer.document_id == Document.id)
    accepted = exists().where(
        QuoteAnswer.document_id == Document.id, QuoteAnswer.answer == AnswerKind.ACCEPTED
    )
    invoiced = exists().where(
        made.quote_id == Document.id,
        made.kind == DocumentKind.INVOICE,
        made.state == DocumentState.ISSUED,
        made.invoice_type != InvoiceType.DEPOSIT,
    )
    replaced = exists().where(
        newer.quote_id == Document.id, newer.kind == DocumentKind.QUOTE, newer.state == DocumentState.ISSUED
    )
    over = func.coalesce(Document.valid_until < paris_today(), false())
    return {
        QuoteState.OPEN: [issued, ~said, ~replaced, ~over],
        QuoteState.EXPIRED: [issued, ~said, ~replaced, over],
        QuoteState.REPLACED: [issued, ~said, replaced],
        QuoteState.DECLINED: [issued, said, ~accepted],
        QuoteState.ACCEPTED: [issued, accepted, ~invoiced],
        QuoteState.INVOICED: [issued, accepted, invoiced],
    }[state]


def state_of(quote: Document, today: date | None = None) -> QuoteState:
    """How a quote stands on a day; None is today in Paris."""
    if quote.state is DocumentState.DRAFT:
        return QuoteState.DRAFT
    answer = answer_of(quote.id)
    if answer is None:
        if replacement_of(quote.id) is not None:
            return QuoteState.REPLACED
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
    return basis_of(quote, chosen_options(answer))


def chosen_options(answer: QuoteAnswer) -> frozenset[int]:
    """The positions of the optional lines that the customer chose; none when she declined."""
    return frozenset(json.loads(answer.options))


@dataclass(frozen=True)
class Agreed:
    """What an accepted quote comes to.

    Attributes:
        totals: with the options that were chosen, as it will be invoiced.
        options: their labels, in the quote's order.
    """

    totals: Totals
    options: tuple[str, ...]


def agreed(quote: Document, answer: QuoteAnswer | None) -> Agreed | None:
    """What was agreed to, or None when the quote is not accepted."""
    if answer is None or answer.answer is not AnswerKind.ACCEPTED:
        return None
    chosen = chosen_options(answer)
    labels = tuple(line.label for line in quote.lines if line.position in chosen)
    return Agreed(basis_of(quote, chosen).totals, labels)


def basis_of(quote: Document, options: frozenset[int]) -> QuoteBasis:
    """What the quote comes to with the options at those positions."""
    lines = tuple(
        replace(LineInput.of(line), role=LineRole.ITEM if line.role is LineRole.OPTION else line.role)
        for line in quote.lines
        if line.role is not LineRole.OPTION or line.position in options
    )
    return QuoteBasis(quote, lines, compute_totals(lines, quote.prices_include_vat, terms_of(quote)))
