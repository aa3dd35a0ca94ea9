"""Records a line of the bank as a payment of invoices: payment, settlement and entry as if typed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from accounting.standing import entry_of
from core.database import db
from invoicing.bank.banks import bank_of
from invoicing.bank.book_rest import book_rest
from invoicing.bank.lines import open_line
from invoicing.bank.models import BankLine, BankMatch, MatchKind
from invoicing.bank.note_match import note_match
from invoicing.errors import InvalidInputError
from invoicing.payments import PaymentMethod
from invoicing.record_payment import PaymentInput, PaymentPart, record_payment

LONGEST_REFERENCE = 100
LARGEST_FEE_CENTS = 10_000_00
"""A larger one is an amount in the wrong field (assumed)."""


@dataclass(frozen=True)
class KeptFee:
    """What the bank kept of the money before it put it on the account, in cents above zero, and where it is booked."""

    cents: int
    account_id: int


def pay_by_line(
    line_id: int,
    parts: Sequence[tuple[int, int]],
    *,
    fee: KeptFee | None = None,
    actor_id: int | None = None,
) -> BankMatch:
    """Pay invoices with the money of a line; what they do not take becomes their customer's credit.

    Args:
        line_id: a line by which money came in.
        parts: invoice and cents of each that is paid; of one customer.
        fee: what the customer paid beyond the line: the payment is of both, the fee is booked besides (D 627; C 512).

    Raises:
        NotFoundError: there is no such line or invoice.
        LineDecided: something is decided on the line.
        InvalidInputError: an invoice owes less by now, they are of several customers, money went out, the fee is none
            or on an account that may not be booked, or the line's account stands for no bank any more.
    """
    line = open_line(line_id)
    if line.amount_cents <= 0:
        raise InvalidInputError({"invoices": _l("Money went out by this line: it pays no invoice.")})
    if not parts:
        raise InvalidInputError({"invoices": _l("Choose the invoices that this money pays.")})
    bank = bank_of(line.bank_account_id)
    assert bank is not None, "lines are imported for bank accounts only"
    if bank.treasury_id is None:
        said = _l(
            "Account %(number)s stands for no bank account any more. Add it to the treasury accounts in the settings "
            "of the books, then record the payment.",
            number=bank.number,
        )
        raise InvalidInputError({"invoices": said})
    _check_fee(fee)
    payment = record_payment(
        PaymentInput(
            invoice_id=parts[0][0],
            method=PaymentMethod.TRANSFER,
            amount_cents=line.amount_cents + (fee.cents if fee else 0),
            paid_on=line.booked_on,
            reference=(line.reference or line.wording)[:LONGEST_REFERENCE],
            request_key=_request_key(line),
            recorded_by_id=actor_id,
            treasury_account_id=bank.treasury_id,
            accepts_early=True,  # the bank has dated it, and the statement was checked when it was taken in
            parts=tuple(PaymentPart(invoice_id, cents) for invoice_id, cents in parts),
        )
    )
    entry = entry_of(("payment", payment.id), "collection")
    assert entry is not None, "a payment writes its entry at once"
    first = note_match(line, MatchKind.PAYMENT, entry_id=entry.id, payment_id=payment.id, actor_id=actor_id)
    if fee is not None:
        book_rest(line, -fee.cents, fee.account_id, part=1, field="fee_account", actor_id=actor_id)
    return first


def _check_fee(fee: KeptFee | None) -> None:
    if fee is not None and not 0 < fee.cents <= LARGEST_FEE_CENTS:
        raise InvalidInputError({"fee": _l("Give a fee above zero, and no larger than a bank takes.")})


def _request_key(line: BankLine) -> str:
    """One payment per decision: a line whose payment was taken back may be a payment again."""
    earlier = select(func.count()).select_from(BankMatch).where(BankMatch.line_id == line.id)
    return f"bank-line-{line.id}-{db.session.scalar(earlier) or 0}"
