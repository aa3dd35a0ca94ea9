"""VAT on collection: how much of a document's waiting VAT is due once part of it has been collected. Pure.

Services are taxed when they are paid (CGI art. 269, 2 c) unless the company chose the option for debits. The rounding
is cumulated: what is due is always computed from the start, and only the difference with what was moved before is
posted, so that the last payment takes the rest.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.money import round_half_up_div, round_to_sum


def due_vat(waiting_cents: Mapping[int, int], collected_cents: int, total_cents: int) -> dict[int, int]:
    """VAT due so far, per rate: half-up(W_r × P / T), left-over cents by largest remainder.

    The sum over all rates is itself half-up(ΣW_r × P / T); equal remainders go to the higher rate first.

    Args:
        waiting_cents: W_r, VAT that waits for collection per rate (1/100 %), less credit notes.
        collected_cents: P, collected less refunded and disputed; what is above T does not count.
        total_cents: T, the total including VAT less credit notes. Nothing is due on a total of zero.
    """
    if total_cents <= 0:
        return dict.fromkeys(waiting_cents, 0)
    collected = max(0, min(collected_cents, total_cents))
    rates = sorted(waiting_cents, reverse=True)
    shares = [waiting_cents[rate] * collected for rate in rates]
    due = round_to_sum(shares, total_cents, round_half_up_div(sum(shares), total_cents))
    return dict(zip(rates, due, strict=True))
