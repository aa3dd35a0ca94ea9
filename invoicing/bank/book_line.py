"""Books a line of the bank on an account that a person chose: fees, interest, what is not known yet (471)."""

from __future__ import annotations

from invoicing.bank.book_rest import book_rest
from invoicing.bank.lines import open_line
from invoicing.bank.models import BankMatch


def book_line(line_id: int, account_id: int, *, actor_id: int | None = None) -> BankMatch:
    """Book a line against an account of the chart.

    Raises:
        NotFoundError: there is no such line.
        LineDecided: something is decided on it.
        InvalidInputError: the account is none that a line may be booked on.
    """
    line = open_line(line_id)
    return book_rest(line, line.amount_cents, account_id, part=0, field="account", actor_id=actor_id)
