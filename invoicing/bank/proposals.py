"""What a line of the bank may be, and why: proposals for a person to confirm. Pure: no database, nothing is booked.

A proposal is *sure* when more than the amount speaks for it and nothing else fits as well; all sure ones may be
confirmed with one click. What a sure one takes is not proposed to another line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import combinations

from accounting.bank_positions import BankPosition
from invoicing.bank.models import MatchKind
from invoicing.bank.reading import squeezed, words_in
from invoicing.open_invoices import OpenInvoice, spread

NEAR = timedelta(days=15)
"""How far the books' day of a movement may be from the bank's (parameter: a cheque takes some days)."""
MOST_SUMMED = 12
"""Of how many open invoices of a customer sums are tried: 4,095 sets."""
MOST_PROPOSALS = 5
SHORTEST_NUMBER = 4
PROCESSOR = "PAYPLUG"
_LEGAL_FORMS = words_in("SARL SAS SASU EURL SCI SNC SELARL GMBH LTD LES DES AUX SUR THE AND ETS STE SOCIETE")


class Why(StrEnum):
    """What speaks for a proposal, in the order in which it is told."""

    AMOUNT = "amount"
    NUMBER = "number"
    IBAN = "iban"
    NAME = "name"
    SUM = "sum"
    PART = "part"
    MORE = "more"
    NEAR_DAY = "near_day"
    PROCESSOR = "processor"


@dataclass(frozen=True)
class Line:
    """A line to explain. `text` is all that the bank says of it; `customer_id`: who used this IBAN before."""

    id: int
    day: date
    cents: int
    text: str
    customer_id: int | None = None


@dataclass(frozen=True)
class Proposal:
    """What a line may be: an entry that is there, a payout that arrives, or a payment of invoices (id, cents)."""

    kind: MatchKind
    why: tuple[Why, ...]
    is_sure: bool = False
    position: BankPosition | None = None
    invoices: tuple[OpenInvoice, ...] = ()
    parts: tuple[tuple[int, int], ...] = ()

    @property
    def choice(self) -> str:
        """How a form names it: `entry:5`, `payout:7`, `payment:12-12000,13-5000`."""
        if self.position is not None:
            return f"{self.kind}:{self.position.entry_id}"
        return f"{self.kind}:{','.join(f'{invoice_id}-{cents}' for invoice_id, cents in self.parts)}"


@dataclass
class Candidates:
    """What the books have to offer: movements that no line explains yet, payouts under way, invoices that are due."""

    entries: Sequence[BankPosition] = ()
    payouts: Sequence[BankPosition] = ()
    invoices: Sequence[OpenInvoice] = ()
    taken: set[tuple[MatchKind, int]] = field(default_factory=set)

    def take(self, proposal: Proposal) -> None:
        """Propose what it says to nobody else."""
        if proposal.position is not None:
            self.taken.add((proposal.kind, proposal.position.entry_id))
        self.taken.update((MatchKind.PAYMENT, invoice_id) for invoice_id, _ in proposal.parts)

    def free(self, kind: MatchKind, positions: Iterable[BankPosition]) -> list[BankPosition]:
        """Those that no sure proposal took."""
        return [position for position in positions if (kind, position.entry_id) not in self.taken]


def propose(lines: Sequence[Line], candidates: Candidates) -> dict[int, list[Proposal]]:
    """Proposals of each line, the best first; what the books have already before what would be booked."""
    found: dict[int, list[Proposal]] = {}
    for line in lines:
        twins = sum(other.cents == line.cents and abs(other.day - line.day) <= NEAR for other in lines)
        proposals = [
            *_entries(line, candidates, is_alone=twins == 1),
            *_payouts(line, candidates),
            *_payments(line, candidates),
        ]
        if proposals and proposals[0].is_sure:
            candidates.take(proposals[0])
        found[line.id] = proposals[:MOST_PROPOSALS]
    return found


def _entries(line: Line, candidates: Candidates, *, is_alone: bool) -> list[Proposal]:
    same = [
        position
        for position in candidates.free(MatchKind.ENTRY, candidates.entries)
        if position.cents == line.cents and abs(position.day - line.day) <= NEAR
    ]
    words = words_in(line.text)
    same.sort(key=lambda position: (-len(words & words_in(position.label)), abs(position.day - line.day)))
    # What was taken back may never have been at the bank.
    is_sure = is_alone and len(same) == 1 and same[0].twin_id is None
    why = (Why.AMOUNT, Why.NEAR_DAY)
    return [Proposal(MatchKind.ENTRY, why, is_sure, position) for position in same]


def _payouts(line: Line, candidates: Candidates) -> list[Proposal]:
    is_named = PROCESSOR in squeezed(line.text)
    same = [
        position
        for position in candidates.free(MatchKind.PAYOUT, candidates.payouts)
        if position.cents == line.cents and timedelta(days=-1) <= line.day - position.day <= NEAR
    ]
    why = (Why.AMOUNT, Why.PROCESSOR) if is_named else (Why.AMOUNT,)
    return [Proposal(MatchKind.PAYOUT, why, is_named and len(same) == 1, position) for position in same]


def _payments(line: Line, candidates: Candidates) -> list[Proposal]:
    if line.cents <= 0:
        return []
    free = [i for i in candidates.invoices if (MatchKind.PAYMENT, i.id) not in candidates.taken]
    text = squeezed(line.text)
    named = [invoice for invoice in free if _says_number(line.text, text, invoice.number)]
    if named:
        return _by_number(line, named)
    if line.customer_id is not None:
        theirs = [invoice for invoice in free if invoice.customer_id == line.customer_id]
        return _by_customer(line, theirs, Why.IBAN)
    words = words_in(line.text)
    theirs = [invoice for invoice in free if _says_name(words, invoice.customer_name)]
    if theirs:
        is_one = len({invoice.customer_id for invoice in theirs}) == 1
        return _by_customer(line, theirs, Why.NAME, is_one=is_one)
    if PROCESSOR in text:
        # A payout that no report has told yet: an invoice of the same amount is chance.
        return []
    same = [invoice for invoice in free if invoice.open_cents == line.cents]
    return [_payment(line, [invoice], (Why.AMOUNT,)) for invoice in same]


def _by_number(line: Line, named: list[OpenInvoice]) -> list[Proposal]:
    """The bank's text has the number: of several customers, each one's invoices are a proposal."""
    found = []
    for customer_id in dict.fromkeys(invoice.customer_id for invoice in named):
        theirs = [invoice for invoice in named if invoice.customer_id == customer_id]
        due = sum(invoice.open_cents for invoice in theirs)
        how = Why.AMOUNT if due == line.cents else Why.PART if due > line.cents else Why.MORE
        is_sure = how is Why.AMOUNT and len(theirs) == len(named)
        found.append(_payment(line, theirs, (Why.NUMBER, how), is_sure=is_sure))
    return found


def _by_customer(line: Line, theirs: list[OpenInvoice], why: Why, *, is_one: bool = True) -> list[Proposal]:
    same = [invoice for invoice in theirs if invoice.open_cents == line.cents]
    if same:
        is_sure = is_one and len(same) == 1
        return [_payment(line, [invoice], (Why.AMOUNT, why), is_sure=is_sure) for invoice in same]
    if not is_one:
        return []
    summed = _summing(line.cents, theirs)
    if summed:
        is_all = len(summed) == len(theirs)
        return [_payment(line, summed, (Why.SUM, why), is_sure=is_all and why is Why.IBAN)]
    due = sum(invoice.open_cents for invoice in theirs)
    return [_payment(line, theirs, (why, Why.PART if due > line.cents else Why.MORE))] if theirs else []


def _summing(cents: int, invoices: Sequence[OpenInvoice]) -> list[OpenInvoice]:
    """The fewest of the oldest invoices that make the amount together; none, when no set does."""
    oldest = invoices[:MOST_SUMMED]
    if sum(invoice.open_cents for invoice in invoices) == cents:
        return list(invoices)
    for count in range(2, len(oldest) + 1):
        for some in combinations(oldest, count):
            if sum(invoice.open_cents for invoice in some) == cents:
                return list(some)
    return []


def _payment(
    line: Line, invoices: Sequence[OpenInvoice], why: tuple[Why, ...], *, is_sure: bool = False
) -> Proposal:
    parts = spread(line.cents, invoices)
    paid = tuple(invoice for invoice in invoices if invoice.id in parts)
    return Proposal(MatchKind.PAYMENT, why, is_sure, None, paid, tuple(parts.items()))


def _says_number(text: str, squeezed_text: str, number: str) -> bool:
    """Whether the number stands in the text, however it is written, and not as the beginning of a longer one."""
    plain = squeezed(number)
    if len(plain) < SHORTEST_NUMBER or plain not in squeezed_text:
        return False
    apart = "[^A-Z0-9]*".join(map(re.escape, plain))
    return re.search(rf"(?<![0-9]){apart}(?![0-9])", text.upper()) is not None


def _says_name(words: frozenset[str], name: str) -> bool:
    """Whether every word of a customer's name stands in the text; a name of short words alone says nothing."""
    own = words_in(name) - _LEGAL_FORMS
    return bool(own) and own <= words and max(map(len, own)) > SHORTEST_NUMBER - 1
