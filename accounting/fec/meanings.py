"""What names and accounts mean throughout a FEC: one label each, opening entries of the balance sheet alone.

A part of the third stage of `check`. Which journal holds the opening entries is not written in a file: it is the one
of the code that is asked for, or one whose label says so.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from accounting.fec import rules
from accounting.fec.cells import LineFacts
from accounting.fec.findings import Findings

MOST_NAMES: Final = 50_000
"""Names beyond this many are no longer compared: it bounds the memory of a check."""

_OPENING_LABEL = re.compile(r"a[ -]?nouveau|reports? (a|en) nouveau|ouverture|opening")


class OpeningJournals:
    """Tells the journals of opening entries from the others, by code or by label."""

    def __init__(self, code: str) -> None:
        self._known: dict[tuple[str, str], bool] = {}
        self._code = code

    def has(self, facts: LineFacts) -> bool:
        """Whether the line is of an opening entry."""
        key = (facts.journal, facts.journal_label)
        known = self._known.get(key)
        if known is None:
            known = facts.journal == self._code or bool(_OPENING_LABEL.search(_plain(facts.journal_label)))
            if len(self._known) < MOST_NAMES:
                self._known[key] = known
        return known


class Meanings:
    """Takes every line; notes names that change, opening entries that are none, and accounts that were closed."""

    def __init__(self, findings: Findings, opening: OpeningJournals) -> None:
        self._findings = findings
        self._opening = opening
        self._journals: dict[str, str] = {}
        self._accounts: dict[str, str] = {}
        self._opening_day = ""
        self._spread_told = False
        self._has_result = self._was_closed = False
        self._results = {"6": 0, "7": 0}
        self.opening_cents = 0

    def add(self, facts: LineFacts) -> None:
        """Take the next line."""
        if self._journals.get(facts.journal) != facts.journal_label:
            self._compare_journal(facts)
        if self._accounts.get(facts.account) != facts.account_label:
            self._compare_account(facts)
        is_opening = self._opening.has(facts)
        if is_opening:
            self._add_opening(facts)
        balance = self._results.get(facts.account[:1])
        if balance is None:
            self._was_closed |= facts.account.startswith("12") and not is_opening
            return
        self._results[facts.account[0]] = balance + facts.debit - facts.credit
        self._has_result = True
        if is_opening:
            self._findings.add(rules.OPENING_RESULT, facts.number, "CompteNum", account=facts.account[:40])

    def conclude(self) -> None:
        """Judge the whole: income and expenses that end at zero, and a result posted, are the entries that close."""
        if self._has_result and self._was_closed and not any(self._results.values()):
            self._findings.add(rules.RESULT_ZEROED)

    def _add_opening(self, facts: LineFacts) -> None:
        self.opening_cents += facts.debit
        if not self._opening_day:
            self._opening_day = facts.entry_date
        elif facts.entry_date and facts.entry_date != self._opening_day and not self._spread_told:
            self._spread_told = True
            self._findings.add(
                rules.OPENING_SPREAD, facts.number, "EcritureDate",
                first=self._opening_day, other=facts.entry_date,
            )  # fmt: skip

    def _compare_journal(self, facts: LineFacts) -> None:
        first = _first_name(self._journals, facts.journal, facts.journal_label)
        if first != facts.journal_label:
            self._findings.add(
                rules.JOURNAL_NAMES, facts.number, "JournalLib",
                code=facts.journal[:40], first=first[:80], other=facts.journal_label[:80],
            )  # fmt: skip

    def _compare_account(self, facts: LineFacts) -> None:
        first = _first_name(self._accounts, facts.account, facts.account_label)
        if first != facts.account_label:
            self._findings.add(
                rules.ACCOUNT_NAMES, facts.number, "CompteLib",
                number=facts.account[:40], first=first[:80], other=facts.account_label[:80],
            )  # fmt: skip


def _first_name(names: dict[str, str], key: str, name: str) -> str:
    """The name under which the key came first; the same name while there is no room to remember more."""
    if key in names or len(names) < MOST_NAMES:
        return names.setdefault(key, name)
    return name


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isascii())
