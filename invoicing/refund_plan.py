"""What a refund of a payment gives back or opens again, part by part. Read-only: `give_back` does it, pages show it.

In this order it takes: the credit note that was named, the payment's own surplus, credit left by the notes of what it
paid, and last what it settles, the latest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from invoicing.balances import balance_of, open_of_payment
from invoicing.locked_payments import notes_of
from invoicing.payments import Settlement
from invoicing.settle import live_settlements_of_payment


@dataclass(frozen=True)
class RefundPart:
    """Cents of a refund: of a credit note, of what a settlement had settled, or (with neither) of the surplus.

    `is_beyond`: more than the payment had, as a bank may take what was given back before.
    """

    cents: int
    credit_note_id: int | None = None
    settlement: Settlement | None = None
    is_beyond: bool = False

    @property
    def invoice_id(self) -> int | None:
        """The invoice that the part opens again."""
        return self.settlement.invoice_id if self.settlement is not None else None


def refund_plan(payment_id: int, amount_cents: int, credit_note_id: int | None = None) -> list[RefundPart]:
    """The parts of a refund, adding up to it. A verb holds the locks of the payment and of its documents.

    Args:
        payment_id: the payment.
        amount_cents: what goes back.
        credit_note_id: the note that was named.
    """
    parts, rest = [], amount_cents
    for part in _sources(payment_id, credit_note_id):
        cents = min(part.cents, rest)
        if cents > 0:
            parts.append(RefundPart(cents, part.credit_note_id, part.settlement))
            rest -= cents
    if rest:
        parts.append(RefundPart(rest, is_beyond=True))
    return parts


def _sources(payment_id: int, credit_note_id: int | None) -> Iterator[RefundPart]:
    """Everything that money of the payment may come from, each with all it has."""
    if credit_note_id is not None:
        yield RefundPart(balance_of(credit_note_id).open_cents, credit_note_id)
    yield RefundPart(open_of_payment(payment_id))
    live = [row for row in live_settlements_of_payment(payment_id) if row.invoice_id is not None]
    for note in notes_of(row.invoice_id for row in live if row.invoice_id is not None):
        if note.id != credit_note_id:
            yield RefundPart(balance_of(note.id).open_cents, note.id)
    for row in reversed(live):
        yield RefundPart(row.amount_cents, settlement=row)
