"""Entries as an accountant writes them: `D 411000 C00001 120,00`, one line each, debits first as they stand."""

from __future__ import annotations

from accounting.drafts import EntryDraft
from accounting.models import JournalEntry
from accounting.roles import RATE_DEFAULTS, ROLES, AccountRole


def scheme(draft: EntryDraft | None) -> str:
    """A draft with the default account numbers."""
    assert draft is not None
    return "\n".join(
        _line(
            _number(line.account, line.vat_rate),
            line.third_party.code if line.third_party else "",
            line.cents,
        )
        for line in draft.lines
    )


def written(entry: JournalEntry | None) -> str:
    """A posted entry, read back from its rows."""
    assert entry is not None
    return "\n".join(
        _line(line.account.number, line.auxiliary_code, line.debit_cents - line.credit_cents)
        for line in entry.lines
    )


def lines(text: str) -> str:
    """The expected text of a test, without its indentation."""
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def _number(account: AccountRole | int, vat_rate: int | None) -> str:
    if isinstance(account, int):
        return f"#{account}"
    for_rate = RATE_DEFAULTS.get((account, vat_rate or -1))
    return for_rate[0] if for_rate else ROLES[account].number


def _line(number: str, code: str, cents: int) -> str:
    amount = f"{abs(cents) // 100},{abs(cents) % 100:02d}"
    return " ".join(part for part in ("D" if cents > 0 else "C", number, code, amount) if part)
