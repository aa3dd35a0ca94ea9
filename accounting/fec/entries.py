"""The rules that span the lines of a FEC: entries, journals, lettering, order of validation.

The third stage of `check`: takes the facts of each line in the order of the file, keeps only what is open.
"""

from typing import Final

from accounting.fec import rules
from accounting.fec.cells import LineFacts
from accounting.fec.findings import Findings, JournalTotals
from accounting.fec.format import amount_text
from accounting.fec.meanings import OpeningJournals
from accounting.fec.numbering import Numbering

MOST_JOURNALS: Final = 2_000
MOST_OPEN_LETTERINGS: Final = 100_000
"""They bound the memory of a check; beyond them, journals are taken together and letterings are left alone."""

_OTHER_JOURNALS: Final = "…"


class _Part:
    """The lines of one entry number in one journal that stand together."""

    __slots__ = ("balance", "entry", "entry_date", "journal", "line", "validation_date")

    def __init__(self, facts: LineFacts) -> None:
        self.journal = facts.journal
        self.entry = facts.entry
        self.line = facts.number
        self.entry_date = facts.entry_date
        self.validation_date = facts.validation_date
        self.balance = 0


class EntryChecker:
    """Groups lines into entries; checks that each balances, has one date and one journal, and comes in order."""

    def __init__(self, findings: Findings, opening: OpeningJournals) -> None:
        self._findings = findings
        self._opening = opening
        self._numbering = Numbering(findings)
        self._group: dict[str, _Part] = {}
        self._part: _Part | None = None
        self._latest_validation = ""
        self._is_past_opening = False
        self.entry_count = 0

    def add(self, facts: LineFacts) -> None:
        """Take the next line."""
        part = self._part
        if part is None or facts.entry != part.entry or facts.journal != part.journal:
            part = self._turn_to(facts)
        part.balance += facts.debit - facts.credit
        if facts.entry_date != part.entry_date:
            self._note_dates(facts, part.entry_date, facts.entry_date, "EcritureDate")
        elif facts.validation_date != part.validation_date:
            self._note_dates(facts, part.validation_date, facts.validation_date, "ValidDate")

    def conclude(self) -> str | None:
        """Close the last entry; returns the way of numbering."""
        self._close_group()
        return self._numbering.conclude()

    def _turn_to(self, facts: LineFacts) -> _Part:
        """The part that this line belongs to, when it is not the one before it."""
        if self._part is None or facts.entry != self._part.entry or len(self._group) >= MOST_JOURNALS:
            self._close_group()
        part = self._group.get(facts.journal)
        if part is None:
            part = self._group[facts.journal] = _Part(facts)
            self._check_order(facts)
        self._part = part
        return part

    def _note_dates(self, facts: LineFacts, first: str, other: str, column: str) -> None:
        if first and other:
            self._findings.add(
                rules.ENTRY_DATES, facts.number, column, entry=facts.entry, first=first, other=other
            )

    def _check_order(self, facts: LineFacts) -> None:
        """Opening entries come first whenever they were validated; the others in the order of validation."""
        if self._opening.has(facts):
            if self._is_past_opening:
                self._findings.add(rules.OPENING_FIRST, facts.number, "JournalCode", journal=facts.journal)
            return
        self._is_past_opening = True
        day = facts.validation_date
        if day and day < self._latest_validation:
            self._findings.add(
                rules.VALIDATION_ORDER, facts.number, "ValidDate", date=day, before=self._latest_validation
            )
        self._latest_validation = max(self._latest_validation, day)

    def _close_group(self) -> None:
        """Judge the lines of one number that stood together.

        In a file numbered per journal without prefix, entry 1 of one journal may follow entry 1 of another: parts
        that balance on their own are entries of their own; parts that only balance together are one entry.
        """
        parts = list(self._group.values())
        self._group = {}
        if len(parts) > 1 and any(part.balance for part in parts) and not sum(part.balance for part in parts):
            first, other = parts[0], parts[1]
            self._findings.add(
                rules.ENTRY_JOURNALS,
                other.line,
                "JournalCode",
                entry=first.entry,
                first=first.journal,
                other=other.journal,
            )
            self._register(first, is_whole=True)
            return
        for part in parts:
            if part.balance:
                self._note_unbalanced(part)
            self._register(part, is_whole=not part.balance)

    def _note_unbalanced(self, part: _Part) -> None:
        difference = amount_text(part.balance)
        self._findings.add(
            rules.ENTRY_UNBALANCED, part.line, entry=part.entry, journal=part.journal, difference=difference
        )

    def _register(self, part: _Part, *, is_whole: bool) -> None:
        self.entry_count += 1
        if part.entry.strip():
            self._numbering.add(part.journal, part.entry, part.line, is_whole=is_whole)


class JournalSums:
    """Adds up each journal and the file."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._sums: dict[str, list[int]] = {}

    def add(self, facts: LineFacts) -> None:
        """Take the next line."""
        sums = self._sums.get(facts.journal)
        if sums is None:
            code = facts.journal if len(self._sums) < MOST_JOURNALS else _OTHER_JOURNALS
            sums = self._sums.setdefault(code, [0, 0, 0])
        sums[0] += 1
        sums[1] += facts.debit
        sums[2] += facts.credit

    def conclude(self) -> tuple[JournalTotals, ...]:
        """Note the journals that do not balance, and the file if it does not; returns the totals."""
        totals = tuple(JournalTotals(code, *sums) for code, sums in self._sums.items())
        for journal in totals:
            if journal.debit_cents != journal.credit_cents:
                self._findings.add(
                    rules.JOURNAL_UNBALANCED,
                    journal=journal.code,
                    debit=amount_text(journal.debit_cents),
                    credit=amount_text(journal.credit_cents),
                )
        debit = sum(journal.debit_cents for journal in totals)
        credit = sum(journal.credit_cents for journal in totals)
        if debit != credit:
            self._findings.add(rules.FILE_UNBALANCED, debit=amount_text(debit), credit=amount_text(credit))
        return totals


class LetteringSums:
    """Adds up each lettering of one account and one customer, forgetting it while it balances.

    A lettering that does not balance is a warning, not an error: its counterpart may lie in another financial year,
    inside an opening balance that is not itemized, or come after the closing date. Lower case marks a partial
    lettering (practice), which need not balance.
    """

    def __init__(self, findings: Findings, last_day: str) -> None:
        self._findings = findings
        self._last_day = last_day
        self._open: dict[str, tuple[int, int, str]] = {}
        self._is_full = False

    def add(self, facts: LineFacts) -> None:
        """Take the next line."""
        if not facts.lettering or facts.lettering.islower() or self._is_full:
            return
        key = f"{facts.account}\0{facts.auxiliary}\0{facts.lettering}"
        balance, line, day = self._open.pop(key, (0, facts.number, ""))
        balance += facts.debit - facts.credit
        if balance:
            self._open[key] = (balance, line, max(day, facts.lettering_date))
            self._is_full = len(self._open) > MOST_OPEN_LETTERINGS

    def conclude(self) -> None:
        """Note the letterings that are still open at the end of the file."""
        if self._is_full:
            self._findings.add(rules.LETTERING_UNCHECKED)
            return
        for key, (balance, line, day) in self._open.items():
            account, auxiliary, code = key.split("\0")
            named = f"{account} {auxiliary}".rstrip()
            if day > self._last_day:
                self._findings.add(rules.LETTERING_LATER, line, "EcritureLet", code=code, account=named)
            else:
                self._findings.add(
                    rules.LETTERING_UNBALANCED,
                    line,
                    "EcritureLet",
                    code=code,
                    account=named,
                    difference=amount_text(balance),
                )
