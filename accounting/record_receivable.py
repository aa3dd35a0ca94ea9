"""Record what becomes of a receivable otherwise than by money: called by invoicing in its own transaction.

`preview_receivable` shows the entry that a fact would make, for a page to be agreed to before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from accounting.carried_lines import carried_among
from accounting.chart import read_chart
from accounting.customer_account import ensure_customer_account
from accounting.drafts import EntryDraft, LineDraft, PostedShare, PostedWriteOff, Standing
from accounting.errors import UnknownEntry
from accounting.facts import ThirdParty
from accounting.lettering.letter_lines import letter_lines, letter_matching
from accounting.lettering.undo_letterings import undo_letterings
from accounting.models import Account, EntryLine, JournalEntry
from accounting.open_positions import positions_of_key
from accounting.post_entry import LONGEST_LABEL, post_entry
from accounting.receivable_facts import (
    BankFeeFact,
    DoubtFact,
    KeptSurplusFact,
    ProvisionFact,
    ReceivableFact,
    WriteOffFact,
    WriteOffUndoFact,
)
from accounting.receivable_rules import bank_fee, doubt, kept_surplus, provision, write_off, write_off_undo
from accounting.roles import AccountRole
from accounting.standing import entry_of, read_standing
from core.database import db


@dataclass(frozen=True)
class PreviewLine:
    """A line of an entry that is not written yet. Cents, one of the two is zero."""

    number: str
    label: str
    debit_cents: int
    credit_cents: int


def record_receivable(fact: ReceivableFact) -> int | None:
    """Post the entry of a fact and letter what it settles; the caller has locked the documents that it names.

    The same fact is posted once: told again, its entry's id is returned.

    Returns:
        The id of the entry; None when there is nothing to post.

    Raises:
        UnknownEntry: what is undone was never posted.
    """
    posted = _undone(fact)
    draft = _draft(fact, posted)
    if draft is None or not draft.lines:
        return None
    known = entry_of(draft.source, draft.purpose)
    if known is not None:
        return known.id
    entry_id = post_entry(draft)
    if posted is not None:
        _letter_with_mirror(posted, entry_id, draft)
    letter_matching(line.match_key for line in draft.lines if line.third_party and line.match_key)
    return entry_id


def preview_receivable(fact: ReceivableFact) -> list[PreviewLine]:
    """The lines of the entry that the fact would make now; empty when there is nothing to post."""
    draft = _draft(fact, _undone(fact))
    return [] if draft is None else [_shown(line) for line in draft.lines]


def _shown(line: LineDraft) -> PreviewLine:
    id_ = (
        line.account
        if isinstance(line.account, int)
        else read_chart().account_id(line.account, line.vat_rate)
    )
    account = db.session.get_one(Account, id_)
    label = line.third_party.label if line.third_party else account.label
    return PreviewLine(account.number, label, max(line.cents, 0), max(-line.cents, 0))


def _draft(fact: ReceivableFact, posted: PostedWriteOff | None) -> EntryDraft | None:
    match fact:
        case WriteOffFact():
            return write_off(fact, _standing(fact.third_party, fact.share.match_key))
        case WriteOffUndoFact():
            assert posted is not None
            return write_off_undo(fact, posted, read_standing([posted.share.match_key]))
        case DoubtFact():
            return doubt(fact, positions_of_key(fact.match_key), _accounts_of(fact.third_party))
        case ProvisionFact():
            return provision(fact)
        case KeptSurplusFact():
            standing = _standing(fact.third_party, fact.share.match_key)
            return kept_surplus(fact, standing, undone_in=_journal_of(fact.undoes))
        case BankFeeFact():
            return bank_fee(fact)


def _standing(party: ThirdParty, match_key: str) -> Standing:
    standing = read_standing([match_key])
    if not party.account:
        return standing
    return replace(standing, own_account_id=ensure_customer_account(party.account, party.label))


def _accounts_of(party: ThirdParty) -> Standing:
    """The two accounts between which a receivable of the customer moves."""
    chart = read_chart()
    own = ensure_customer_account(party.account, party.label) if party.account else None
    return Standing(
        own_account_id=own or chart.account_id(AccountRole.CUSTOMERS),
        doubtful_account_id=chart.account_id(AccountRole.DOUBTFUL),
    )


def _undone(fact: ReceivableFact) -> PostedWriteOff | None:
    """What the fact undoes, as the ledger holds it; None for a fact that undoes no write-off."""
    if not isinstance(fact, WriteOffUndoFact):
        return None
    entry = entry_of(fact.undoes, "write_off")
    if entry is None:
        raise UnknownEntry(f"no write-off was posted for {fact.undoes}")
    lines = list(
        db.session.scalars(
            select(EntryLine).where(EntryLine.entry_id == entry.id).order_by(EntryLine.position)
        )
    )
    line = next(line for line in lines if line.auxiliary_code)
    party = ThirdParty(line.auxiliary_code, line.auxiliary_label)
    share = PostedShare(line.id, line.account_id, line.match_key, party, line.credit_cents)
    return PostedWriteOff(entry.id, entry.piece_ref, lines[0].account_id, entry.label, share)


def _journal_of(undoes: tuple[str, int] | None) -> int | None:
    """The journal that a kept surplus was posted in; None for a new one. Until penalties went to VE it was OD."""
    if undoes is None:
        return None
    entry = entry_of(undoes, "kept_surplus")
    if entry is None:
        raise UnknownEntry(f"no kept surplus was posted for {undoes}")
    return entry.journal_id


def _letter_with_mirror(posted: PostedWriteOff, mirror_id: int, draft: EntryDraft) -> None:
    """Line and mirror are a pair of their own, so that what was given up stands open alone, as before.

    The line of a closed year stays lettered there: the mirror itself is what is owed again.
    """
    if carried_among([posted.share.line_id]):
        return
    undo_letterings([posted.share.line_id], reason=draft.label[:LONGEST_LABEL])
    mirror = db.session.scalars(
        select(EntryLine.id)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(JournalEntry.id == mirror_id, EntryLine.auxiliary_code != "")
    ).one()
    letter_lines((posted.share.line_id, mirror))
