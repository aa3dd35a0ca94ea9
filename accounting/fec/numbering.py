"""Following the entry numbers of a FEC: one sequence for the file, or one per journal, with or without prefix.

Which of them a file uses is not written in it, so `Numbering` follows both at once and keeps the one that fits. Basis:
BOI-CF-IOR-60-40-20 §40 (increasing, without gap or inversion); numbering per journal is accepted practice.
"""

import re
from bisect import bisect_right
from typing import Final

from accounting.fec import rules
from accounting.fec.findings import Findings

MOST_SEQUENCES: Final = 10_000
MOST_RUNS: Final = 20_000
"""Beyond these a file has no sequence worth following; they bound the memory of a check."""

_NUMBER = re.compile(r"(.*?)([0-9]{1,18})([^0-9]*)", re.DOTALL)


class _Sequence:
    """The numbers of one sequence as runs of consecutive ones, with the line on which each run begins."""

    def __init__(self, before: str, after: str) -> None:
        self.before = before
        self.after = after
        self.width = 0
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.lines: list[int] = []
        self.last = -1

    def name(self, rank: int) -> str:
        """The entry number of that rank, as the file would write it."""
        return f"{self.before}{rank:0{self.width}d}{self.after}"

    def add(self, rank: int, line: int) -> bool:
        """Put a rank into its run; False when it was there already."""
        index = bisect_right(self.starts, rank) - 1
        if index >= 0 and rank <= self.ends[index]:
            return False
        follows = index >= 0 and self.ends[index] == rank - 1
        precedes = index + 1 < len(self.starts) and self.starts[index + 1] == rank + 1
        if follows:
            self.ends[index] = self.ends[index + 1] if precedes else rank
            if precedes:
                del self.starts[index + 1], self.ends[index + 1], self.lines[index + 1]
        elif precedes:
            self.starts[index + 1] = rank
        else:
            self.starts.insert(index + 1, rank)
            self.ends.insert(index + 1, rank)
            self.lines.insert(index + 1, line)
        return True


class _Follower:
    """Follows all sequences of one way of numbering and notes what breaks them."""

    def __init__(self, kept_per_rule: int) -> None:
        self.findings = Findings(kept_per_rule)
        self.sequences: dict[str, _Sequence] = {}
        self.is_lost = False
        self._repeats = 0

    def add(self, key: str, parts: tuple[str, str, str], line: int, *, is_whole: bool) -> None:
        """Note one entry. `is_whole` says that its lines balance, so that a repeated number is a second entry."""
        if self.is_lost:
            return
        before, digits, after = parts
        sequence = self.sequences.get(key)
        if sequence is None:
            sequence = self.sequences[key] = _Sequence(before, after)
        sequence.width = len(digits) if digits.startswith("0") else sequence.width
        rank = int(digits)
        if not sequence.add(rank, line):
            self._repeats += 1
            rule = rules.NUMBER_REPEATED if is_whole else rules.ENTRY_SCATTERED
            self.findings.add(rule, line, "EcritureNum", entry=before + digits + after)
        elif rank < sequence.last:
            self.findings.add(
                rules.NUMBER_ORDER,
                line,
                "EcritureNum",
                entry=before + digits + after,
                before=sequence.name(sequence.last),
            )
        sequence.last = rank
        self.is_lost = len(self.sequences) > MOST_SEQUENCES or len(sequence.starts) > MOST_RUNS

    @property
    def problems(self) -> float:
        """How badly the file fits this way of numbering."""
        if self.is_lost:
            return float("inf")
        missing = sum(
            sum(sequence.starts[1:]) - sum(sequence.ends[:-1]) - (len(sequence.starts) - 1)
            for sequence in self.sequences.values()
        )
        return self._repeats + missing

    def conclude(self, findings: Findings) -> None:
        """Note the gaps and hand over everything that was noted."""
        if self.is_lost:
            findings.add(rules.NUMBERING_LOST)
            return
        for sequence in self.sequences.values():
            self._note_gaps(sequence)
        findings.take(self.findings)

    def _note_gaps(self, sequence: _Sequence) -> None:
        if sequence.starts[0] > 1:
            entry = sequence.name(sequence.starts[0])
            self.findings.add(rules.NUMBER_START, sequence.lines[0], "EcritureNum", entry=entry)
        for end, start, line in zip(sequence.ends, sequence.starts[1:], sequence.lines[1:], strict=False):
            self.findings.add(
                rules.NUMBER_GAP, line, "EcritureNum", missing=str(start - end - 1), before=sequence.name(end)
            )


class Numbering:
    """Follows the numbers of a file's entries in the order in which they come."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._of_file = _Follower(findings.kept_per_rule)
        self._of_journals = _Follower(findings.kept_per_rule)

    def add(self, journal: str, number: str, line: int, *, is_whole: bool) -> None:
        """Note the number of one entry, whose lines stand together from `line` on."""
        match = _NUMBER.fullmatch(number)
        if match is None:
            self._findings.add(rules.NUMBER_NO_DIGITS, line, "EcritureNum", entry=number[:40])
            return
        parts = (match[1], match[2], match[3])
        key = f"{match[1]}\0{match[3]}"
        self._of_file.add(key, parts, line, is_whole=is_whole)
        self._of_journals.add(f"{journal}\0{key}", parts, line, is_whole=is_whole)

    def conclude(self) -> str | None:
        """Note what breaks the numbering that fits best, and name it: `file`, `journal` or `prefix`."""
        by_file = self._of_file.problems <= self._of_journals.problems
        chosen = self._of_file if by_file else self._of_journals
        chosen.conclude(self._findings)
        if chosen.is_lost or not chosen.sequences:
            return None
        if not by_file:
            return "journal"
        if len(chosen.sequences) == 1:
            return "file"
        return "journal" if len(chosen.sequences) == len(self._of_journals.sequences) else "prefix"
