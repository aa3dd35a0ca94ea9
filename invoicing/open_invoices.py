"""What a customer owes, invoice by invoice, the oldest due first: what a payment of several is spread over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select

from core.database import db
from invoicing.balances import merged_ids
from invoicing.lifecycle import PaymentStatus
from invoicing.models import Customer, Document
from invoicing.standing import InvoiceStanding

_ON_HOLD = [status for status in PaymentStatus if status.is_on_hold]


@dataclass(frozen=True)
class OpenInvoice:
    """An invoice of which something is due. `customer_name` is today's; `customer_id` whom it was made for."""

    id: int
    number: str
    customer_id: int
    customer_name: str
    issue_date: date
    due_date: date
    open_cents: int


def open_invoices(customer_id: int) -> list[OpenInvoice]:
    """The open invoices of a customer and of those merged into it, without those on hold; the oldest due first."""
    return _found(Document.customer_id.in_(merged_ids(customer_id)))


def all_open_invoices() -> list[OpenInvoice]:
    """The open invoices of all customers, the oldest due first."""
    return _found()


def spread(amount_cents: int, invoices: Iterable[OpenInvoice]) -> dict[int, int]:
    """What each invoice takes of an amount, in the order given, until nothing is left: id → cents above zero."""
    taken: dict[int, int] = {}
    for invoice in invoices:
        cents = min(invoice.open_cents, amount_cents - sum(taken.values()))
        if cents > 0:
            taken[invoice.id] = cents
    return taken


def _found(*conditions: ColumnElement[bool]) -> list[OpenInvoice]:
    rows = db.session.execute(
        select(Document, Customer, InvoiceStanding)
        .join(InvoiceStanding, InvoiceStanding.id == Document.id)
        .join(Customer, Customer.id == Document.customer_id)
        .where(InvoiceStanding.is_open, InvoiceStanding.status.not_in(_ON_HOLD), *conditions)
        .order_by(InvoiceStanding.due_date, Document.id)
    )
    return [
        OpenInvoice(
            id=document.id,
            number=document.number or "",
            customer_id=document.customer_id,
            customer_name=customer.full_name,
            issue_date=standing.issue_date,
            due_date=standing.due_date,
            open_cents=standing.open_cents,
        )
        for document, customer, standing in rows
    ]
