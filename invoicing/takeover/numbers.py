"""The number that an invoice of other software has here: its own, as far as it is one invoice's alone."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date
from typing import Final

from invoicing.input_checks import clean_text
from invoicing.numbering import LONGEST_NUMBER
from invoicing.takeover.books import Party

_OURS = re.compile(r"[A-Z0-9/_+-]{1,10}-([0-9]{4})-[0-9]{4,}")
MARK: Final = "/R"
"""Put behind a number that one of our series might give from now on: two documents never have the same."""


def number_for(reference: str, party: Party, opens_on: date, taken: Container[str | None]) -> str:
    """The number of the piece, at most 35 characters; with the customer's code where several have the same.

    Args:
        reference: of the piece in the books that are taken over.
        party: whose it is.
        opens_on: first day here: our series number documents of that year and later.
        taken: numbers that documents have.
    """
    number = clean_text(reference)[:LONGEST_NUMBER] or "–"
    ours = _OURS.fullmatch(number)
    if ours and int(ours[1]) >= opens_on.year:
        number = number[: LONGEST_NUMBER - len(MARK)] + MARK
    if number not in taken:
        return number
    code = (party.auxiliary or party.account)[:12]
    stem = f"{number[: LONGEST_NUMBER - 5 - len(code)]} {code}"
    rank, found = 1, stem
    while found in taken:
        rank += 1
        found = f"{stem}-{rank}"
    return found
