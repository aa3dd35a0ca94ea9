"""Record what happened in a payment processor's wallet: called by the payment bridge in its own transaction."""

from __future__ import annotations

from accounting.lettering.letter_lines import letter_matching
from accounting.post_entry import post_entry
from accounting.wallet_facts import WalletFact
from accounting.wallet_rules import wallet_entry


def record_wallet(fact: WalletFact) -> int | None:
    """Post the entry of a fact and letter what it pays. The same fact is posted once: told again, nothing is written.

    Returns:
        The id of the entry; None when there is nothing to post (an amount of zero).
    """
    draft = wallet_entry(fact)
    if not draft.lines:
        return None
    entry_id = post_entry(draft)
    letter_matching(line.match_key for line in draft.lines if line.third_party and line.match_key)
    return entry_id
