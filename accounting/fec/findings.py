"""What a check of a FEC found: findings, capped for each rule, and the report with its verdict.

`check` fills them; the command line and the accountant's page show them in the reader's language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from accounting.fec.format import amount_text
from accounting.fec.rules import Rule, Severity

Parameters: TypeAlias = Mapping[str, str]
Say: TypeAlias = Callable[[str, Parameters], str]
"""Turns a message id and its parameters into a sentence of the reader's language."""


class Verdict(StrEnum):
    """Right: no error. Faulty: at least one. Unreadable: no table could be read."""

    RIGHT = "right"
    FAULTY = "faulty"
    UNREADABLE = "unreadable"

    @property
    def exit_code(self) -> int:
        """The status of `solde fec check`: 0 right, 1 faulty, 2 unreadable."""
        return list(Verdict).index(self)


class Finding(NamedTuple):
    """One breach. `line` counts from 1, the header included; both places may be unknown."""

    rule: Rule
    line: int | None
    column: str | None
    parameters: Parameters

    def sentence(self, say: Say) -> str:
        """The finding in the reader's language."""
        return say(self.rule.message, self.parameters)


def in_english(message: str, parameters: Parameters) -> str:
    """The message as it stands in the source: what to pass as `Say` where nothing is translated."""
    return message % parameters if parameters else message


class Findings:
    """Collects findings: counts all of them, keeps the first `kept_per_rule` of each rule."""

    def __init__(self, kept_per_rule: int = 20) -> None:
        self.kept_per_rule = kept_per_rule
        self.counts: dict[Rule, int] = {}
        self.kept: list[Finding] = []

    def add(self, rule: Rule, line: int | None = None, column: str | None = None, **parameters: str) -> None:
        """Note one breach of `rule`."""
        count = self.counts.get(rule, 0)
        self.counts[rule] = count + 1
        if count < self.kept_per_rule:
            self.kept.append(Finding(rule, line, column, parameters))

    def take(self, other: "Findings") -> None:
        """Add all that another collector of the same cap has noted."""
        for finding in other.kept:
            self.add(finding.rule, finding.line, finding.column, **finding.parameters)
        for rule, count in other.counts.items():
            self.counts[rule] += count - min(count, other.kept_per_rule)

    def in_order(self) -> list[Finding]:
        """Errors first, then warnings, then infos; each in the order of the file, the file as a whole first."""
        ranks = list(Severity)
        return sorted(self.kept, key=lambda finding: (ranks.index(finding.rule.severity), finding.line or 0))


@dataclass(frozen=True)
class JournalTotals:
    """What one journal of the file adds up to, in cents."""

    code: str
    line_count: int
    debit_cents: int
    credit_cents: int


@dataclass(frozen=True)
class FecReport:
    """The outcome of a check. Amounts in cents; `None` where the file did not let us know."""

    file_name: str
    findings: tuple[Finding, ...]
    counts: Mapping[Rule, int]
    closing_date: date | None = None
    encoding: str | None = None
    separator: str | None = None
    numbering: str | None = None
    """`file`: one sequence; `journal`: one per journal; `prefix`: one per prefix, across journals."""
    line_count: int = 0
    """Lines after the header."""
    entry_count: int = 0
    debit_cents: int = 0
    credit_cents: int = 0
    journals: tuple[JournalTotals, ...] = field(default=())
    opening_cents: int = 0
    """What the opening entries carry forward, on one side; 0 when there are none, as in a first financial year."""

    @property
    def verdict(self) -> Verdict:
        """Right, faulty or unreadable; warnings and infos do not count."""
        if any(rule.stops for rule in self.counts):
            return Verdict.UNREADABLE
        return Verdict.FAULTY if self.total(Severity.ERROR) else Verdict.RIGHT

    def total(self, severity: Severity) -> int:
        """How many breaches of that severity there are, those not kept included."""
        return sum(count for rule, count in self.counts.items() if rule.severity is severity)

    @property
    def hidden_count(self) -> int:
        """How many breaches were counted and not kept."""
        return sum(self.counts.values()) - len(self.findings)

    def as_dict(self, say: Say = in_english) -> dict[str, Any]:
        """The report as plain data for JSON; amounts as text with a decimal comma, as in the file."""
        return {
            "file": self.file_name,
            "verdict": self.verdict.value,
            "closing_date": self.closing_date.isoformat() if self.closing_date else None,
            "encoding": self.encoding,
            "separator": self.separator,
            "numbering": self.numbering,
            "lines": self.line_count,
            "entries": self.entry_count,
            "debit": amount_text(self.debit_cents),
            "credit": amount_text(self.credit_cents),
            "opening": amount_text(self.opening_cents),
            "journals": [
                {
                    "code": journal.code,
                    "lines": journal.line_count,
                    "debit": amount_text(journal.debit_cents),
                    "credit": amount_text(journal.credit_cents),
                }
                for journal in self.journals
            ],
            "totals": {rule.code: count for rule, count in self.counts.items()},
            "findings": [_finding_dict(finding, say) for finding in self.findings],
        }


def _finding_dict(finding: Finding, say: Say) -> dict[str, Any]:
    return {
        "severity": finding.rule.severity.value,
        "rule": finding.rule.code,
        "line": finding.line,
        "column": finding.column,
        "message": finding.sentence(say),
        "parameters": dict(finding.parameters),
    }
