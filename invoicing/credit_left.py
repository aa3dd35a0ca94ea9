"""What of an issued invoice is left to credit, line by line and VAT part by VAT part. Read-only.

Derived from the invoice and its credit notes, never stored. A line of a note has the position of the line it credits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.database import db
from invoicing.lifecycle import DocumentState, LineRole
from invoicing.models import Document, DocumentLine
from invoicing.vat import VatTotals, counts, vat_totals

_AMOUNT_FIELDS = ("net_cents", "vat_cents", "discount_cents")


@dataclass(frozen=True)
class LineLeft:
    """A line of the invoice and what credit notes have left of it: quantity (4 decimals), cents shown, net cents."""

    line: DocumentLine
    quantity: int
    amount_cents: int
    net_cents: int


@dataclass(frozen=True)
class CreditLeft:
    """What is left to credit of an invoice.

    Attributes:
        notes: its credit notes so far, oldest first.
        lines: the lines that count, in their order.
        parts: its VAT parts, less those of the notes.
        by_amounts: some note was made of amounts and not of lines, so that lines no longer tell what is left.
        total_cents, rounding_cents: what is left in all, and of the rounding to a total typed VAT included.
    """

    invoice: Document
    notes: tuple[Document, ...]
    lines: tuple[LineLeft, ...]
    parts: tuple[VatTotals, ...]
    by_amounts: bool
    rounding_cents: int
    total_cents: int

    @property
    def is_nothing(self) -> bool:
        """True once the invoice is credited in full."""
        return (
            bool(self.notes)
            and not self.total_cents
            and not any(p.net_cents or p.vat_cents for p in self.parts)
        )

    @property
    def choosable_lines(self) -> list[LineLeft]:
        """Lines of which a part may be credited; a deduction of a deposit only goes with everything else."""
        return [left for left in self.lines if left.line.role is not LineRole.DEPOSIT]

    @property
    def choosable_parts(self) -> list[tuple[int, VatTotals]]:
        """The VAT parts of which an amount may be credited, with their index in `parts`: those of no deposit."""
        return [(index, part) for index, part in enumerate(self.parts) if not part.is_deposit]

    def shown_cents(self, part: VatTotals) -> int:
        """What is left of a part as the invoice's prices are shown: net, or VAT included."""
        if not self.invoice.prices_include_vat:
            return part.net_cents
        alone = self.rounding_cents if len(self.parts) == 1 else 0
        return part.net_cents + part.vat_cents + alone


def credit_notes_of(invoice_id: int) -> list[Document]:
    """The issued credit notes of an invoice, oldest first."""
    notes = select(Document).where(Document.credits_id == invoice_id, Document.state == DocumentState.ISSUED)
    loaded = notes.options(selectinload(Document.lines), selectinload(Document.vat_lines)).order_by(
        Document.id
    )
    return list(db.session.scalars(loaded))


def credit_left(invoice: Document) -> CreditLeft:
    """What is left to credit of an issued invoice; a verb has locked it."""
    notes = credit_notes_of(invoice.id)
    return CreditLeft(
        invoice=invoice,
        notes=tuple(notes),
        lines=tuple(_line_left(line, notes) for line in invoice.lines if counts(line)),
        parts=tuple(_part_left(vat_totals(row), notes) for row in invoice.vat_lines),
        by_amounts=any(_is_by_amounts(note, invoice) for note in notes),
        rounding_cents=invoice.rounding_cents - sum(note.rounding_cents for note in notes),
        total_cents=invoice.total_cents - sum(note.total_cents for note in notes),
    )


def _line_left(line: DocumentLine, notes: Sequence[Document]) -> LineLeft:
    credited = [c for note in notes for c in note.lines if c.position == line.position]
    return LineLeft(
        line,
        line.quantity - sum(c.quantity for c in credited),
        line.amount_cents - sum(c.amount_cents for c in credited),
        line.net_cents - sum(c.net_cents for c in credited),
    )


def part_key(part: Any) -> tuple[Any, ...]:
    """What tells one VAT part of an invoice from another."""
    return part.rate, part.kind, part.category, part.ground, part.account, part.is_deposit


def _part_left(part: VatTotals, notes: Sequence[Document]) -> VatTotals:
    credited = [row for note in notes for row in note.vat_lines if part_key(row) == part_key(part)]
    return replace(
        part,
        **{
            name: getattr(part, name) - sum(getattr(row, name) for row in credited) for name in _AMOUNT_FIELDS
        },
    )


def last_position(invoice: Document) -> int:
    """The position of the invoice’s last line; lines of notes made of amounts come behind it."""
    return max((line.position for line in invoice.lines), default=0)


def _is_by_amounts(note: Document, invoice: Document) -> bool:
    return any(line.position > last_position(invoice) for line in note.lines)
