"""What a file of the bank says, whatever its format: pure data, read by `read_camt` and `read_csv`."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from core.errors import SoldeError
from invoicing.bank.models import StatementFormat

MOST_BYTES: Final = 10_000_000
MOST_LINES: Final = 20_000
LARGEST_CENTS: Final = 10**13
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


class StatementRefused(SoldeError):
    """The file is no statement that can be read; nothing was kept of it."""

    default = _l(
        "This is no bank statement that can be read: send the CAMT.053 (XML) or CSV file of your bank."
    )

    def __init__(self, message: LazyString | None = None) -> None:
        super().__init__(message, field="file")


@dataclass(frozen=True)
class ReadLine:
    """One line; see `BankLine` for the fields. `raw` is the line as it stood, name → text."""

    booked_on: date
    amount_cents: int
    wording: str
    party: str = ""
    iban: str = ""
    reference: str = ""
    raw: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadStatement:
    """A whole file.

    Attributes:
        opening_cents, closing_cents: the balances it states; None where it states none.
        iban: of the account, empty when the file does not say.
        problems: lines that could not be read: (line of the file, sentence).
    """

    format: StatementFormat
    lines: tuple[ReadLine, ...]
    opening_cents: int | None = None
    closing_cents: int | None = None
    iban: str = ""
    problems: tuple[tuple[int, LazyString | str], ...] = ()

    @property
    def moved_cents(self) -> int:
        """By what the lines move the account."""
        return sum(line.amount_cents for line in self.lines)

    @property
    def missing_cents(self) -> int | None:
        """Closing balance less opening balance less the lines: 0 when they agree; None where a balance is missing."""
        if self.opening_cents is None or self.closing_cents is None:
            return None
        return self.closing_cents - self.opening_cents - self.moved_cents

    def keys(self) -> list[str]:
        """What makes each line one line in every statement of the account that tells it.

        The bank gives no number that all of its files have, so it is the day, the amount, what is said, and which of
        several equal ones of that day it is: two equal lines are two, and the same file twice brings nothing twice.
        """
        seen: Counter[str] = Counter()
        keys = []
        for line in self.lines:
            said = squeezed(line.wording, line.party, line.reference)
            stem = f"{line.booked_on.isoformat()}/{line.amount_cents}/{hashlib.sha256(said.encode()).hexdigest()[:32]}"
            seen[stem] += 1
            keys.append(f"{stem}/{seen[stem]}")
        return keys


def squeezed(*texts: str) -> str:
    """Texts in capitals without accents and anything but letters and digits: `F2026-00012` is `F202600012`."""
    plain = unicodedata.normalize("NFKD", " ".join(texts)).upper()
    return "".join(character for character in plain if character.isascii() and character.isalnum())


@lru_cache(maxsize=20_000)
def words_in(text: str) -> frozenset[str]:
    """The words of a text in capitals without accents, those of two letters and less left out."""
    plain = unicodedata.normalize("NFKD", text).upper().encode("ascii", "ignore").decode()
    words = "".join(character if character.isalnum() else " " for character in plain).split()
    return frozenset(word for word in words if len(word) > 2)


def joined(parts: Iterable[str | None], longest: int) -> str:
    """Parts of a text, each once, without control characters, cut at `longest`."""
    clean: list[str] = []
    for part in parts:
        text = " ".join("".join(c if c.isprintable() else " " for c in part or "").split())
        if text and text not in clean:
            clean.append(text)
    return " ".join(clean)[:longest]
