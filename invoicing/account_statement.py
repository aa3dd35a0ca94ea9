"""A customer's statement of account (relevé de compte): what it owed, what moved since, what is open and how old.

The movements are read from the ledger, so that the statement says what the books say; what is open, from the invoices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.reading.customer_movements import CustomerMovement, customer_period
from core.clock import paris_today
from core.database import db
from core.models import Company
from core.tenancy import current_company_id
from invoicing.balances import customer_credit_cents, merged_ids
from invoicing.errors import NotFoundError
from invoicing.models import Customer, InvoicingSettings
from invoicing.open_invoices import OpenInvoice, open_invoices
from invoicing.parties import Buyer, Seller, buyer_of, seller_of
from invoicing.unbooked_deposits import DEDUCTED, UnbookedDeposit, unbooked_deposits, with_deposits_apart


@dataclass(frozen=True)
class StatementView:
    """A statement. Cents; a balance above zero is what the customer owes.

    Attributes:
        language: the customer's.
        today: the day on which what is open was read.
        credit_cents: what the customer has in credit on that day.
        unbooked: deposit invoices that are not part of the balance on that day (booked when paid, not deducted).
    """

    customer_id: int
    seller: Seller
    buyer: Buyer
    language: str
    first_day: date
    last_day: date
    opening_cents: int
    movements: tuple[CustomerMovement, ...]
    closing_cents: int
    today: date
    open: tuple[OpenInvoice, ...]
    credit_cents: int
    unbooked: tuple[UnbookedDeposit, ...]

    @property
    def due_cents(self) -> int:
        """What the open invoices come to."""
        return sum(invoice.open_cents for invoice in self.open)

    @property
    def late_cents(self) -> int:
        """What of it is past its due date."""
        return sum(invoice.open_cents for invoice in self.open if invoice.due_date < self.today)


def account_statement(customer_id: int, first_day: date, last_day: date) -> StatementView:
    """The statement of a customer for a period; both days belong to it.

    Raises:
        NotFoundError: the company has no such customer.
    """
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        raise NotFoundError
    codes = db.session.scalars(select(Customer.number).where(Customer.id.in_(merged_ids(customer_id)))).all()
    period = customer_period(codes, first_day, last_day)
    company = db.session.get_one(Company, current_company_id())
    settings = db.session.scalars(select(InvoicingSettings)).one()
    return StatementView(
        customer_id=customer_id,
        seller=seller_of(company, settings),
        buyer=buyer_of(customer),
        language=customer.language,
        first_day=first_day,
        last_day=last_day,
        opening_cents=period.opening_cents,
        movements=with_deposits_apart(customer_id, period.movements),
        closing_cents=period.closing_cents,
        today=paris_today(),
        open=tuple(open_invoices(customer_id)),
        credit_cents=customer_credit_cents(customer_id),
        unbooked=tuple(unbooked_deposits(customer_id)),
    )


# What is told by the sign of the amount besides: a sale that lowers the balance is a credit note.
_SALES: Final = (_l("Invoice %(number)s"), _l("Credit note %(number)s"))
_WORDS: Final = {
    "advance_credit": _l("Credit note %(number)s"),
    DEDUCTED: _l("Deposit invoice %(number)s, deducted"),
    "collection": _l("Payment %(number)s"),
    "collection_reversal": _l("Payment cancelled %(number)s"),
    "refund": _l("Refund %(number)s"),
    "dispute": _l("Payment taken back by the bank %(number)s"),
    "dispute_won": _l("Payment given back by the bank %(number)s"),
    # A discount, a small difference, a loss: what it is called in the books is not for the customer's eyes.
    "write_off": _l("Adjustment %(number)s"),
    "write_off_undo": _l("Adjustment taken back %(number)s"),
    "kept_surplus": _l("Adjustment %(number)s"),
}


def movement_text(movement: CustomerMovement) -> str:
    """What a movement is, in the language that is on now; what has no words here is told by the ledger's label."""
    words = _SALES[movement.cents < 0] if movement.purpose == "sale" else _WORDS.get(movement.purpose)
    return str(words) % {"number": movement.piece_ref} if words else movement.label


def days_late(invoice: OpenInvoice, today: date) -> int:
    """By how many days an invoice is past its due date; 0 while it is not."""
    return max((today - invoice.due_date).days, 0)
