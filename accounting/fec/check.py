"""Checking a FEC more strictly than the tax office's own checker, in one pass and in bounded memory.

Called by `solde fec check`, and by the export on each file before it is offered. The rules are in `rules`; the stages
are `reading` (bytes to lines), `cells` (one line), `entries`, `numbering` and `meanings` (lines together).
"""

from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

from accounting.fec import rules
from accounting.fec.cells import CellChecker, note_forbidden
from accounting.fec.entries import EntryChecker, JournalSums, LetteringSums
from accounting.fec.findings import FecReport, Findings, JournalTotals
from accounting.fec.meanings import Meanings, OpeningJournals
from accounting.fec.reading import Layout, Lines, Stopped, lines_of, read_file_name, read_header

OPENING_JOURNAL = "AN"
_LONGEST_YEAR_MONTHS = 24


def check_fec(
    source: Path | BinaryIO,
    file_name: str | None = None,
    *,
    year_start: date | None = None,
    opening_journal: str = OPENING_JOURNAL,
    kept_per_rule: int = 20,
) -> FecReport:
    """Check a FEC and report; a file that cannot be read is a report too, not an exception.

    `file_name` is the name to judge, by default that of the path. The financial year ends on the date the name gives
    and starts on `year_start`, or at most 24 months before. Opening entries are those of the journal of that code, or
    of one that is called so. Findings beyond `kept_per_rule` of a rule are counted only.
    """
    name = file_name if file_name is not None else getattr(source, "name", "")
    name = Path(str(name)).name
    if not isinstance(source, Path):
        return _Check(name, year_start, opening_journal, kept_per_rule).run(source)
    try:
        with source.open("rb") as stream:
            return _Check(name, year_start, opening_journal, kept_per_rule).run(stream)
    except OSError as error:
        findings = Findings()
        findings.add(rules.FILE_UNREADABLE, reason=error.strerror or type(error).__name__)
        return FecReport(name, tuple(findings.kept), findings.counts)


class _Check:
    """One check of one file."""

    def __init__(self, name: str, year_start: date | None, opening_journal: str, kept_per_rule: int) -> None:
        self._name = name
        self._findings = Findings(kept_per_rule)
        self._closing_date = read_file_name(name, self._findings)
        self._first_day, self._last_day = _bounds(year_start, self._closing_date)
        opening = OpeningJournals(opening_journal)
        self._entries = EntryChecker(self._findings, opening)
        self._meanings = Meanings(self._findings, opening)
        self._journals = JournalSums(self._findings)
        self._letterings = LetteringSums(self._findings, self._last_day)
        self._line_count = 0

    def run(self, stream: BinaryIO) -> FecReport:
        """Read the stream to its end and report."""
        separator = numbering = None
        totals: tuple[JournalTotals, ...] = ()
        with lines_of(stream) as lines:
            try:
                layout = self._read(lines)
                separator = layout.separator
                numbering = self._entries.conclude()
                totals = self._journals.conclude()
                self._letterings.conclude()
                self._meanings.conclude()
            except Stopped as stop:
                if stop.rule:
                    self._findings.add(stop.rule, stop.line, **stop.parameters)
            lines.note_oddities(self._findings)
            encoding = lines.encoding
        return FecReport(
            file_name=self._name,
            findings=tuple(self._findings.in_order()),
            counts=self._findings.counts,
            closing_date=self._closing_date,
            encoding=encoding,
            separator=separator,
            numbering=numbering,
            line_count=self._line_count,
            entry_count=self._entries.entry_count,
            debit_cents=sum(journal.debit_cents for journal in totals),
            credit_cents=sum(journal.credit_cents for journal in totals),
            journals=totals,
            opening_cents=self._meanings.opening_cents,
        )

    def _read(self, lines: Lines) -> Layout:
        """Check every line by itself and hand it to the rules that span lines. Raises `Stopped`."""
        numbered = enumerate(lines, start=1)
        _, header = next(numbered, (0, None))
        if header is None:
            raise Stopped(rules.FILE_EMPTY)
        layout = read_header(header, self._findings)
        cells = CellChecker(layout, self._findings, self._first_day, self._last_day)
        for number, line in numbered:
            self._line_count += 1
            fields = self._fields(number, line, layout, cells)
            if fields is not None:
                facts = cells.check(number, fields)
                self._entries.add(facts)
                self._journals.add(facts)
                self._letterings.add(facts)
                self._meanings.add(facts)
        if not self._line_count:
            self._findings.add(rules.NO_LINES)
        return layout

    def _fields(self, number: int, line: str, layout: Layout, cells: CellChecker) -> list[str] | None:
        """The 18 cells of a line in order, or None when it cannot be cut into them."""
        fields = layout.cut(line)
        if len(fields) != layout.width:
            if line.strip():
                self._findings.add(
                    rules.FIELD_COUNT, number, found=str(len(fields)), expected=str(layout.width)
                )
            else:
                self._findings.add(rules.EMPTY_LINE, number)
            return None
        cells.check_settlement(number, fields)
        if "".join(fields).isprintable() and not (layout.separator == "\t" and "|" in line):
            return fields[:18] if layout.is_canonical else layout.arrange(fields)
        arranged = layout.arrange(fields)
        note_forbidden(number, arranged, self._findings)
        return arranged


def _bounds(year_start: date | None, closing_date: date | None) -> tuple[str, str]:
    """First and last day of the financial year as AAAAMMJJ; without a closing date, all days are inside."""
    if closing_date is None:
        return f"{year_start:%Y%m%d}" if year_start else "00000000", "99999999"
    if year_start is None:
        next_day = closing_date + timedelta(days=1)
        year_start = _months_before(next_day, _LONGEST_YEAR_MONTHS)
    return f"{year_start:%Y%m%d}", f"{closing_date:%Y%m%d}"


def _months_before(day: date, months: int) -> date:
    """The same day some months earlier, or the month's last one."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(years, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
