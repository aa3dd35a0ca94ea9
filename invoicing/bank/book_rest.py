"""Books a line of the bank, or what of it nothing else explains, on an account of the chart. Called by the verbs that
decide on a line, which hold its lock.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from accounting.bank_facts import BankLineFact
from accounting.bank_positions import bookable_accounts
from accounting.record_bank import record_bank
from core.database import next_id
from invoicing.bank.banks import bank_of
from invoicing.bank.models import BankLine, BankMatch, MatchKind
from invoicing.bank.note_match import note_match
from invoicing.errors import InvalidInputError


def book_rest(
    line: BankLine, cents: int, account_id: int, *, part: int, field: str, actor_id: int | None = None
) -> BankMatch:
    """Book some cents of a line, above zero when the bank account grows, and note it as a part of the decision.

    Raises:
        InvalidInputError: the account is none that a line may be booked on; `field` names it.
    """
    account = next((row for row in bookable_accounts() if row.id == account_id), None)
    if account is None:
        raise InvalidInputError({field: _l("Choose an account.")})
    bank = bank_of(line.bank_account_id)
    assert bank is not None, "lines are imported for bank accounts only"
    match_id = next_id(BankMatch)
    entry_id = record_bank(
        BankLineFact(
            ("bank_match", match_id), line.booked_on, line.reference or f"BQ{line.id:06d}",
            line.wording or line.party or account.label, cents, account.id, bank.place,
        )
    )  # fmt: skip
    return note_match(
        line, MatchKind.ACCOUNT, part=part, match_id=match_id, entry_id=entry_id, reason=account.number,
        actor_id=actor_id,
    )  # fmt: skip
