"""Deposit invoices that are booked when they are paid, where a person would look for them in a balance. Read-only.

Until a final invoice deducts it, such a deposit is in no account but for what was paid of it: lists of the books say
so beside what they show. With the final invoice it enters the customer's balance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from accounting.models import SIGNED_CENTS, EntryLine, JournalEntry
from accounting.reading.customer_movements import CustomerMovement
from accounting.reading.unbooked import Unbooked
from core.database import db
from invoicing.balances import balances_of, merged_ids
from invoicing.ledger_facts import advance_key, invoice_key
from invoicing.lifecycle import DocumentKind, DocumentState
from invoicing.models import Customer, DepositUse, Document, DocumentLine
from invoicing.standing import InvoiceStanding

DEDUCTED = "deposit_deducted"
"""The purpose that the part of a deposit has in a movement of the final invoice that deducts it, or of its note."""


@dataclass(frozen=True)
class UnbookedDeposit:
    """A deposit invoice that is not part of the customer's balance. Cents: its total less credit notes."""

    number: str
    total_cents: int


def unbooked_deposits(customer_id: int) -> list[UnbookedDeposit]:
    """Those of a customer and of customers merged into it, paid or not; the oldest first."""
    deposits = list(db.session.scalars(_advances(Document.customer_id.in_(merged_ids(customer_id)))))
    balances = balances_of(deposit.id for deposit in deposits)
    found = [
        UnbookedDeposit(deposit.number or "", balance.total_cents - balance.credited_cents)
        for deposit in deposits
        for balance in (balances[deposit.id],)
    ]
    return [deposit for deposit in found if deposit.total_cents]


def unpaid_unbooked(day: date) -> list[Unbooked]:
    """Those issued up to a day of which something is unpaid now, of all customers; for the lists of the ledger."""
    statement = _advances(Document.issue_date <= day).with_only_columns(
        Document.id, Document.number, Customer.number, Customer.name, InvoiceStanding.open_cents
    )
    named = aliased(Customer)
    # The books know who owes by the customer that took the other one over.
    rows = db.session.execute(
        statement.join(named, named.id == Document.customer_id)
        .join(Customer, Customer.id == func.coalesce(named.merged_into_id, named.id))
        .join(InvoiceStanding, InvoiceStanding.id == Document.id)
        .where(InvoiceStanding.is_open)
    )
    return [Unbooked(id_, number or "", code, name, int(cents)) for id_, number, code, name, cents in rows]


def with_deposits_apart(
    customer_id: int, movements: Sequence[CustomerMovement]
) -> tuple[CustomerMovement, ...]:
    """The movements of a customer, with what enters of deposits apart from the invoice that deducts them."""
    deposits = {
        key: deposit.number or ""
        for deposit in db.session.scalars(
            select(Document).where(
                Document.customer_id.in_(merged_ids(customer_id)), Document.booked_when_paid.is_(True)
            )
        )
        for key in (advance_key(deposit.id), invoice_key(deposit.id))
    }
    parts = _parts(deposits, [movement.entry_id for movement in movements]) if deposits else {}
    return tuple(part for movement in movements for part in _apart(movement, parts))


def _parts(numbers: dict[str, str], entry_ids: list[int]) -> dict[int, Counter[str]]:
    """Entry of a sale → what it moves of each deposit, by number."""
    rows = db.session.execute(
        select(EntryLine.entry_id, EntryLine.match_key, SIGNED_CENTS)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(
            EntryLine.entry_id.in_(entry_ids),
            EntryLine.match_key.in_(list(numbers)),
            EntryLine.auxiliary_code != "",
            JournalEntry.purpose == "sale",
        )
    )
    found: dict[int, Counter[str]] = {}
    for entry_id, key, cents in rows:
        found.setdefault(entry_id, Counter())[numbers[key]] += cents
    return found


def _apart(movement: CustomerMovement, parts: dict[int, Counter[str]]) -> Iterable[CustomerMovement]:
    of_deposits = {
        number: cents for number, cents in parts.get(movement.entry_id, Counter()).items() if cents
    }
    rest = movement.cents - sum(of_deposits.values())
    if rest:
        yield replace(movement, cents=rest)
    for number, cents in of_deposits.items():
        yield replace(movement, purpose=DEDUCTED, piece_ref=number, cents=cents)


def _advances(condition: ColumnElement[bool]) -> Select[Document]:
    """`deposit_uses.is_advance` in SQL: no final invoice deducts it, or the credit note of all of one took it off."""
    note = aliased(Document)
    freed = (
        select(DocumentLine.id)
        .join(note, note.id == DocumentLine.document_id)
        .where(note.credits_id == DepositUse.final_id, DocumentLine.deposit_id == DepositUse.deposit_id)
    )
    deducted = select(DepositUse.id).where(DepositUse.deposit_id == Document.id, ~freed.exists())
    return (
        select(Document)
        .where(
            Document.kind == DocumentKind.INVOICE,
            Document.state == DocumentState.ISSUED,
            Document.booked_when_paid.is_(True),
            ~deducted.exists(),
            condition,
        )
        .order_by(Document.id)
    )
