"""Record a fact in the ledger: the call that invoicing and the payment bridge make inside their own transaction.

No switch turns it off: that each sale and payment writes its entry at once, by itself, is what makes the records
unalterable in the sense of CGI art. 286 I 3 bis.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from accounting.advance_rules import advance_credit
from accounting.chart import read_chart
from accounting.customer_account import ensure_customer_account, own_account_number
from accounting.drafts import EntryDraft, Standing
from accounting.facts import (
    AdvanceCreditFact,
    BalanceMoveFact,
    CollectionFact,
    CollectionReversalFact,
    CreditUseFact,
    Fact,
    RefundFact,
    SaleFact,
)
from accounting.lettering.letter_lines import letter_matching
from accounting.open_positions import open_positions
from accounting.post_entry import post_entry
from accounting.posting_rules import balance_move, collection, credit_use, refund, sale
from accounting.reverse_entry import reverse_entry
from accounting.sales_extension import with_extensions
from accounting.standing import read_standing
from accounting.taken_back import on_posted_accounts


def record(fact: Fact) -> int | None:
    """Post the entry of a fact, move the VAT that falls due with it and letter what it settles.

    The caller has locked the documents that the fact names. The same fact is posted once: told again, its entry's id
    is returned.

    Returns:
        The id of the entry; None when there is nothing to post (a document of which every amount is zero).
    """
    if isinstance(fact, CollectionReversalFact):
        return reverse_entry(fact)
    draft = _draft(fact)
    if draft is None:
        return None
    entry_id = post_entry(draft)
    if not _is_new_invoice(fact) or fact.deposits:
        letter_matching(line.match_key for line in draft.lines if line.third_party and line.match_key)
    return entry_id


_Posted = SaleFact | AdvanceCreditFact | CollectionFact | RefundFact | CreditUseFact


def _draft(fact: _Posted | BalanceMoveFact) -> EntryDraft | None:
    if isinstance(fact, BalanceMoveFact):
        return balance_move(fact, open_positions(fact.from_codes))
    standing = _standing(fact)
    match fact:
        case SaleFact():
            return on_posted_accounts(with_extensions(sale(fact, standing)), fact)
        case AdvanceCreditFact():
            return advance_credit(fact, standing)
        case CollectionFact():
            return collection(fact, standing)
        case RefundFact():
            return refund(fact, standing)
        case CreditUseFact():
            return credit_use(fact, standing)


def _standing(fact: _Posted) -> Standing:
    standing = read_standing(_keys_of(fact))
    party = fact.third_party
    number = party.account or own_account_number(read_chart().customer_accounts, party.code)
    if not number:
        return standing
    return replace(standing, own_account_id=ensure_customer_account(number, party.label))


def _is_new_invoice(fact: Fact) -> TypeGuard[SaleFact]:
    """True for an invoice: nothing stands on its own key yet, so there is nothing to read or to letter."""
    return isinstance(fact, SaleFact) and not fact.is_credit


def _keys_of(fact: _Posted) -> set[str]:
    keys = {state.match_key for state in fact.collection}
    if isinstance(fact, AdvanceCreditFact):
        return keys | {fact.advance.match_key, fact.credit_key}
    if isinstance(fact, SaleFact):
        keys |= {key for deposit in fact.deposits for key in (deposit.advance_key, deposit.invoice_key)}
    if not _is_new_invoice(fact):
        keys |= {share.match_key for share in fact.shares}
    if isinstance(fact, CreditUseFact):
        keys.add(fact.surplus_key)
    return keys
