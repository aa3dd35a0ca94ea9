"""Books a line of the bank on an account that a person chose: fees, interest, what is not known yet (471)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from accounting.bank_facts import BankLineFact
from accounting.bank_positions import bookable_accounts
from accounting.record_bank import record_bank
from core.database import next_id
from invoicing.bank.banks import bank_of
from invoicing.bank.lines import open_line
from invoicing.bank.models import BankMatch, MatchKind
from invoicing.bank.note_match import note_match
from invoicing.errors import InvalidInputError


def book_line(line_id: int, account_id: int, *, actor_id: int | None = None) -> BankMatch:
    """Book a line against an account of the chart.

    Raises:
        NotFoundError: there is no such line.
        LineDecided: something is decided on it.
        InvalidInputError: the account is none that a line may be booked on.
    """
    line = open_line(line_id)
    account = next((row for row in bookable_accounts() if row.id == account_id), None)
    if account is None:
        raise InvalidInputError({"account": _l("Choose an account.")})
    bank = bank_of(line.bank_account_id)
    assert bank is not None, "lines are imported for bank accounts only"
    match_id = next_id(BankMatch)
    entry_id = record_bank(
        BankLineFact(
            ("bank_match", match_id), line.booked_on, line.reference or f"BQ{line.id:06d}",
            line.wording or line.party or account.label, line.amount_cents, account.id, bank.place,
        )
    )  # fmt: skip
    return note_match(
        line, MatchKind.ACCOUNT, match_id=match_id, entry_id=entry_id, reason=account.number,
        actor_id=actor_id,
    )  # fmt: skip
