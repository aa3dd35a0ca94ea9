"""Record what happened on a bank account: called by the verbs of cheques and bank statements in their transaction."""

from __future__ import annotations

from accounting.bank_facts import BankFact
from accounting.bank_rules import bank_entry
from accounting.post_entry import post_entry


def record_bank(fact: BankFact) -> int:
    """Post the entry of a fact; the same fact is posted once.

    Returns:
        The id of the entry.
    """
    return post_entry(bank_entry(fact))
