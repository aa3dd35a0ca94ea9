"""What is looked at before a year is closed: each package adds its checks, the wizard's page shows what they find.

A *stop* keeps the year from being closed; a *warning* is for the person to judge: closing cannot be taken back, but it
never loses money. Invoicing and the payment bridge register theirs in their `wiring.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from flask import Flask, current_app
from flask_babel import LazyString

Text: TypeAlias = LazyString | str


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
    """The year that is looked at, as plain values: a check may end the read transaction."""

    id: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class ClosingCheck:
    """One thing that is looked at.

    Attributes:
        name: for the tests.
        label: what it looks at, in a few words.
        find: what it finds; nothing when all is well. Reads with the company entered, outside any transaction.
        order: smaller stands first.
    """

    name: str
    label: LazyString
    find: Callable[[YearDays], Iterable[Finding]]
    order: int = 50


@dataclass(frozen=True)
class CheckResult:
    """A check and what it found."""

    name: str
    label: LazyString
    findings: tuple[Finding, ...]

    @property
    def is_stop(self) -> bool:
        """True when something keeps the year from being closed."""
        return any(finding.weight is Weight.STOP for finding in self.findings)


def add_closing_check(app: Flask, check: ClosingCheck) -> None:
    """Add a check; called by the `wiring.py` of each package."""
    app.extensions.setdefault("solde_closing_checks", {})[check.name] = check


def run_closing_checks(year: YearDays) -> list[CheckResult]:
    """What every check finds in that year of the company entered."""
    checks: dict[str, ClosingCheck] = current_app.extensions.get("solde_closing_checks", {})
    ordered = sorted(checks.values(), key=lambda check: (check.order, check.name))
    return [CheckResult(check.name, check.label, tuple(check.find(year))) for check in ordered]
