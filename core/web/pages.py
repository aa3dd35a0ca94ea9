"""Pages of a list: which rows this request wants, and what it searches."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from flask import request

ROWS = 50
LONGEST_SEARCH = 100
FIRST_YEAR, LAST_YEAR = 1900, 2099


@dataclass(frozen=True)
class Page:
    """One page of a list of `total` rows; numbers count from 1. `is_capped`: there are more rows than were counted."""

    number: int
    total: int
    size: int = ROWS
    is_capped: bool = False

    @classmethod
    def of_request(cls, total: int, *, most: int | None = None, size: int = ROWS) -> Page:
        """The page the address asks for, held to those that exist.

        Args:
            total: rows counted.
            most: where the counting stopped; a total above it means "more than".
            size: rows of one page.
        """
        is_capped = most is not None and total > most
        shown = most if most is not None and is_capped else total
        asked = request.args.get("page", 1, type=int)
        return cls(min(max(1, asked), _last(shown, size)), shown, size, is_capped=is_capped)

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.number - 1) * self.size

    @property
    def count(self) -> int:
        """Number of pages, at least one."""
        return _last(self.total, self.size)


def _last(total: int, size: int = ROWS) -> int:
    return max(1, -(-total // size))


def searched(name: str = "q") -> str:
    """What the address asks to search: without characters no database takes, and of a bearable length."""
    text = request.args.get(name, "")[:LONGEST_SEARCH]
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs")).strip()


def asked_day(name: str) -> date | None:
    """The day the address asks for; None for none, and for a slip of the keyboard (a year nobody keeps books of)."""
    day = request.args.get(name, type=date.fromisoformat)
    return day if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR else None
