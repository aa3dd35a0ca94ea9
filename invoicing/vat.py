"""Totals of a document: the one function that page, preview, issue, PDF and books take their amounts from.

Pure integers. Amounts are cents, quantities have 4 decimals, unit prices 6, discounts and rates are 1/100 %. VAT is
computed per rate on the whole document, half-up, because the e-invoice asks BT-117 = BT-116 × BT-119/100 (BR-CO-17);
line by line and summed would differ by cents. Every rounding is symmetrical around zero, so that the totals of a
document with all its quantities turned round are exactly its own, turned round.

A discount on the whole document is a percentage of what stands at each rate, or an amount spread over the rates by
largest remainder; deposits that are deducted take no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from accounting.facts import SupplyKind
from core.money import (
    CENT_DECIMALS,
    QUANTITY_DECIMALS,
    RATE_DECIMALS,
    UNIT_PRICE_DECIMALS,
    round_half_up_div,
    round_to_sum,
    spread_by_largest_remainder,
)
from invoicing.lifecycle import LineRole
from invoicing.vat_categories import VatCase, VatCategory, category_of

WHOLE = 100 * 10**RATE_DECIMALS
"""100 %, as a scaled rate."""

_LINE_DIVISOR = 10 ** (QUANTITY_DECIMALS + UNIT_PRICE_DECIMALS - CENT_DECIMALS) * WHOLE


class PricedLine(Protocol):
    """What the computation reads of a line: a row, an input, a line of the preview."""

    @property
    def role(self) -> LineRole:
        """Headings, sub-totals and options do not count."""

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

    @property
    def vat_ground(self) -> str:
        """What exempts this line alone; empty when the document's case decides."""

    @property
    def sales_account(self) -> str:
        """Its own ledger account; empty for the one of its role."""


@dataclass(frozen=True)
class DocumentTerms:
    """What a document says of all its lines.

    Attributes:
        vat_case, vat_ground: how VAT treats it (`vat_categories`).
        discount_rate: taken off the whole, in 1/100 %.
        discount_cents: an amount taken off the whole instead; net, or VAT included when the prices are.
    """

    vat_case: VatCase = VatCase.STANDARD
    vat_ground: str = ""
    discount_rate: int = 0
    discount_cents: int = 0


class _HasTerms(Protocol):
    """What `terms_of` reads of a document."""

    vat_case: VatCase
    vat_ground: str
    discount_rate: int
    discount_cents: int


def terms_of(document: _HasTerms) -> DocumentTerms:
    """The terms that stand on a document."""
    return DocumentTerms(
        document.vat_case, document.vat_ground, document.discount_rate, document.discount_cents
    )


@dataclass(frozen=True)
class LineTotals:
    """What one line comes to: `amount_cents` as shown (net, or VAT included when prices are), `net_cents` its net.

    Both are before a discount on the whole document.
    """

    amount_cents: int
    net_cents: int


@dataclass(frozen=True)
class VatTotals:
    """Net and VAT at one rate (1/100 %) of one category. Cents.

    Goods and services, lines with an account of their own and deposits deducted stand apart. `net_cents` is after the
    `discount_cents` that a discount on the whole takes off here.
    """

    rate: int
    kind: SupplyKind
    net_cents: int
    vat_cents: int
    category: VatCategory = VatCategory.STANDARD
    ground: str = ""
    account: str = ""
    is_deposit: bool = False
    discount_cents: int = 0


def vat_totals(row: object) -> VatTotals:
    """The amounts that a VAT row of an issued document keeps."""
    return VatTotals(**{name: getattr(row, name) for name in VatTotals.__dataclass_fields__})


@dataclass(frozen=True)
class Totals:
    """A document's amounts in cents: total = net + VAT + rounding.

    Attributes:
        lines: in the order they were given; zeros for those that do not count.
        vat: highest rate first, goods before services.
        net_cents: after the discount on the whole.
        rounding_cents: BT-114; what a total typed VAT included has above its net and VAT. 0 for net prices.
    """

    lines: tuple[LineTotals, ...]
    vat: tuple[VatTotals, ...]
    net_cents: int
    vat_cents: int
    rounding_cents: int
    total_cents: int

    @property
    def discount_cents(self) -> int:
        """What a discount on the whole takes off the net."""
        return sum(row.discount_cents for row in self.vat)


class _Group(NamedTuple):
    """Lines whose VAT is computed together: BG-23 of the e-invoice."""

    rate: int
    category: VatCategory
    ground: str


class _Part(NamedTuple):
    """Lines of a group that become one row."""

    kind: SupplyKind
    is_deposit: bool
    account: str


def line_amount(line: PricedLine) -> int:
    """Quantity × unit price − discount in cents, half-up."""
    return round_half_up_div(line.quantity * line.unit_price * (WHOLE - line.discount), _LINE_DIVISOR)


def counts(line: PricedLine) -> bool:
    """Whether the line is part of the total: headings and sub-totals are not, nor options nobody has chosen."""
    return line.role in (LineRole.ITEM, LineRole.DEPOSIT)


def compute_totals(
    lines: Iterable[PricedLine], prices_include_vat: bool, terms: DocumentTerms | None = None
) -> Totals:
    """Compute every amount of a document.

    Args:
        lines: in their order; none gives zeros.
        prices_include_vat: whether unit prices include VAT. Then the gross total per rate is what was typed, its net
            is half-up(gross / (1 + rate)), and what net + VAT miss of the gross is the rounding amount.
        terms: what holds for the whole document; None: the normal case of VAT, no discount.
    """
    lines, terms = tuple(lines), terms or DocumentTerms()
    amounts = [line_amount(line) if counts(line) else 0 for line in lines]
    nets = list(amounts)
    groups = _groups(lines, terms)
    vat: list[VatTotals] = []
    discounts = _discounts(lines, amounts, groups, terms)
    for (group, members), discount in zip(groups, discounts, strict=True):
        if prices_include_vat:
            shown = [amounts[i] for i in members]
            for index, net in zip(members, nets_of_gross(shown, group.rate), strict=True):
                nets[index] = net
            net_after = _net_of_gross(sum(shown) - discount, group.rate)
            discount = sum(nets[i] for i in members) - net_after  # noqa: PLW2901  # from here on it is net
        vat += _rows(group, [(_part_of(lines[i]), nets[i]) for i in members], discount)
    net, vat_sum = sum(row.net_cents for row in vat), sum(row.vat_cents for row in vat)
    total = sum(amounts) - sum(discounts) if prices_include_vat else net + vat_sum
    shown_lines = tuple(LineTotals(amount, line_net) for amount, line_net in zip(amounts, nets, strict=True))
    return Totals(shown_lines, tuple(vat), net, vat_sum, total - net - vat_sum, total)


def _groups(lines: Sequence[PricedLine], terms: DocumentTerms) -> list[tuple[_Group, list[int]]]:
    found: dict[_Group, list[int]] = {}
    for index, line in enumerate(lines):
        if counts(line):
            category = category_of(terms.vat_case, line.kind, line.vat_rate, line.vat_ground)
            ground = "" if category is VatCategory.STANDARD else line.vat_ground or terms.vat_ground
            found.setdefault(_Group(line.vat_rate, category, ground), []).append(index)
    return sorted(found.items(), key=lambda pair: (-pair[0].rate, pair[0].category, pair[0].ground))


def _discounts(
    lines: Sequence[PricedLine],
    amounts: Sequence[int],
    groups: Sequence[tuple[_Group, list[int]]],
    terms: DocumentTerms,
) -> list[int]:
    """What the discount on the whole takes off each group, as prices are shown."""
    if not terms.discount_rate and not terms.discount_cents:
        return [0] * len(groups)
    bases = [
        sum(amounts[i] for i in members if lines[i].role is not LineRole.DEPOSIT) for _, members in groups
    ]
    if terms.discount_rate:
        return [round_half_up_div(base * terms.discount_rate, WHOLE) for base in bases]
    # Nothing to take it off: the gate refuses such a document, a draft may still be shown.
    return spread_by_largest_remainder(terms.discount_cents, bases) if sum(bases) else [0] * len(groups)


def nets_of_gross(amounts: Sequence[int], rate: int) -> list[int]:
    """The nets of amounts that include VAT at that rate (1/100 %): they sum to the net of the whole, half-up."""
    return round_to_sum(
        [amount * WHOLE for amount in amounts], WHOLE + rate, _net_of_gross(sum(amounts), rate)
    )


def _net_of_gross(gross: int, rate: int) -> int:
    return round_half_up_div(gross * WHOLE, WHOLE + rate)


def _part_of(line: PricedLine) -> _Part:
    return _Part(line.kind, line.role is LineRole.DEPOSIT, line.sales_account)


_KINDS = {kind: position for position, kind in enumerate(SupplyKind)}


def _rows(group: _Group, nets: Sequence[tuple[_Part, int]], discount: int) -> list[VatTotals]:
    """One row per part of a group; VAT is computed on the whole group and shared by largest remainder."""
    sums: dict[_Part, int] = {}
    for part, net in nets:
        sums[part] = sums.get(part, 0) + net
    parts = sorted(sums, key=lambda part: (_KINDS[part.kind], part.is_deposit, part.account))
    off = _shares_of_discount(parts, sums, discount)
    after = [sums[part] - share for part, share in zip(parts, off, strict=True)]
    vat = round_half_up_div(sum(after) * group.rate, WHOLE)
    shares = round_to_sum([net * group.rate for net in after], WHOLE, vat)
    return [
        VatTotals(
            group.rate, part.kind, net, share, group.category, group.ground, part.account, part.is_deposit, taken
        )
        for part, net, share, taken in zip(parts, after, shares, off, strict=True)
    ]  # fmt: skip


def _shares_of_discount(parts: Sequence[_Part], sums: dict[_Part, int], discount: int) -> list[int]:
    weights = [0 if part.is_deposit else sums[part] for part in parts]
    if sum(weights):
        return spread_by_largest_remainder(discount, weights)
    # What cancels out has no proportions: the cents that rounding leaves go to the first part.
    return [discount if position == 0 else 0 for position in range(len(parts))]
