"""Says that a line of the bank is not to be booked, and why. It stays in the reconciliation as a difference."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from invoicing.bank.lines import open_line
from invoicing.bank.models import BankMatch, MatchKind
from invoicing.bank.note_match import note_match
from invoicing.input_checks import FieldErrors


def ignore_line(line_id: int, reason: str, *, actor_id: int | None = None) -> BankMatch:
    """Put a line aside.

    Raises:
        NotFoundError: there is no such line.
        LineDecided: something is decided on it.
        InvalidInputError: no reason was given.
    """
    line = open_line(line_id)
    errors = FieldErrors()
    said = errors.text("reason", reason, 255, required=_l("Say why: the reason stays in the history."))
    errors.raise_if_any()
    return note_match(line, MatchKind.IGNORED, reason=said, actor_id=actor_id)
