"""Says that a line of the bank is movements that the books have already; only what they lack of it may be booked."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from accounting.bank_positions import BankPosition, bank_positions
from accounting.models import JournalEntry
from core.errors import ConflictError
from core.money import format_cents
from invoicing.bank.book_rest import book_rest
from invoicing.bank.lines import entries_taken, is_awaited, lock_entries, open_line
from invoicing.bank.models import BankLine, BankMatch, MatchKind
from invoicing.bank.note_match import note_match
from invoicing.errors import InvalidInputError

MOST_ENTRIES = 100


def match_entries(
    line_id: int,
    entry_ids: Collection[int],
    *,
    rest_account_id: int | None = None,
    actor_id: int | None = None,
) -> BankMatch:
    """Match the line with the movements that these entries make of the bank account, one or several.

    Args:
        rest_account_id: an account for what the line has more or less than they (a fee the bank kept); None: nothing.

    Returns:
        The first part of the decision.

    Raises:
        NotFoundError: there is no such line.
        LineDecided: something is decided on it.
        ConflictError: an entry moves nothing there, or another line is it already.
        InvalidInputError: none or too many are chosen, they do not make the amount, or the account may not be booked.
    """
    line = open_line(line_id)
    wanted = sorted(set(entry_ids))
    if not 0 < len(wanted) <= MOST_ENTRIES:
        raise InvalidInputError({"entries": _l("Tick the movements that this line is.")})
    lock_entries(wanted)
    if entries_taken(wanted):
        raise ConflictError(_l("Another line of the bank is this entry already."))
    # What pages offer and nothing else: an opening entry repeats, and what was booked for a line is that line's.
    positions = bank_positions(line.bank_account_id, JournalEntry.id.in_(wanted), is_awaited())
    if len(positions) != len(wanted):
        raise ConflictError(_l("This entry does not move the bank account."))
    rest = line.amount_cents - sum(position.cents for position in positions)
    if rest and rest_account_id is None:
        amount = format_cents(rest, get_locale())
        said = _l(
            "The line differs from what they make by %(amount)s. Tick what is missing, or choose an account for it.",
            amount=amount,
        )
        raise InvalidInputError({"entries": said})
    parts = [_part(line, position, place, actor_id) for place, position in enumerate(positions)]
    if rest and rest_account_id is not None:
        book_rest(line, rest, rest_account_id, part=len(parts), field="rest_account", actor_id=actor_id)
    return parts[0]


def _part(line: BankLine, position: BankPosition, place: int, actor_id: int | None) -> BankMatch:
    return note_match(line, MatchKind.ENTRY, part=place, entry_id=position.entry_id, actor_id=actor_id)
