"""The registry of what `solde verify` checks in each company besides its chain of seals.

A package says at start what it holds about its own tables; each check names what is wrong, one English sentence each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

Check = Callable[[], Iterable[str]]
"""Yields what is wrong in the company entered; nothing when all holds."""

_CHECKS: dict[str, Check] = {}


def register_company_check(subject: str, check: Check) -> None:
    """Have a check run for every company.

    Args:
        subject: what is checked, as it stands before each fault: `books`.
        check: run with the company entered; it only reads.
    """
    _CHECKS[subject] = check


def company_faults() -> Iterator[str]:
    """What every registered check finds in the company entered."""
    for subject, check in sorted(_CHECKS.items()):
        for fault in check():
            yield f"{subject}: {fault}"
