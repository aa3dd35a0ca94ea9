"""Reads how the ledger stands for the documents of a fact, before it is posted. Called by `record`, `reverse_entry`.

The caller holds the lock of each document, so that nothing moves on its keys between this reading and the posting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import bindparam, exists, func, select

from accounting.drafts import KeyStanding, Standing
from accounting.models import JournalEntry
from core.database import Base, db
from core.tenancy import COMPANY, execute_scoped

# Every collection passes here, so it goes past the ORM.
_LINES = Base.metadata.tables["entry_line"].c
_IS_CUSTOMER = _LINES.auxiliary_code != ""
_ENTRIES, _YEARS = Base.metadata.tables["journal_entry"].c, Base.metadata.tables["fiscal_year"].c
# What a closed year left open stands again in the opening entries of the next one.
_IS_CARRIED = exists().where(
    _ENTRIES.id == _LINES.entry_id, _YEARS.id == _ENTRIES.fiscal_year_id, _YEARS.closed_at.is_not(None)
)
_STANDING = (
    select(
        _LINES.match_key,
        _LINES.account_id,
        _LINES.vat_rate,
        _IS_CUSTOMER,
        func.sum(_LINES.credit_cents - _LINES.debit_cents),
        func.max(_LINES.id),
    )
    .where(
        _LINES.company_id == COMPANY, _LINES.match_key.in_(bindparam("keys", expanding=True)), ~_IS_CARRIED
    )
    .group_by(_LINES.match_key, _LINES.account_id, _LINES.vat_rate, _IS_CUSTOMER)
)


def read_standing(match_keys: Iterable[str]) -> Standing:
    """Where each key stands: its customer account and what is open there, the account and cents of its waiting VAT.

    What is doubtful has moved to another account: of several, it is the one where something is open, else the last one.
    """
    keys = sorted(set(match_keys))
    if not keys:
        return Standing()
    customers: dict[str, tuple[bool, int, int]] = {}
    open_cents: dict[str, int] = defaultdict(int)
    waiting_accounts: dict[str, int] = {}
    waiting: dict[str, dict[int, int]] = {key: {} for key in keys}
    for key, account_id, vat_rate, customer, cents, last_id in execute_scoped(_STANDING, keys=keys):
        if customer:
            customers[key] = max(customers.get(key, (False, 0, 0)), (cents != 0, last_id, account_id))
            open_cents[key] -= int(cents)
        elif vat_rate is not None:
            waiting_accounts[key] = account_id
            waiting[key][vat_rate] = int(cents)
    return Standing(
        {
            key: KeyStanding(
                _account(customers.get(key)), waiting_accounts.get(key), waiting[key], open_cents[key]
            )
            for key in keys
        }
    )


def _account(found: tuple[bool, int, int] | None) -> int | None:
    return None if found is None else found[2]


def entry_of(source: tuple[str, int], purpose: str) -> JournalEntry | None:
    """The entry that a fact made, or None."""
    kind, source_id = source
    return db.session.scalars(
        select(JournalEntry).where(
            JournalEntry.source_kind == kind,
            JournalEntry.source_id == source_id,
            JournalEntry.purpose == purpose,
        )
    ).one_or_none()
