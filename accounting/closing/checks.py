"""What is looked at before a year is closed: each package adds its checks, the wizard's page shows what they find.

A *stop* keeps the year from being closed; a *warning* is for the person to judge: closing cannot be taken back, but it
never loses money. Invoicing and the payment bridge register theirs in their `wiring.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from flask import Flask, current_app
from flask_babel import LazyString

from core.progress import Progress, silent, stretch

Text: TypeAlias = LazyString | str
_PARTS = 1000
"""Parts that each check's share of the bar is told in."""


class Weight(StrEnum):
    """How much a finding matters."""

    STOP = "stop"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is missing or odd: a sentence, and the page where it is mended."""

    weight: Weight
    text: Text
    url: str = ""


@dataclass(frozen=True)
class YearDays:
    """The year that is looked at, as plain values: a check may end the read transaction.

    `progress` is told by a check that takes long how far it has come.
    """

    id: int
    starts_on: date
    ends_on: date
    progress: Progress = field(default=silent, compare=False, repr=False)


@dataclass(frozen=True)
class ClosingCheck:
    """One thing that is looked at.

    Attributes:
        name: for the tests.
        label: what it looks at, in a few words.
        find: what it finds; nothing when all is well. Reads with the company entered, outside any transaction.
        order: smaller stands first.
        weight: about how long it takes, beside a check of 1.
    """

    name: str
    label: LazyString
    find: Callable[[YearDays], Iterable[Finding]]
    order: int = 50
    weight: int = 1


@dataclass(frozen=True)
class CheckResult:
    """A check and what it found."""

    name: str
    label: Text
    findings: tuple[Finding, ...]

    @property
    def is_stop(self) -> bool:
        """True when something keeps the year from being closed."""
        return any(finding.weight is Weight.STOP for finding in self.findings)


def add_closing_check(app: Flask, check: ClosingCheck) -> None:
    """Add a check; called by the `wiring.py` of each package."""
    app.extensions.setdefault("solde_closing_checks", {})[check.name] = check


def run_closing_checks(year: YearDays) -> list[CheckResult]:
    """What every check finds in that year of the company entered; `year.progress` is told how far all have come."""
    checks: dict[str, ClosingCheck] = current_app.extensions.get("solde_closing_checks", {})
    ordered = sorted(checks.values(), key=lambda check: (check.order, check.name))
    total, done, results = sum(check.weight for check in ordered) * _PARTS, 0, []
    for check in ordered:
        after = done + check.weight * _PARTS
        looked_at = replace(year, progress=stretch(year.progress, done, after, total))
        results.append(CheckResult(check.name, check.label, tuple(check.find(looked_at))))
        done = after
        year.progress(done, total)
    return results
