"""Says that a line of the bank is a payout of the processor that arrives: D 512 bank, C 58 internal transfers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.bank_facts import PayoutArrivedFact
from accounting.bank_positions import transfers_under_way
from accounting.models import JournalEntry
from accounting.record_bank import record_bank
from core.database import db, next_id
from core.errors import ConflictError
from invoicing.bank.banks import bank_of
from invoicing.bank.lines import lock_entries, open_line
from invoicing.bank.models import BankMatch, MatchKind
from invoicing.bank.note_match import note_match


def match_payout(line_id: int, payout_entry_id: int, *, actor_id: int | None = None) -> BankMatch:
    """Book the arrival of a payout that the wallet's journal has.

    Raises:
        NotFoundError: there is no such line.
        LineDecided: something is decided on it.
        ConflictError: the payout is of another amount, or arrived already.
    """
    line = open_line(line_id)
    lock_entries([payout_entry_id])
    found = transfers_under_way(JournalEntry.id == payout_entry_id)
    if not found or found[0].cents != line.amount_cents:
        raise ConflictError(_l("This payout is of another amount."))
    other = select(BankMatch.id).where(
        BankMatch.payout_entry_id == payout_entry_id, BankMatch.undone_at.is_(None)
    )
    if db.session.scalars(other).first() is not None:
        raise ConflictError(_l("Another line of the bank is this payout already."))
    bank = bank_of(line.bank_account_id)
    assert bank is not None, "lines are imported for bank accounts only"
    match_id = next_id(BankMatch)
    entry_id = record_bank(
        PayoutArrivedFact(
            ("bank_match", match_id), line.booked_on, found[0].piece_ref, line.amount_cents, bank.place
        )
    )
    return note_match(
        line, MatchKind.PAYOUT, match_id=match_id, entry_id=entry_id, payout_entry_id=payout_entry_id,
        actor_id=actor_id,
    )  # fmt: skip
