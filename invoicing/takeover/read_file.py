"""What a FEC of other software says up to a day: read by a long task, kept as plain data, planned from on each page.

It depends on the file and on how it is read, never on our own books: who has read it once needs not read it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final

from flask_babel import lazy_gettext as _l

from accounting.fec.check import check_fec
from accounting.fec.findings import Findings, Verdict
from accounting.fec.read_lines import read_lines
from accounting.fec.reading import read_file_name
from core.errors import SoldeError
from core.progress import Progress, counted, silent, stretch
from invoicing.takeover.books import Books, Party, Piece, Position, read_books
from invoicing.takeover.open_items import CustomerState, OpenItem, customer_state
from invoicing.takeover.waiting_vat import waiting_by_piece

MOST_ITEMS: Final = 2_000
"""Open invoices taken over at once. It is one transaction: on SQLite some 7 to 10 ms each while nobody else can write,
and whoever wants to waits `SQLITE_WAIT_SECONDS` (30 s) at most."""
READER: Final = 1
"""Counts up when a file is read otherwise than before: what was kept is then read anew."""
_PASSES = 3

Open = Callable[[], AbstractContextManager[BinaryIO]]
"""Opens the file anew: it is read several times, never held."""


@dataclass(frozen=True)
class FileReading:
    """What the file says.

    Attributes:
        until: the last day that was counted.
        findings: how often the strict check found what, by the code of its rule.
        books: balances and open pieces.
        waiting: VAT that waits by piece, in cents; empty where there are more open invoices than can be taken over.
    """

    until: date
    findings: Mapping[str, int]
    books: Books
    waiting: Mapping[str, int]


def last_day(file_name: str, until: date | None) -> date:
    """The last day to take: the one that was said, else the closing date in the file's name.

    Raises:
        SoldeError: nothing says it.
    """
    day = until or read_file_name(file_name, Findings(kept_per_rule=0))
    if day is None:
        raise SoldeError(
            _l("The file’s name does not say when the year ends: give the last day."), field="until"
        )
    return day


def read_file(
    open_file: Open,
    file_name: str,
    until: date,
    waiting_prefix: str,
    *,
    size_bytes: int = 0,
    progress: Progress = silent,
) -> FileReading:
    """Check the file and read it, in three passes that are told by the byte.

    Raises:
        SoldeError: it cannot be read as a FEC, or holds more than fits.
    """

    def of_pass(number: int, stream: BinaryIO) -> BinaryIO:
        return counted(
            stream, size_bytes, stretch(progress, number * size_bytes, (number + 1) * size_bytes, total)
        )

    total = _PASSES * size_bytes
    with open_file() as stream:
        report = check_fec(of_pass(0, stream), file_name, kept_per_rule=5)
    if report.verdict is Verdict.UNREADABLE:
        raise SoldeError(_l("This file cannot be read as a FEC."), field="file")
    with open_file() as stream:
        books = read_books(read_lines(of_pass(1, stream)), until)
    items = open_items(customer_states(books))
    waiting: Mapping[str, int] = {}
    if 0 < len(items) <= MOST_ITEMS:
        with open_file() as stream:
            waiting = waiting_by_piece(read_lines(of_pass(2, stream)), items, until, (waiting_prefix,))
    return FileReading(until, {rule.code: count for rule, count in report.counts.items()}, books, waiting)


def customer_states(books: Books) -> list[CustomerState]:
    """What each customer owes by invoice, or has in excess."""
    return [customer_state(party, groups) for party, groups in books.open_groups.items()]


def open_items(states: Iterable[CustomerState]) -> list[OpenItem]:
    """All open invoices, in the order in which they are taken."""
    items = (item for state in states for item in state.items)
    return sorted(items, key=lambda item: (item.day, item.reference, item.party))


def as_data(reading: FileReading) -> dict[str, Any]:
    """The reading as plain values; `from_data` makes it again."""
    books = reading.books
    return {
        "until": reading.until,
        "findings": dict(reading.findings),
        "waiting": dict(reading.waiting),
        "positions": [
            [p.account, p.account_label, p.auxiliary, p.auxiliary_label, p.cents]
            for p in books.positions.values()
        ],
        "open": [
            [*party, [[_piece_data(piece) for piece in group] for group in groups]]
            for party, groups in books.open_groups.items()
        ],
        "days": [books.first_day, books.last_day],
        "counts": [books.line_count, books.later_lines, books.debit_cents, books.credit_cents],
    }


def from_data(data: Mapping[str, Any]) -> FileReading:
    """The reading that `as_data` told."""
    positions = {Party(row[0], row[2]): Position(*row) for row in data["positions"]}
    groups = {
        Party(account, auxiliary): [[_piece(piece) for piece in group] for group in groups]
        for account, auxiliary, groups in data["open"]
    }
    first_day, last_day_ = (_day(text) for text in data["days"])
    books = Books(positions, groups, first_day, last_day_, *data["counts"])
    return FileReading(date.fromisoformat(data["until"]), data["findings"], books, data["waiting"])


def _piece_data(piece: Piece) -> list[Any]:
    return [piece.reference, piece.day, piece.due, piece.label, piece.cents, piece.debit_cents]


def _piece(row: list[Any]) -> Piece:
    reference, day, due, label, cents, debit_cents = row
    return Piece(reference, date.fromisoformat(day), _day(due), label, cents, debit_cents)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
