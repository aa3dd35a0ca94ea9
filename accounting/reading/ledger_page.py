"""One page of the general ledger: the accounts' lines one after the other, cut into pages of so many lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accounting.reading.account_ledger import LedgerAccount, LedgerFilter, LedgerLine, ledger_lines


@dataclass(frozen=True)
class LedgerPart:
    """What of an account is on the page. `begins` and `ends`: its opening and its closing are on it, too."""

    account: LedgerAccount
    lines: tuple[LedgerLine, ...]
    begins: bool
    ends: bool


def slot_count(accounts: Iterable[LedgerAccount]) -> int:
    """How many rows all pages have: a line each; an account without lines in the period takes one."""
    return sum(_slots(account) for account in accounts)


def ledger_parts(
    accounts: Iterable[LedgerAccount], wanted: LedgerFilter, *, limit: int, offset: int
) -> list[LedgerPart]:
    """The parts of one page. Only its own lines are read."""
    parts, first = [], 0
    for account in accounts:
        slots = _slots(account)
        skipped = max(offset - first, 0)
        taken = min(slots, offset + limit - first) - skipped
        first += slots
        if taken <= 0:
            continue
        lines = ledger_lines(account.account_id, wanted, account.totals, limit=taken, offset=skipped)
        parts.append(LedgerPart(account, tuple(lines), skipped == 0, skipped + taken == slots))
    return parts


def _slots(account: LedgerAccount) -> int:
    return max(account.totals.line_count, 1)
