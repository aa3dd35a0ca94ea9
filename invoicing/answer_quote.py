"""Records what a customer says to a quote, once: accepted or declined, by whom, when, in which words.

Called by the quote's public page, and by the owner's page for an answer given on paper or by telephone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l

from core.clock import paris_today
from core.database import db
from core.errors import ConflictError
from core.event_log import record_event
from core.seal import seal
from invoicing.errors import NotFoundError
from invoicing.input_checks import FieldErrors
from invoicing.lifecycle import AnswerKind, DocumentKind, DocumentState, LineRole
from invoicing.locked_documents import locked_document
from invoicing.models import Document, QuoteAnswer
from invoicing.quotes import answer_of, replacement_of

LONGEST_NAME = 255
LONGEST_REASON = 2000
LONGEST_ADDRESS = 64


class QuoteExpiredError(ConflictError):
    """The quote's validity is over: the customer can no longer accept it by herself."""

    default = _l("This quote is no longer valid. Please ask the seller for a new one.")


class QuoteReplacedError(ConflictError):
    """The seller has sent a newer quote instead."""

    default = _l("This quote was replaced by a newer one. Please use the link of the latest mail.")


class AlreadyAnsweredError(ConflictError):
    """The quote has been answered otherwise."""

    default = _l("This quote has been answered already.")


@dataclass(frozen=True)
class AnswerInput:
    """An answer as given.

    Attributes:
        name: who answers; her name stands for her signature.
        consent: the sentence she agreed to, as she read it.
        reason: why she declines; may be empty.
        options: positions of the optional lines she chose.
        address: network address of the customer; empty for an answer that a member records.
        recorded_by_id: the member who records an answer given elsewhere; None for the customer herself.
    """

    answer: AnswerKind
    name: str
    consent: str = ""
    reason: str = ""
    options: frozenset[int] = frozenset()
    address: str = ""
    recorded_by_id: int | None = None


def answer_quote(quote_id: int, given: AnswerInput, *, today: date | None = None) -> QuoteAnswer:
    """Record the answer. The same answer again (a double click) returns the one recorded.

    A member may record an answer after the end of the validity: the seller may honour an old quote.

    Raises:
        NotFoundError: there is no such issued quote.
        InvalidInputError: on `name`, `reason` or `options`.
        QuoteExpiredError: the validity is over.
        QuoteReplacedError: a newer quote stands instead.
        AlreadyAnsweredError: it was answered otherwise before.
    """
    quote = locked_document(quote_id)
    if quote.kind is not DocumentKind.QUOTE or quote.state is not DocumentState.ISSUED:
        raise NotFoundError(_l("This quote does not exist, or was deleted."))
    earlier = answer_of(quote_id)
    if earlier is not None:
        if earlier.answer is given.answer:
            return earlier
        raise AlreadyAnsweredError
    if given.recorded_by_id is None and replacement_of(quote_id) is not None:
        raise QuoteReplacedError
    day = today or paris_today()
    if given.recorded_by_id is None and quote.valid_until is not None and quote.valid_until < day:
        raise QuoteExpiredError
    answer = _checked(quote, given)
    db.session.add(answer)
    db.session.flush()
    seal("quote_answer", answer.id)
    record_event(
        f"quote.{given.answer.value}",
        actor_id=given.recorded_by_id,
        subject=("document", quote.id),
        name=answer.name,
    )
    return answer


def _checked(quote: Document, given: AnswerInput) -> QuoteAnswer:
    errors = FieldErrors()
    name = errors.text("name", given.name, LONGEST_NAME, required=_l("Give your first and last name."))
    reason = errors.text("reason", given.reason, LONGEST_REASON, lines=True)
    offered = {line.position for line in quote.lines if line.role is LineRole.OPTION}
    if not given.options <= offered:
        errors.add("options", _l("Choose among the options of the quote."))
    errors.raise_if_any()
    accepted = given.answer is AnswerKind.ACCEPTED
    return QuoteAnswer(
        document_id=quote.id,
        answer=given.answer,
        name=name,
        consent=given.consent,
        reason="" if accepted else reason,
        options=json.dumps(sorted(given.options) if accepted else []),
        address=given.address[:LONGEST_ADDRESS],
        recorded_by_id=given.recorded_by_id,
    )
