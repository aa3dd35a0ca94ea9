"""The lines of a FEC as an accountant means them, one by one in bounded memory: for who takes books over.

What is wrong with a file is told by `check`; whoever reads lines here has had it checked before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final, NamedTuple

from accounting.fec.cells import CellChecker, LineFacts
from accounting.fec.check import OPENING_JOURNAL
from accounting.fec.findings import Findings
from accounting.fec.format import clean_text
from accounting.fec.meanings import OpeningJournals
from accounting.fec.reading import Layout, lines_of, read_header

DUE_COLUMNS: Final = ("DateLimitReglmt", "DateEcheance", "EcheanceDate")
"""Where some programs write the day of payment, after the 18 columns (practice)."""

_PIECE, _PIECE_DATE, _LABEL, _AUXILIARY_LABEL = 8, 9, 10, 7


class ReadLine(NamedTuple):
    """One line. `cents` is signed: a debit above zero; empty texts where the file has nothing."""

    number: int
    is_opening: bool
    entry: str
    day: date
    account: str
    account_label: str
    auxiliary: str
    auxiliary_label: str
    piece: str
    piece_day: date
    due: date | None
    label: str
    cents: int
    letter: str


def read_lines(stream: BinaryIO, *, opening_journal: str = OPENING_JOURNAL) -> Iterator[ReadLine]:
    """The lines of the file in its order; those without a day, an account or an amount are passed over.

    Raises:
        Stopped: the stream cannot be read as a FEC at all.
    """
    findings = Findings(kept_per_rule=0)
    opening = OpeningJournals(opening_journal)
    with lines_of(stream) as lines:
        numbered = enumerate(lines, start=1)
        _, header = next(numbered, (0, ""))
        layout = read_header(header, findings)
        due_position = _due_position(header, layout)
        cells = CellChecker(layout, findings, "00000000", "99999999")
        for number, text in numbered:
            fields = layout.cut(text)
            if len(fields) != layout.width:
                continue
            arranged = layout.arrange(fields)
            facts = cells.check(number, arranged)
            due = "" if due_position is None else fields[due_position].strip()
            line = _line(facts, arranged, due, is_opening=opening.has(facts))
            if line is not None:
                yield line


def _due_position(header: str, layout: Layout) -> int | None:
    names = [name.strip() for name in header.split(layout.separator)]
    return next((names.index(name) for name in DUE_COLUMNS if name in names), None)


def _line(facts: LineFacts, arranged: list[str], due: str, *, is_opening: bool) -> ReadLine | None:
    day, cents = _day(facts.entry_date), facts.debit - facts.credit
    if day is None or not facts.account.strip() or not cents:
        return None
    return ReadLine(
        number=facts.number,
        is_opening=is_opening,
        entry=f"{facts.journal}\0{facts.entry}",
        day=day,
        account=facts.account.strip(),
        account_label=clean_text(facts.account_label),
        auxiliary=facts.auxiliary.strip(),
        auxiliary_label=clean_text(arranged[_AUXILIARY_LABEL]),
        piece=clean_text(arranged[_PIECE]),
        piece_day=_day(arranged[_PIECE_DATE]) or day,
        due=_day(due),
        label=clean_text(arranged[_LABEL]),
        cents=cents,
        letter=facts.lettering.strip(),
    )


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    except ValueError:
        return None
