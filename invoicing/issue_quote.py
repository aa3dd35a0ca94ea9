"""Issues a draft quote: its number in a series of its own, the frozen copy, the seal, its public address.

A quote is no accounting document: nothing is posted and nothing is owed. Called by the quote's page.
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from core.clock import paris_today
from core.database import db
from core.errors import OutdatedError
from core.event_log import record_event
from core.jobs import wake
from core.seal import seal
from core.todo import leave_todo
from invoicing.errors import NotFoundError, NotIssuableError, Place, Problem
from invoicing.freeze_document import FrozenPart, freeze_document
from invoicing.gate import problems_of
from invoicing.issue_invoice import OUTDATED, candidate_of, mentions_of, versions_of
from invoicing.lifecycle import DocumentKind, DocumentState, TodoKind
from invoicing.locked_documents import locked_document, read_lines
from invoicing.models import Document, QuoteLink
from invoicing.numbering import is_prefix, take_number
from invoicing.parties import buyer_of, seller_of
from invoicing.payment_link import TOKEN_BYTES


def issue_quote(
    quote_id: int, *, today: date | None = None, seen: str | None = None, actor_id: int | None = None
) -> Document:
    """Issue a draft quote for good. One that is issued already is returned as it is.

    Args:
        quote_id: the draft.
        today: the business day; None is today in Paris.
        seen: what `versions_of` gave for the page on which the person decided.
        actor_id: who does it.

    Raises:
        NotFoundError: there is no such quote.
        OutdatedError: that page showed something else than would be issued.
        NotIssuableError: something is missing on it.
    """
    quote = locked_document(quote_id)
    if quote.kind is not DocumentKind.QUOTE:
        raise NotFoundError(_l("This quote does not exist, or was deleted."))
    if quote.state is DocumentState.ISSUED:
        return quote
    read_lines(quote)
    day = today or paris_today()
    candidate = candidate_of(quote, day)
    if seen is not None and seen != versions_of(candidate):
        raise OutdatedError(quote.version, OUTDATED)
    if quote.valid_until is None:
        quote.valid_until = candidate.issue_date + timedelta(days=candidate.settings.quote_validity_days)
        db.session.flush()
    problems = [
        *problems_of(candidate),
        *_problems(quote, candidate.issue_date, candidate.settings.quote_prefix),
    ]
    if problems:
        raise NotIssuableError(problems)
    frozen = FrozenPart(
        issue_date=candidate.issue_date,
        due_date=None,
        regime=candidate.regime,
        seller=seller_of(candidate.company, candidate.settings),
        buyer=buyer_of(candidate.customer),
        mentions=mentions_of(candidate),
        totals=candidate.totals,
    )
    freeze_document(quote, take_number(candidate.settings.quote_prefix, candidate.issue_date), frozen)
    db.session.add(QuoteLink(document_id=quote.id, token=secrets.token_urlsafe(TOKEN_BYTES)))
    db.session.flush()
    leave_todo(TodoKind.PDF, quote.id)
    seal(quote.kind.value, quote.id)
    record_event(
        "quote.issued", actor_id=actor_id, subject=("document", quote.id), number=quote.number,
        total_cents=quote.total_cents,
    )  # fmt: skip
    wake("render_documents")
    return quote


def problems_of_quote(quote: Document) -> list[Problem]:
    """What keeps a draft quote from being issued today: for its page."""
    candidate = candidate_of(quote, paris_today())
    return [*problems_of(candidate), *_problems(quote, candidate.issue_date, candidate.settings.quote_prefix)]


def _problems(quote: Document, issue_date: date, prefix: str) -> list[Problem]:
    found = []
    if quote.valid_until is not None and quote.valid_until < issue_date:
        found.append(
            Problem(
                Place.DOCUMENT,
                "valid_until",
                _l("A quote cannot end before it is issued. Choose a later day."),
            )
        )
    if not is_prefix(prefix):
        message = _l(
            "The prefix of quote numbers may only hold capitals, digits and - / _ +. Mend it in the settings."
        )
        found.append(Problem(Place.SETTINGS, "quote_prefix", message))
    return found
