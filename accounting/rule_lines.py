"""Lines that several posting rules share: those of the customer, and those of VAT that waits or falls due. Pure.

Called by `posting_rules` and `receivable_rules`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from accounting.drafts import LineDraft, Standing
from accounting.facts import CollectionState, Share, ThirdParty
from accounting.roles import AccountRole
from accounting.vat_on_collection import due_vat

VatByRate = dict[int, int]


def customer_lines(
    shares: tuple[Share, ...], third_party: ThirdParty, side: int, label: str, standing: Standing
) -> Iterator[LineDraft]:
    """Lines on the account where each key stands; `side` is 1 for debits, -1 for credits.

    A key that stands nowhere yet begins on the customer's account; that of a deposit which is booked when it is paid
    on 4191.
    """
    for share in shares:
        first = AccountRole.DEPOSITS if share.is_advance else standing.own_account_id or AccountRole.CUSTOMERS
        account = standing.of(share.match_key).customer_account_id or first
        yield LineDraft(
            account, side * share.amount_cents, label, match_key=share.match_key, third_party=third_party
        )


@dataclass(frozen=True)
class WaitingChange:
    """VAT that comes to wait on a document (above zero) or no longer waits (below), at one rate."""

    match_key: str
    account: AccountRole | int
    vat_rate: int
    cents: int


def waiting_changes(states: tuple[CollectionState, ...], standing: Standing) -> list[WaitingChange]:
    """From what waits now to what must wait after the event: W_r less what is due (`vat_on_collection`).

    Of a deposit that is booked when it is paid nothing waits: what is due stands as a debit on 4458, against 44571.
    """
    changes = []
    for state in states:
        key = standing.of(state.match_key)
        waiting = dict(state.waiting_cents)
        due = due_vat(waiting, state.collected_cents, state.total_cents)
        first = AccountRole.VAT_ON_DEPOSITS if state.is_advance else AccountRole.VAT_WAITING
        account = key.waiting_account_id or first
        for rate in sorted(waiting.keys() | key.waiting_cents.keys(), reverse=True):
            must_wait = (0 if state.is_advance else waiting.get(rate, 0)) - due.get(rate, 0)
            change = must_wait - key.waiting_cents.get(rate, 0)
            changes.append(WaitingChange(state.match_key, account, rate, change))
    return changes


def vat_lines(total: Mapping[int, int], changes: list[WaitingChange], label: str) -> Iterator[LineDraft]:
    """The lines on 44574, and on 44571 the VAT of the event that neither waits nor waited."""
    due: VatByRate = defaultdict(int, total)
    for change in changes:
        due[change.vat_rate] -= change.cents
        yield LineDraft(
            change.account, -change.cents, label, vat_rate=change.vat_rate, match_key=change.match_key
        )
    for rate, cents in due.items():
        yield LineDraft(AccountRole.VAT_COLLECTED, -cents, label, vat_rate=rate)


def collection_vat_lines(
    states: tuple[CollectionState, ...], standing: Standing, label: str
) -> Iterator[LineDraft]:
    """The lines of VAT that an event moves between waiting and due, when it brings no VAT of its own."""
    return vat_lines({}, waiting_changes(states, standing), label)


def without_zeros(lines: Iterable[LineDraft]) -> tuple[LineDraft, ...]:
    """The lines that move something."""
    return tuple(line for line in lines if line.cents)
