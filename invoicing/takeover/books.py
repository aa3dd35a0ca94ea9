"""What a FEC says up to a day: the balance of each account, and the pieces that its customers have not settled.

Read line by line; what is kept grows with accounts, customers and open pieces, not with the lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from flask_babel import lazy_gettext as _l

from accounting.fec.read_lines import ReadLine
from core.errors import SoldeError

CUSTOMERS: Final = "411"
"""PCG art. 944-41: what customers owe on invoices. Doubtful (416) and other accounts are taken by their balance."""

MOST_POSITIONS: Final = 100_000
MOST_OPEN_PIECES: Final = 300_000
"""They bound the memory; books beyond them are refused, with words."""


class Party(NamedTuple):
    """A customer in the books read: the account, and the auxiliary code where the account is a collective one."""

    account: str
    auxiliary: str


@dataclass
class Piece:
    """The lines of one customer with one piece reference, added up. `cents`: a debit above zero."""

    reference: str
    day: date
    due: date | None
    label: str
    cents: int = 0
    debit_cents: int = 0


@dataclass
class Position:
    """The balance of an account, or of one auxiliary of it."""

    account: str
    account_label: str
    auxiliary: str
    auxiliary_label: str
    cents: int = 0


@dataclass
class _Group:
    """Pieces that belong together: those of one lettering, or one piece alone."""

    cents: int = 0
    pieces: dict[str, Piece] = field(default_factory=dict)


@dataclass
class Books:
    """The state of the books at the end of a day.

    Attributes:
        positions: balances by account and auxiliary, zeros among them.
        open_groups: per customer, the pieces not settled, in the groups that the lettering makes.
        first_day, last_day: of the lines that were counted.
        later_lines: lines of later days, left out.
    """

    positions: dict[Party, Position] = field(default_factory=dict)
    open_groups: dict[Party, list[list[Piece]]] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None
    line_count: int = 0
    later_lines: int = 0
    debit_cents: int = 0
    credit_cents: int = 0


def read_books(lines: Iterable[ReadLine], until: date) -> Books:
    """Add the lines up to the end of that day.

    Raises:
        SoldeError: there are more accounts or open pieces than fit.
    """
    books = Books()
    groups: dict[Party, dict[tuple[str, str], _Group]] = {}
    pieces = 0
    for line in lines:
        if line.day > until:
            books.later_lines += 1
            continue
        _count(books, line)
        if line.account.startswith(CUSTOMERS):
            pieces += _put(groups.setdefault(Party(line.account, line.auxiliary), {}), line)
        if len(books.positions) > MOST_POSITIONS or pieces > MOST_OPEN_PIECES:
            raise SoldeError(
                _l("These books hold more accounts or open pieces than can be taken over at once.")
            )
    for party, of_party in groups.items():
        found = [list(group.pieces.values()) for group in of_party.values() if group.cents]
        if found:
            books.open_groups[party] = found
    return books


def _count(books: Books, line: ReadLine) -> None:
    key = Party(line.account, line.auxiliary)
    position = books.positions.get(key)
    if position is None:
        position = books.positions[key] = Position(
            line.account, line.account_label, line.auxiliary, line.auxiliary_label
        )
    position.cents += line.cents
    books.line_count += 1
    books.debit_cents += max(line.cents, 0)
    books.credit_cents += max(-line.cents, 0)
    books.first_day = min(books.first_day or line.day, line.day)
    books.last_day = max(books.last_day or line.day, line.day)


def _put(groups: dict[tuple[str, str], _Group], line: ReadLine) -> int:
    """Put a customer line into its group; what a lettering or a piece has settled is forgotten. Returns by how many
    pieces more are kept."""
    key = ("letter", line.letter) if line.letter else ("piece", line.piece)
    group = groups.setdefault(key, _Group())
    before = len(group.pieces)
    piece = group.pieces.get(line.piece)
    if piece is None:
        piece = group.pieces[line.piece] = Piece(line.piece, line.piece_day, line.due, line.label)
    elif line.cents > 0 and not piece.debit_cents:
        # The invoice says its day and its words, whichever of its lines came first.
        piece.day, piece.due, piece.label = line.piece_day, line.due, line.label
    piece.cents += line.cents
    piece.debit_cents += max(line.cents, 0)
    group.cents += line.cents
    if group.cents:
        return len(group.pieces) - before
    del groups[key]
    return -before
