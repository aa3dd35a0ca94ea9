"""Totals of a document: the one function that page, preview, issue, PDF and books take their amounts from.

Pure integers. Amounts are cents, quantities have 4 decimals, unit prices 6, discounts and rates are 1/100 %. VAT is
computed per rate on the whole document, half-up, because the e-invoice asks BT-117 = BT-116 × BT-119/100 (BR-CO-17);
line by line and summed would differ by cents. Every rounding is symmetrical around zero, so that the totals of a
document with all its quantities turned round are exactly its own, turned round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from accounting.facts import SupplyKind
from core.money import (
    CENT_DECIMALS,
    QUANTITY_DECIMALS,
    RATE_DECIMALS,
    UNIT_PRICE_DECIMALS,
    round_half_up_div,
    round_to_sum,
)

WHOLE = 100 * 10**RATE_DECIMALS
"""100 %, as a scaled rate."""

_LINE_DIVISOR = 10 ** (QUANTITY_DECIMALS + UNIT_PRICE_DECIMALS - CENT_DECIMALS) * WHOLE


class PricedLine(Protocol):
    """What the computation reads of a line: a row, an input, a line of the preview."""

    @property
    def kind(self) -> SupplyKind:
        """Goods or services."""

    @property
    def quantity(self) -> int:
        """4 decimals; negative for a return."""

    @property
    def unit_price(self) -> int:
        """Euros with 6 decimals, never negative; net, or VAT included when the document's prices are."""

    @property
    def discount(self) -> int:
        """Percentage taken off this line, in 1/100 %."""

    @property
    def vat_rate(self) -> int:
        """1/100 %."""


@dataclass(frozen=True)
class LineTotals:
    """What one line comes to: `amount_cents` as shown (net, or VAT included when prices are), `net_cents` its net."""

    amount_cents: int
    net_cents: int


@dataclass(frozen=True)
class VatTotals:
    """Net and VAT at one rate (1/100 %), goods and services apart. Cents."""

    rate: int
    kind: SupplyKind
    net_cents: int
    vat_cents: int


@dataclass(frozen=True)
class Totals:
    """A document's amounts in cents: total = net + VAT + rounding.

    Attributes:
        lines: in the order they were given.
        vat: highest rate first, goods before services.
        rounding_cents: BT-114; what a total typed VAT included has above its net and VAT. 0 for net prices.
    """

    lines: tuple[LineTotals, ...]
    vat: tuple[VatTotals, ...]
    net_cents: int
    vat_cents: int
    rounding_cents: int
    total_cents: int


def line_amount(line: PricedLine) -> int:
    """Quantity × unit price − discount in cents, half-up."""
    return round_half_up_div(line.quantity * line.unit_price * (WHOLE - line.discount), _LINE_DIVISOR)


def compute_totals(lines: Iterable[PricedLine], prices_include_vat: bool) -> Totals:
    """Compute every amount of a document.

    Args:
        lines: in their order; none gives zeros.
        prices_include_vat: whether unit prices include VAT. Then the gross total per rate is what was typed, its net
            is half-up(gross / (1 + rate)), and what net + VAT miss of the gross is the rounding amount.
    """
    lines = tuple(lines)
    amounts = [line_amount(line) for line in lines]
    nets = list(amounts)
    vat: list[VatTotals] = []
    for rate in sorted({line.vat_rate for line in lines}, reverse=True):
        members = [index for index, line in enumerate(lines) if line.vat_rate == rate]
        if prices_include_vat:
            for index, net in zip(members, _nets_of_gross([amounts[i] for i in members], rate), strict=True):
                nets[index] = net
        vat += _vat_of_rate(rate, [(lines[i].kind, nets[i]) for i in members])
    net, vat_sum = sum(nets), sum(part.vat_cents for part in vat)
    total = sum(amounts) if prices_include_vat else net + vat_sum
    shown = tuple(LineTotals(amount, line_net) for amount, line_net in zip(amounts, nets, strict=True))
    return Totals(shown, tuple(vat), net, vat_sum, total - net - vat_sum, total)


def _nets_of_gross(amounts: Sequence[int], rate: int) -> list[int]:
    net = round_half_up_div(sum(amounts) * WHOLE, WHOLE + rate)
    return round_to_sum([amount * WHOLE for amount in amounts], WHOLE + rate, net)


def _vat_of_rate(rate: int, nets: Sequence[tuple[SupplyKind, int]]) -> list[VatTotals]:
    kinds = [kind for kind in SupplyKind if any(kind is found for found, _ in nets)]
    by_kind = [sum(net for found, net in nets if found is kind) for kind in kinds]
    vat = round_half_up_div(sum(by_kind) * rate, WHOLE)
    shares = round_to_sum([net * rate for net in by_kind], WHOLE, vat)
    return [
        VatTotals(rate, kind, net, share) for kind, net, share in zip(kinds, by_kind, shares, strict=True)
    ]
