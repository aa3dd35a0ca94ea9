"""Customers and documents for tests. Call them inside `with transaction():`, with a company entered."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounting.facts import SupplyKind
from core.clock import paris_today
from core.money import parse_cents, parse_scaled
from invoicing.customer_input import ContactInput, CustomerInput
from invoicing.customers import save_customer
from invoicing.draft_invoice import DraftInput, LineInput, draft_invoice
from invoicing.issue_invoice import issue_invoice
from invoicing.item_input import ItemInput
from invoicing.items import save_item
from invoicing.lifecycle import LineRole
from invoicing.models import Customer, CustomerKind, Document, Item
from invoicing.payments import Payment, PaymentMethod
from invoicing.record_payment import PaymentInput, record_payment

BUSINESS: dict[str, Any] = {
    "kind": CustomerKind.BUSINESS,
    "name": "Boulangerie Imaginaire",
    "siren": "404833048",
    "address1": "3 place du Marché",
    "postcode": "38000",
    "city": "Grenoble",
    "contacts": (ContactInput(name="Paule Exemple", email="compta@boulangerie.example.org"),),
}
INDIVIDUAL: dict[str, Any] = {
    "kind": CustomerKind.INDIVIDUAL,
    "first_name": "Camille",
    "name": "Modèle",
    "address1": "8 allée des Tests",
    "postcode": "75011",
    "city": "Paris",
    "contacts": (ContactInput(email="camille@example.org"),),
}


def make_customer(**changes: Any) -> Customer:
    """A French business; change what the test is about (`kind=…`, `siren=…`)."""
    return save_customer(CustomerInput(**{**BUSINESS, **changes}))


def make_individual(**changes: Any) -> Customer:
    """A French private person."""
    return save_customer(CustomerInput(**{**INDIVIDUAL, **changes}))


def make_line(
    quantity: str = "1",
    price: str = "100",
    rate: str = "20",
    *,
    goods: bool = False,
    discount: str = "0",
    **more: Any,
) -> LineInput:
    """A line in the words of a form: `make_line("2", "49.90", "5.5", goods=True)`; a service by default."""
    return LineInput(
        quantity=parse_scaled(quantity, 4),
        unit_price=parse_scaled(price, 6),
        vat_rate=parse_scaled(rate, 2),
        discount=parse_scaled(discount, 2),
        kind=SupplyKind.GOODS if goods else SupplyKind.SERVICE,
        **{"label": "Prestation", **more},
    )


def make_heading(label: str, role: LineRole = LineRole.SECTION) -> LineInput:
    """A heading or a sub-total among the lines."""
    return LineInput(label=label, quantity=0, unit_price=0, vat_rate=0, role=role)


def make_item(price: str = "49.90", rate: str = "20", **changes: Any) -> Item:
    """An item of the catalogue: a lamp at 49.90 € net and 20 % unless told otherwise."""
    values = {"label": "Lampe", "kind": SupplyKind.GOODS, **changes}
    return save_item(ItemInput(unit_price=parse_scaled(price, 6), vat_rate=parse_scaled(rate, 2), **values))


def make_draft(
    *lines: LineInput, customer: Customer | None = None, issue_date: date | None = None, **changes: Any
) -> Document:
    """A draft invoice, of one service of 100 € net at 20 % unless lines are given, for a new business unless named."""
    customer = customer or make_customer()
    return draft_invoice(
        DraftInput(customer_id=customer.id, lines=lines or (make_line(),), issue_date=issue_date, **changes)
    )


def issue(
    *lines: LineInput, customer: Customer | None = None, today: date | None = None, **changes: Any
) -> Document:
    """An issued invoice, by default of 120 € (a service of 100 € net at 20 %)."""
    return issue_invoice(make_draft(*lines, customer=customer, **changes).id, today=today)


def pay(
    invoice: Document,
    euros: str,
    *,
    method: PaymentMethod = PaymentMethod.TRANSFER,
    paid_on: date | None = None,
    **changes: Any,
) -> Payment:
    """A payment recorded on the invoice: `pay(invoice, "50")`."""
    given = PaymentInput(invoice.id, method, parse_cents(euros), paid_on or paris_today(), **changes)
    return record_payment(given)
