"""States of documents: what is stored, the allowed passages, and the names of what is derived."""

from __future__ import annotations

from enum import StrEnum

from core.errors import ConflictError


class DocumentKind(StrEnum):
    """What a document is. All have lines and totals; all but the pattern of recurring ones get a number and a PDF."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    QUOTE = "quote"
    RECURRING = "recurring"


class InvoiceType(StrEnum):
    """What an invoice is for: a sale, a deposit on one, or a sale of which deposits are deducted.

    A credit note carries the type of the invoice it corrects.
    """

    STANDARD = "standard"
    DEPOSIT = "deposit"
    FINAL = "final"


class LineRole(StrEnum):
    """What a line is. Only items, chosen options and deductions of deposits have amounts that count."""

    ITEM = "item"
    OPTION = "option"
    SECTION = "section"
    SUBTOTAL = "subtotal"
    DEPOSIT = "deposit"


class AnswerKind(StrEnum):
    """What a customer says to a quote."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


class DocumentState(StrEnum):
    """The stored axis: a document is a draft, or issued for good."""

    DRAFT = "draft"
    ISSUED = "issued"


class PaymentStatus(StrEnum):
    """The derived axis: how much of an issued document is settled, and how; see `balances`.

    REFUNDED and DISPUTED: open again because its money went back; not asked for until the owner claims or credits it.
    DOUBTFUL: open, and perhaps never paid; it may still be paid. LOST: what was not paid of it was given up as a loss.
    """

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    CREDITED = "credited"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DOUBTFUL = "doubtful"
    LOST = "lost"

    @property
    def is_on_hold(self) -> bool:
        """True while nothing is asked of the customer, although something is open."""
        return self in (PaymentStatus.REFUNDED, PaymentStatus.DISPUTED)


class TodoKind(StrEnum):
    """What issuing, sending, repeating and being paid leave to the worker (`core.todo`)."""

    PDF = "document_pdf"
    MAIL = "sending_mail"
    RECURRING = "recurring_copy"
    BULK = "bulk_run"
    RECEIPT = "payment_receipt"


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
