"""States of documents: what is stored, the allowed passages, and the names of what is derived."""

from __future__ import annotations

from enum import StrEnum

from core.errors import ConflictError


class DocumentKind(StrEnum):
    """What a document is; both kinds have lines, totals, a number, a PDF."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class DocumentState(StrEnum):
    """The stored axis: a document is a draft, or issued for good."""

    DRAFT = "draft"
    ISSUED = "issued"


class PaymentStatus(StrEnum):
    """The derived axis: how much of an issued document is settled, and how; see `balances`."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    CREDITED = "credited"


class TodoKind(StrEnum):
    """What issuing and sending leave to the worker (`core.todo`)."""

    PDF = "document_pdf"
    MAIL = "sending_mail"


PASSAGES: frozenset[tuple[DocumentState, DocumentState]] = frozenset(
    {
        (DocumentState.DRAFT, DocumentState.ISSUED),
    }
)


def check_passage(before: DocumentState, after: DocumentState) -> None:
    """Refuse a passage that the table does not allow.

    Raises:
        ConflictError: the document is not in a state from which `after` can be reached.
    """
    if (before, after) not in PASSAGES:
        raise ConflictError
