"""What the page of a refund shows: the payment, what is left of it, notes to choose from, what the books will say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from accounting.chart import account_for
from accounting.drafts import journal_and_account
from accounting.facts import VatRegime
from accounting.models import Account
from accounting.roles import AccountRole
from accounting.treasury_accounts import treasury_place
from core.database import db
from invoicing.balances import open_credits, open_of_payment, refunded_cents
from invoicing.errors import NotFoundError
from invoicing.kept_of_payment import live_kept
from invoicing.ledger_facts import treasury_of
from invoicing.models import Customer, Document
from invoicing.payment_list import invoices_of_payments
from invoicing.payments import Payment
from invoicing.refund_plan import RefundPart, refund_plan


@dataclass(frozen=True)
class RefundPage:
    """A payment before a refund of it. All cents; `notes` are the customer's credit notes and what each has left."""

    payment: Payment
    invoices: Sequence[Document]
    left_cents: int
    surplus_cents: int
    notes: list[tuple[Document, int]]

    def proposed_cents(self, note_id: int | None) -> int:
        """What is proposed: what the note has left, else the surplus, else what is left of the payment."""
        of_note = {note.id: cents for note, cents in self.notes}.get(note_id or 0, 0)
        return min(of_note or self.surplus_cents or self.left_cents, self.left_cents)

    def proposed_note_id(self, asked: int | None) -> int | None:
        """The note that was asked for; else the only one of the invoices paid, where there is no surplus."""
        ids = {note.id for note, _ in self.notes}
        if asked in ids:
            return asked
        paid = {invoice.id for invoice in self.invoices}
        own = [note.id for note, _ in self.notes if note.credits_id in paid]
        return own[0] if len(own) == 1 and not self.surplus_cents else None


@dataclass(frozen=True)
class ShownPart:
    """A part of the refund as the page tells it: `surplus`, `note` or `invoice`, with its document."""

    kind: str
    cents: int
    document: Document | None


@dataclass(frozen=True)
class RefundPreview:
    """What a refund will do: its parts, the accounts of its entry (number, label), and whether VAT waits again."""

    parts: list[ShownPart]
    customers: tuple[str, str]
    treasury: tuple[str, str]
    moves_vat: bool

    @property
    def reopens(self) -> bool:
        """True when something is owed again."""
        return any(part.kind == "invoice" for part in self.parts)


def refund_page(payment_id: int) -> RefundPage:
    """The page of a payment of the company entered.

    Raises:
        NotFoundError: there is no such payment.
    """
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFoundError
    return RefundPage(
        payment=payment,
        invoices=invoices_of_payments([payment_id]).get(payment_id, []),
        left_cents=0
        if payment.reversal
        else payment.amount_cents - refunded_cents(payment_id) - _kept(payment_id),
        surplus_cents=open_of_payment(payment_id),
        notes=_open_notes(payment.customer_id),
    )


def refund_preview(
    page: RefundPage, amount_cents: int, credit_note_id: int | None, treasury_account_id: int | None = None
) -> RefundPreview:
    """What a refund of that amount would do now; `treasury_account_id` None: it leaves where the payment came in."""
    parts = [_shown(part) for part in refund_plan(page.payment.id, amount_cents, credit_note_id)]
    place = treasury_of(page.payment) if treasury_account_id is None else treasury_place(treasury_account_id)
    _journal, treasury = journal_and_account(place)
    reopened = [part.document for part in parts if part.kind == "invoice" and part.document is not None]
    return RefundPreview(
        parts=parts,
        customers=_shown_account(account_for(AccountRole.CUSTOMERS), page.payment.customer),
        treasury=_shown_account(
            db.session.get_one(Account, treasury) if isinstance(treasury, int) else account_for(treasury)
        ),
        moves_vat=any(invoice.regime is VatRegime.COLLECTION for invoice in reopened),
    )


def usual_treasury(payment: Payment) -> str:
    """Number and label of the account where the payment came in."""
    _journal, treasury = journal_and_account(treasury_of(payment))
    account = db.session.get_one(Account, treasury) if isinstance(treasury, int) else account_for(treasury)
    return f"{account.number} {account.label}"


def _kept(payment_id: int) -> int:
    return sum(row.amount_cents for row in live_kept(payment_id))


def _shown_account(account: Account, customer: Customer | None = None) -> tuple[str, str]:
    """Number and label; a customer may have an account of its own."""
    if customer is not None and customer.ledger_account:
        return customer.ledger_account, customer.full_name
    return account.number, account.label


def _open_notes(customer_id: int) -> list[tuple[Document, int]]:
    left = {c.credit_note_id: c.open_cents for c in open_credits(customer_id) if c.credit_note_id is not None}
    notes = db.session.scalars(select(Document).where(Document.id.in_(left)).order_by(Document.id))
    return [(note, left[note.id]) for note in notes]


def _shown(part: RefundPart) -> ShownPart:
    document_id = part.credit_note_id or part.invoice_id
    if document_id is None:
        return ShownPart("surplus", part.cents, None)
    kind = "note" if part.credit_note_id else "invoice"
    return ShownPart(kind, part.cents, db.session.get_one(Document, document_id))
