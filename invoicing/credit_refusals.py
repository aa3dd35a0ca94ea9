"""Which invoices may be credited, and with which credit notes. Called by `credit_invoice`, with the invoice locked."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.database import db
from invoicing.balances import balance_of
from invoicing.credit_amounts import Credit
from invoicing.deposit_uses import deposits_of, final_of
from invoicing.errors import NotIssuableError, Place, Problem
from invoicing.lifecycle import InvoiceType
from invoicing.models import Document


def refuse_uncreditable(invoice: Document) -> None:
    """Refuse an issued invoice that may not be credited at all.

    Raises:
        NotIssuableError: another invoice deducts it, a part of it was given up, or other software issued it.
    """
    _refuse_deducted(invoice)
    _refuse_given_up(invoice)
    _refuse_taken_over(invoice)


def refuse_wrong_credit(invoice: Document, credit: Credit, *, is_later_discount: bool) -> None:
    """Refuse a credit that this invoice may not be given.

    Raises:
        NotIssuableError: a deposit it frees was doubted or given up, or it is a later discount on a deposit.
    """
    if any(part.is_deposit for part in credit.totals.vat):
        _refuse_doubted_deposits(invoice)
    if is_later_discount:
        _refuse_discount_on_deposit(invoice, credit)


def _refuse_deducted(invoice: Document) -> None:
    """A deposit that a final invoice deducts is corrected there: crediting it too would give it back twice."""
    final = final_of(invoice.id) if invoice.invoice_type is InvoiceType.DEPOSIT else None
    if final is not None:
        raise NotIssuableError(
            [
                Problem(
                    Place.DOCUMENT,
                    "lines",
                    _l(
                        "This deposit is deducted on invoice %(number)s. Credit that one first.",
                        number=final.number,
                    ),
                )
            ]
        )


def _refuse_given_up(invoice: Document) -> None:
    """What was given up is no longer owed: credited too, it would become money that the customer never paid."""
    if balance_of(invoice.id).given_up_cents:
        message = _l(
            "A discount, a difference or a loss stands on this invoice. Undo it first, on the page of the invoice."
        )
        raise NotIssuableError([Problem(Place.DOCUMENT, "write_off", message)])


def _refuse_taken_over(invoice: Document) -> None:
    """Its VAT stands on the original: a note made here would not know what to take back."""
    if invoice.is_taken_over:
        message = _l(
            "This invoice was issued in the software used before, with its VAT: the credit note is made there."
        )
        raise NotIssuableError([Problem(Place.DOCUMENT, "lines", message)])


def _refuse_doubted_deposits(invoice: Document) -> None:
    """Credited in full, it would free deposits of which the books then have nothing but what was paid."""
    for deposit_id in sorted(deposits_of(invoice.id)):
        deposit, balance = db.session.get_one(Document, deposit_id), balance_of(deposit_id)
        if deposit.booked_when_paid and (balance.given_up_cents or balance.is_doubtful):
            message = _l(
                "Deposit %(number)s was declared doubtful, or a part of it was given up. Undo that first, on the"
                " page of the deposit.",
                number=deposit.number,
            )
            raise NotIssuableError([Problem(Place.DOCUMENT, "write_off", message)])


def _refuse_discount_on_deposit(invoice: Document, credit: Credit) -> None:
    """Money in advance is no sale yet, so there is no price to reduce; and what a final invoice deducted of it comes
    back only with the whole invoice, which is a cancellation."""
    if invoice.invoice_type is InvoiceType.DEPOSIT or any(part.is_deposit for part in credit.totals.vat):
        message = _l(
            "A deposit is no sale yet: give the later discount on lines or amounts of the order’s last invoice."
        )
        raise NotIssuableError([Problem(Place.DOCUMENT, "is_later_discount", message)])
