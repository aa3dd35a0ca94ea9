"""A credit note takes back what its invoice booked, a final invoice what its deposits booked: on the same accounts.

The company may have chosen other accounts since; what was issued keeps those it was posted on. They are read from the
ledger, as `standing` reads customer and waiting accounts. VAT that was due goes back where it stands: where the invoice
put it, or the payments that made it due. A later discount takes no sale back: its 709 is the present one.
Called by `record` on the entry before it is posted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from accounting.chart import Chart, read_chart
from accounting.drafts import EntryDraft, LineDraft
from accounting.facts import SaleFact
from accounting.models import Account, EntryLine, JournalEntry
from accounting.reading.waiting_vat import is_waiting_line
from accounting.roles import ROLES, AccountRole, split_role_key
from core.database import db

_INCOME = frozenset(
    role for role in AccountRole if role.value.startswith("sales_") or role is AccountRole.DISBURSEMENTS
)
_TAKEN = _INCOME | {AccountRole.DEPOSITS, AccountRole.VAT_COLLECTED}


class _Posted(NamedTuple):
    """An account that a document was posted on: its number, the role it plays now, the VAT rate of the line."""

    account_id: int
    number: str
    role: str | None
    vat_rate: int | None


def on_posted_accounts(draft: EntryDraft | None, fact: SaleFact) -> EntryDraft | None:
    """The entry with each line that takes something back on the account it was posted on.

    Where the documents leave a choice (goods and services of one rate whose accounts were both replaced), the present
    account is kept.

    Args:
        draft: its entry; None for nothing to post.
        fact: the credit note, or the final invoice: of that one only what it deducts is taken back.
    """
    if draft is None or not fact.takes_back:
        return draft
    roles = _TAKEN if fact.is_credit else {AccountRole.DEPOSITS}
    posted, chart = _posted_accounts(fact.takes_back), read_chart()
    if fact.is_credit:
        posted += _accounts_of_due_vat(state.match_key for state in fact.collection)
    return replace(
        draft,
        lines=tuple(
            _taken_back(line, posted, chart) if line.account in roles else line for line in draft.lines
        ),
    )


def _taken_back(line: LineDraft, posted: list[_Posted], chart: Chart) -> LineDraft:
    role = line.account
    assert isinstance(role, AccountRole)
    prefix = ROLES[role].prefix
    candidates = {
        row.account_id: row.number
        for row in posted
        if row.number.startswith(prefix) and row.vat_rate == line.vat_rate and _may_be(row.role, role)
    }
    present = line.sales_account or chart.numbers[chart.account_id(role, line.vat_rate)]
    if present in candidates.values() or len(candidates) != 1:
        return line
    return replace(line, account=next(iter(candidates)), sales_account="")


def _may_be(plays: str | None, role: AccountRole) -> bool:
    """Whether an account that plays this role now, or none, may have been that of the line's role."""
    return plays is None or split_role_key(plays)[0] in (role, AccountRole.SALES)


def _posted_accounts(sources: Collection[tuple[str, int]]) -> list[_Posted]:
    kinds, source_ids = {kind for kind, _ in sources}, [source_id for _, source_id in sources]
    prefixes = {ROLES[role].prefix for role in _TAKEN}
    rows = db.session.execute(
        select(Account.id, Account.number, Account.role, EntryLine.vat_rate)
        .distinct()
        .join(EntryLine, EntryLine.account_id == Account.id)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(
            JournalEntry.source_kind.in_(sorted(kinds)),
            JournalEntry.source_id.in_(source_ids),
            JournalEntry.purpose == "sale",
            # What carries a key is of a deposit booked when it was paid: it has its own lines.
            EntryLine.match_key == "",
            or_(*(Account.number.startswith(prefix) for prefix in sorted(prefixes))),
            ~is_waiting_line(),
        )
    )
    return [_Posted(*row) for row in rows]


def _accounts_of_due_vat(match_keys: Iterable[str]) -> list[_Posted]:
    """The accounts that took the VAT of these documents when it fell due: of the entries that moved their waiting VAT,
    the lines of VAT due at the same rate."""
    moved, due = aliased(EntryLine), aliased(EntryLine)
    rows = db.session.execute(
        select(Account.id, Account.number, Account.role, due.vat_rate)
        .distinct()
        .select_from(moved)
        .join(due, and_(due.entry_id == moved.entry_id, due.vat_rate == moved.vat_rate))
        .join(Account, Account.id == due.account_id)
        .where(
            moved.match_key.in_(sorted(set(match_keys))),
            moved.auxiliary_code == "",
            due.match_key == "",
            Account.number.startswith(ROLES[AccountRole.VAT_COLLECTED].prefix),
        )
    )
    return [_Posted(*row) for row in rows]
