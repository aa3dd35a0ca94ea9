"""Says that a line of the bank is not to be booked, and why. It stays in the reconciliation as a difference."""

from __future__ import annotations

from invoicing.bank.lines import open_line
from invoicing.bank.models import BankMatch, MatchKind
from invoicing.bank.note_match import note_match
from invoicing.input_checks import checked_reason


def ignore_line(line_id: int, reason: str, *, actor_id: int | None = None) -> BankMatch:
    """Put a line aside.

    Raises:
        NotFoundError: there is no such line.
        LineDecided: something is decided on it.
        InvalidInputError: no reason was given.
    """
    line = open_line(line_id)
    return note_match(line, MatchKind.IGNORED, reason=checked_reason(reason), actor_id=actor_id)
