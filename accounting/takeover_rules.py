"""The posting rules of a take-over. Pure, like `posting_rules`; D debit, C credit, French labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from accounting.drafts import EntryDraft, LineDraft
from accounting.facts import ThirdParty
from accounting.roles import JournalCode
from accounting.takeover_facts import TakeoverFact, TakeoverUndoFact


class PostedLine(NamedTuple):
    """A line as it was posted, to be mirrored. `cents`: a debit above zero."""

    account_id: int
    third_party: ThirdParty | None
    label: str
    cents: int
    match_key: str
    vat_rate: int | None


def opening(fact: TakeoverFact, account_id: Callable[[str, str], int]) -> EntryDraft:
    """The balances of the accounts 1 to 5 with which the books begin here (journal AN).

    D or C each account, its balance in the books that were kept before; one line per open invoice on 411, and one for
    its VAT that waits for collection (44574), so that a later payment settles it and makes that VAT due
    C 120 (D 129) the result of the period before, as long as those books have not posted it themselves
    """
    lines = (
        LineDraft(
            account_id(balance.account, balance.account_label), balance.cents, balance.label,
            vat_rate=balance.vat_rate, match_key=balance.match_key, third_party=balance.third_party,
        )
        for balance in fact.balances
    )  # fmt: skip
    return EntryDraft(
        source=fact.source, purpose="takeover", journal=JournalCode.OPENING, day=fact.opens_on,
        piece_ref=fact.reference, label="À-nouveaux repris de l’ancien logiciel",
        lines=tuple(line for line in lines if line.cents),
    )  # fmt: skip


def opening_taken_back(fact: TakeoverUndoFact, posted: Iterable[PostedLine], entry_id: int) -> EntryDraft:
    """The mirror of the opening entry, line by line on the same keys (journal AN)."""
    return EntryDraft(
        source=fact.source, purpose="takeover_undo", journal=JournalCode.OPENING, day=fact.opens_on,
        piece_ref=fact.reference, label="Annulation de la reprise des à-nouveaux", reverses_id=entry_id,
        lines=tuple(
            LineDraft(
                line.account_id, -line.cents, line.label, vat_rate=line.vat_rate, match_key=line.match_key,
                third_party=line.third_party,
            )
            for line in posted
        ),
    )  # fmt: skip
