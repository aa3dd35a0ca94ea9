"""Take a collection back: post its mirrored entry (contre-passation), nothing is edited. Called by `record`.

Each customer line that the collection left open to be taken back is paired with its mirror in a lettering of its own,
so that what the payment had paid stands open alone, as before the payment. Lines of a closed year stay as they are, and
so do those of a deposit that stands elsewhere since: there the mirror itself is what stands open, or is even with what
the opening entries carried.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import select

from accounting.carried_lines import carried_among
from accounting.chart import read_chart
from accounting.drafts import PostedCollection, PostedShare
from accounting.errors import UnknownEntry
from accounting.facts import CollectionReversalFact, ThirdParty
from accounting.lettering.letter_lines import letter_lines, letter_matching
from accounting.lettering.undo_letterings import undo_letterings
from accounting.models import EntryLine, JournalEntry
from accounting.post_entry import LONGEST_LABEL, post_entry
from accounting.posting_rules import collection_reversal
from accounting.roles import AccountRole
from accounting.standing import entry_of, read_standing
from core.database import db


def reverse_entry(fact: CollectionReversalFact) -> int:
    """Post the mirror of the collection `fact.reverses`, un-letter what it had settled, letter line with mirror.

    Done twice, nothing is written the second time.

    Returns:
        The id of the mirror.

    Raises:
        UnknownEntry: that collection was never posted.
    """
    posted_before = entry_of(fact.source, "collection_reversal")
    if posted_before is not None:
        return posted_before.id
    original = entry_of(fact.reverses, "collection")
    if original is None:
        raise UnknownEntry(f"no collection was posted for {fact.reverses}")
    posted, moved = _as_it_stands(_posted_collection(original), fact)
    standing = read_standing(state.match_key for state in fact.collection)
    draft = collection_reversal(fact, posted, standing)
    mirror_id = post_entry(draft)
    # Asked after the posting, which waits for a closing of the year that is going on.
    apart = carried_among(share.line_id for share in posted.shares) | moved
    live = [share.line_id for share in posted.shares if share.line_id not in apart]
    undo_letterings(live, reason=draft.label[:LONGEST_LABEL])
    mirrored = _customer_lines((mirror_id,))
    assert len(mirrored) == len(posted.shares)
    for share, line in zip(posted.shares, mirrored, strict=True):
        if share.line_id not in apart:
            letter_lines((share.line_id, line.id))
    # What a closed year left open stands on its opening line: a surplus is even with the mirror, an invoice is owed.
    letter_matching(share.match_key for share in posted.shares if share.line_id in apart)
    return mirror_id


def _as_it_stands(
    posted: PostedCollection, fact: CollectionReversalFact
) -> tuple[PostedCollection, set[int]]:
    """The collection with what it paid of deposits on the keys where these stand now, and the lines this is about.

    A final invoice has evened such a line on 4191 since, and has credited the customer instead (or the other way round
    when it was credited in full): the mirror opens that, and the line stays lettered.
    """
    by_key = {moved.before: moved for moved in fact.moved}
    standing = read_standing(moved.now for moved in fact.moved)
    shares, lines = [], set()
    for share in posted.shares:
        moved = by_key.get(share.match_key)
        if moved is not None:
            first = AccountRole.DEPOSITS if moved.is_advance else AccountRole.CUSTOMERS
            account_id = standing.of(moved.now).customer_account_id or read_chart().account_id(first)
            share = replace(share, match_key=moved.now, account_id=account_id)  # noqa: PLW2901  # where it stands
            lines.add(share.line_id)
        shares.append(share)
    return replace(posted, shares=tuple(shares)), lines


class _CustomerLine(NamedTuple):
    id: int
    account_id: int
    match_key: str
    code: str
    label: str
    credit_cents: int


def _posted_collection(original: JournalEntry) -> PostedCollection:
    treasury_account_id = db.session.scalars(
        select(EntryLine.account_id).where(EntryLine.entry_id == original.id, EntryLine.position == 1)
    ).one()
    return PostedCollection(
        entry_id=original.id,
        journal_id=original.journal_id,
        treasury_account_id=treasury_account_id,
        label=original.label,
        shares=tuple(
            PostedShare(
                line.id,
                line.account_id,
                line.match_key,
                ThirdParty(line.code, line.label),
                line.credit_cents,
            )
            for line in _lines_to_take_back(original.id)
        ),
    )


def _lines_to_take_back(entry_id: int) -> list[_CustomerLine]:
    """The collection's customer lines; where a surplus was used since, the lines it became instead."""
    kept: list[_CustomerLine] = []
    lines = _customer_lines((entry_id,))
    while lines:
        uses = _uses_of(line.match_key for line in lines)
        kept += [line for line in lines if line.match_key not in uses]
        lines = [line for line in _customer_lines(uses.values()) if line.credit_cents]
    return kept


def _customer_lines(entry_ids: Iterable[int]) -> list[_CustomerLine]:
    rows = db.session.execute(
        select(
            EntryLine.id,
            EntryLine.account_id,
            EntryLine.match_key,
            EntryLine.auxiliary_code,
            EntryLine.auxiliary_label,
            EntryLine.credit_cents,
        )
        .where(EntryLine.entry_id.in_(sorted(set(entry_ids))), EntryLine.auxiliary_code != "")
        .order_by(EntryLine.entry_id, EntryLine.position)
    )
    return [_CustomerLine(*row) for row in rows]


def _uses_of(match_keys: Iterable[str]) -> dict[str, int]:
    """The entries that used up surpluses standing on these keys: key → entry id."""
    rows = db.session.execute(
        select(EntryLine.match_key, EntryLine.entry_id)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(
            JournalEntry.purpose == "credit_use",
            EntryLine.match_key.in_(sorted(set(match_keys))),
            EntryLine.auxiliary_code != "",
            EntryLine.debit_cents > 0,
        )
    )
    return {row[0]: row[1] for row in rows}
