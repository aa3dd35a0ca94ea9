"""What is open on customers, per account and match key: what moves at a merge or into doubt."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from accounting.carried_lines import is_carried
from accounting.drafts import OpenPosition
from accounting.facts import ThirdParty
from accounting.lettering.letter_lines import is_lettered
from accounting.models import SIGNED_CENTS, EntryLine
from core.database import db


def open_positions(codes: Sequence[str]) -> tuple[OpenPosition, ...]:
    """The positions of these auxiliary codes that are not even. The caller holds the locks of their documents."""
    cents = func.sum(SIGNED_CENTS)
    rows = db.session.execute(
        select(
            EntryLine.account_id,
            EntryLine.match_key,
            EntryLine.auxiliary_code,
            func.max(EntryLine.auxiliary_label),
            cents,
        )
        .where(EntryLine.auxiliary_code.in_(codes), EntryLine.auxiliary_code != "", ~is_lettered())
        .group_by(EntryLine.account_id, EntryLine.match_key, EntryLine.auxiliary_code)
        .having(cents != 0)
        .order_by(func.min(EntryLine.id))
    )
    return tuple(
        OpenPosition(account_id, key, ThirdParty(code, label), int(open_cents))
        for account_id, key, code, label, open_cents in rows
    )


def positions_of_key(match_key: str) -> tuple[OpenPosition, ...]:
    """The positions of one key that are not even, on whichever account. The caller holds the lock of its document."""
    cents = func.sum(SIGNED_CENTS)
    rows = db.session.execute(
        select(EntryLine.account_id, EntryLine.auxiliary_code, func.max(EntryLine.auxiliary_label), cents)
        .where(EntryLine.match_key == match_key, EntryLine.auxiliary_code != "", ~is_carried())
        .group_by(EntryLine.account_id, EntryLine.auxiliary_code)
        .having(cents != 0)
        .order_by(func.min(EntryLine.id))
    )
    return tuple(
        OpenPosition(account_id, match_key, ThirdParty(code, label), int(open_cents))
        for account_id, code, label, open_cents in rows
    )
