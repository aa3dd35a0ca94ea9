"""Text, amounts and accounts as old file formats take them. Pure functions; used by every format."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# What Unicode does not take apart by itself.
_LETTERS: Final = str.maketrans({
    "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i", "€": "EUR", "£": "GBP", "°": "o", "’": "'", "‘": "'", "‚": "'",  # noqa: RUF001
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": "'", "›": "'", "–": "-", "—": "-", "−": "-", "‐": "-",  # noqa: RUF001
    "‑": "-", "…": "...", "·": ".", "•": ".", "×": "x", "\u00a0": " ", "\u202f": " ", "\u2009": " ",  # noqa: RUF001
})  # fmt: skip
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class DoesNotFit(ValueError):
    """A value is too long for the field that must hold it whole: an account, a code, an amount."""


def ascii_text(text: str) -> str:
    """The text in plain ASCII: accents taken off, ligatures and typographic marks written out, the rest a `?`.

    Control characters (tabs, line ends) become a blank: in a fixed-width record they would break it.
    """
    if text.isascii() and text.isprintable():
        return text
    spelled = unicodedata.normalize("NFKD", _CONTROL.sub(" ", text).translate(_LETTERS))
    bare = "".join(letter for letter in spelled if not unicodedata.combining(letter))
    return bare.encode("ascii", "replace").decode("ascii")


def ansi_text(text: str) -> str:
    """The text with its accents, where Windows-1252 has them; what it lacks is written in ASCII."""
    if text.isascii() and text.isprintable():
        return text
    clean = _CONTROL.sub(" ", unicodedata.normalize("NFC", text)).replace("\u202f", "\u00a0")
    return "".join(letter if _is_ansi(letter) else ascii_text(letter) for letter in clean)


def one_line(text: str) -> str:
    """The text with its control characters (tabs, line ends) as blanks."""
    return _CONTROL.sub(" ", text)


def _is_ansi(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def amount_text(cents: int, mark: str) -> str:
    """An amount with two decimals and that decimal mark, no thousands separator: 1234,50."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}{mark}{abs(cents) % 100:02d}"


def fitted_account(number: str, length: int, longest: int) -> str:
    """A general account at the length the software counts with.

    Args:
        number: as it is in the ledger.
        length: the length asked for; 0: as it is. Shorter numbers get zeros, longer ones lose zeros at their end.
        longest: what the format takes.

    Raises:
        DoesNotFit: it would lose more than zeros, and so be another account.
    """
    wanted = min(length, longest) if length else longest
    shortened = number
    while len(shortened) > wanted and shortened.endswith("0"):
        shortened = shortened[:-1]
    if len(shortened) > wanted:
        raise DoesNotFit(number)
    return shortened.ljust(wanted, "0") if length else shortened


def fitted_code(code: str, longest: int) -> str:
    """A code (third party, journal) that must stay whole.

    Raises:
        DoesNotFit: it is too long, or has characters outside ASCII.
    """
    if len(code) > longest or not code.isascii():
        raise DoesNotFit(code)
    return code
