"""The VAT that still waits for the collection of each open invoice: found in the books by piece, else to be asked.

Services taxed on collection leave their VAT on a waiting account (44574) until they are paid; the payment of the rest
must make it due, and no more than it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from accounting.fec.read_lines import ReadLine
from core.money import round_half_up_div
from invoicing.takeover.open_items import OpenItem

FRENCH_RATES: Final = (2000, 1000, 550, 210, 850)
_TOLERANCE_CENTS = 2


def waiting_by_piece(
    lines: Iterable[ReadLine], items: Sequence[OpenItem], until: date, prefixes: tuple[str, ...]
) -> dict[str, int]:
    """The balance of the waiting accounts by piece (a credit above zero), for the pieces of the open invoices alone."""
    wanted = {item.reference for item in items}
    wanted |= {off.reference for item in items for off in item.set_off}
    found: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.day <= until and line.piece in wanted and line.account.startswith(prefixes):
            found[line.piece] -= line.cents
    return found


def waiting_of(items: Sequence[OpenItem], by_piece: Mapping[str, int]) -> list[int | None]:
    """What waits on each item, in cents; None where the books do not tell: several items have the same piece.

    What payments set off have moved already is taken off; where the books show no such move, VAT waits in proportion
    to what is open.
    """
    uses = Counter(item.reference for item in items)
    return [None if uses[item.reference] > 1 else _waiting(item, by_piece) for item in items]


def _waiting(item: OpenItem, by_piece: Mapping[str, int]) -> int:
    whole = by_piece.get(item.reference, 0)
    if whole <= 0:
        return 0
    moved = sum(
        round_half_up_div(-by_piece.get(off.reference, 0) * off.cents, off.whole_cents)
        for off in item.set_off
        if by_piece.get(off.reference, 0) < 0
    )
    left = whole - moved if moved else round_half_up_div(whole * item.open_cents, item.original_cents)
    return max(0, min(left, item.open_cents))


def likely_rate(waiting_cents: int, open_cents: int, standard: int) -> int:
    """The rate (1/100 %) at which this VAT is that of a whole sale; the one given where none fits."""
    for rate in (standard, *FRENCH_RATES):
        if abs(round_half_up_div(open_cents * rate, 10_000 + rate) - waiting_cents) <= _TOLERANCE_CENTS:
            return rate
    return standard
