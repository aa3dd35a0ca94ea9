"""Says that a line of the bank is a movement that the books have already: nothing is booked."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from accounting.bank_positions import position_of
from core.database import db
from core.errors import ConflictError
from invoicing.bank.lines import open_line
from invoicing.bank.models import BankMatch, MatchKind
from invoicing.bank.note_match import note_match


def match_entry(line_id: int, entry_id: int, *, actor_id: int | None = None) -> BankMatch:
    """Match the line with the entry's movement of the bank account.

    Raises:
        NotFoundError: there is no such line.
        LineDecided: something is decided on it.
        ConflictError: the entry moves the account by another amount, or another line is it already.
    """
    line = open_line(line_id)
    position = position_of(line.bank_account_id, entry_id)
    if position is None or position.cents != line.amount_cents:
        raise ConflictError(_l("This entry moves the bank account by another amount."))
    other = select(BankMatch.id).where(BankMatch.entry_id == entry_id, BankMatch.undone_at.is_(None))
    if db.session.scalars(other).first() is not None:
        raise ConflictError(_l("Another line of the bank is this entry already."))
    return note_match(line, MatchKind.ENTRY, entry_id=entry_id, actor_id=actor_id)
