"""Small checks of what people type, shared by the verbs that take input: every error is collected."""

from __future__ import annotations

import unicodedata
from datetime import date

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l

from invoicing.errors import InvalidInputError, Message

EARLIEST_DATE = date(2000, 1, 1)
LATEST_DATE = date(2099, 12, 31)
"""Dates outside are slips of the keyboard; the FEC's checker warns outside 1900-2099."""


def clean_text(text: str, *, lines: bool = False) -> str:
    """The text without what no PDF, XML or PostgreSQL column takes: control characters and lone surrogates.

    Args:
        lines: keep line ends, as line feeds; otherwise they become spaces.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if not lines:
        unified = unified.replace("\n", " ")
    kept = (
        c
        for c in unified
        if c == "\n" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in "\ufffe\uffff")
    )
    return "".join(kept).strip()


class FieldErrors:
    """What is wrong, field by field; the first error of a field stands."""

    def __init__(self) -> None:
        self.found: dict[str, Message] = {}

    def add(self, field: str, message: Message) -> None:
        """Note what is wrong with a field."""
        self.found.setdefault(field, message)

    def raise_if_any(self) -> None:
        """Refuse the input when something is wrong.

        Raises:
            InvalidInputError: with everything that was found.
        """
        if self.found:
            raise InvalidInputError(self.found)

    def text(
        self, field: str, value: str, longest: int, *, required: Message | None = None, lines: bool = False
    ) -> str:
        """A cleaned text of at most `longest` characters; `required` is the message for an empty one."""
        clean = clean_text(value, lines=lines)
        if not clean and required is not None:
            self.add(field, required)
        if len(clean) > longest:
            self.add(field, _l("This is too long: at most %(count)d characters.", count=longest))
        return clean

    def day(self, field: str, value: date | None) -> date | None:
        """The date, or None when it is a slip of the keyboard."""
        if value is None or EARLIEST_DATE <= value <= LATEST_DATE:
            return value
        self.add(field, _l("This date cannot be right. Check the year."))
        return None

    def email(self, field: str, value: str) -> str:
        """An e-mail address in its normal form, or empty. Nothing is asked of the network."""
        clean = clean_text(value)
        if not clean:
            return ""
        try:
            # Without SMTPUTF8: most mail servers refuse accents before the @.
            address = validate_email(clean, check_deliverability=False, allow_smtputf8=False).normalized
        except EmailNotValidError:
            self.add(field, _l("This is not an e-mail address. Write it like name@example.org."))
            return clean
        if len(address) > 254:
            self.add(field, _l("This is too long: at most %(count)d characters.", count=254))
        return address


def checked_reason(reason: str) -> str:
    """Why somebody takes something back, cleaned, of at most 255 characters.

    Raises:
        InvalidInputError: none was given, or it is too long.
    """
    errors = FieldErrors()
    checked = errors.text("reason", reason, 255, required=_l("Say why: the reason stays in the history."))
    errors.raise_if_any()
    return checked
