"""The totals of documents: worked examples first, then what must hold for any lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from accounting.facts import SupplyKind
from core.money import parse_scaled, round_half_up_div
from invoicing.lifecycle import LineRole
from invoicing.vat import WHOLE, LineTotals, Totals, VatTotals, compute_totals, line_amount

GOODS, SERVICE = SupplyKind.GOODS, SupplyKind.SERVICE


@dataclass(frozen=True)
class Line:
    quantity: int
    unit_price: int
    vat_rate: int
    kind: SupplyKind = SERVICE
    discount: int = 0
    role: LineRole = LineRole.ITEM
    vat_ground: str = ""
    sales_account: str = ""


def line(quantity: str, price: str, rate: str, kind: SupplyKind = SERVICE, discount: str = "0") -> Line:
    return Line(
        parse_scaled(quantity, 4),
        parse_scaled(price, 6),
        parse_scaled(rate, 2),
        kind,
        parse_scaled(discount, 2),
    )


LINES = st.lists(
    st.builds(
        Line,
        quantity=st.integers(-(10**8), 10**8),
        unit_price=st.integers(0, 10**10),
        vat_rate=st.sampled_from([2000, 1000, 550, 210, 0, 600, 2100]),
        kind=st.sampled_from(SupplyKind),
        discount=st.one_of(st.just(0), st.integers(0, WHOLE)),
    ),
    max_size=12,
)


def test_a_document_without_lines_comes_to_nothing():
    assert compute_totals([], False) == Totals((), (), 0, 0, 0, 0)


def test_net_prices_give_vat_per_rate_on_the_whole_document():
    totals = compute_totals([line("1", "0.33", "20") for _ in range(3)], False)
    # Line by line it would be 3 × 0.07 = 0.21.
    assert totals.vat == (VatTotals(2000, SERVICE, 99, 20),)
    assert totals.total_cents == 119


def test_a_discount_is_taken_off_before_the_one_rounding_of_the_line():
    assert line_amount(line("3", "33.335", "20", discount="33.33")) == 6667
    assert line_amount(line("1", "0.005", "20")) == 1
    assert line_amount(line("-1", "0.005", "20")) == -1
    assert line_amount(line("7", "12", "20", discount="100")) == 0


def test_prices_with_many_decimals_are_exact():
    assert line_amount(line("16000", "0.00101", "21")) == 1616
    assert line_amount(line("0.0001", "0.000001", "20")) == 0


def test_goods_and_services_of_one_rate_share_its_vat_to_the_cent():
    totals = compute_totals([line("1", "0.13", "20", GOODS), line("1", "0.13", "20")], False)
    assert totals.vat == (VatTotals(2000, GOODS, 13, 3), VatTotals(2000, SERVICE, 13, 2))
    assert totals.vat_cents == 5


def test_a_return_that_cancels_a_service_keeps_the_vat_of_both_kinds():
    totals = compute_totals([line("1", "100", "20", GOODS), line("-1", "100", "20")], False)
    assert totals.vat == (VatTotals(2000, GOODS, 10000, 2000), VatTotals(2000, SERVICE, -10000, -2000))
    assert totals.total_cents == 0


def test_a_gross_total_that_no_net_gives_is_reached_by_the_rounding_amount():
    totals = compute_totals([line("1", "99.99", "20")], True)
    assert (totals.net_cents, totals.vat_cents, totals.rounding_cents, totals.total_cents) == (
        8333,
        1667,
        -1,
        9999,
    )


def test_gross_lines_share_the_net_of_their_rate():
    totals = compute_totals([line("1", "10", "20"), line("1", "10", "20"), line("1", "10", "20")], True)
    assert totals.lines == (LineTotals(1000, 834), LineTotals(1000, 833), LineTotals(1000, 833))
    assert (totals.net_cents, totals.vat_cents, totals.rounding_cents) == (2500, 500, 0)


def test_rates_stand_highest_first():
    rates = [
        part.rate for part in compute_totals([line("1", "1", r) for r in ("2.1", "20", "5.5")], False).vat
    ]
    assert rates == [2000, 550, 210]


@given(LINES, st.booleans())
def test_all_amounts_agree_with_each_other(lines, prices_include_vat):
    totals = compute_totals(lines, prices_include_vat)
    assert totals.total_cents == totals.net_cents + totals.vat_cents + totals.rounding_cents
    assert (
        totals.net_cents
        == sum(part.net_cents for part in totals.vat)
        == sum(x.net_cents for x in totals.lines)
    )
    assert totals.vat_cents == sum(part.vat_cents for part in totals.vat)
    for rate in {x.vat_rate for x in lines}:
        net = sum(part.net_cents for part in totals.vat if part.rate == rate)
        vat = sum(part.vat_cents for part in totals.vat if part.rate == rate)
        assert vat == round_half_up_div(net * rate, WHOLE)


@given(LINES)
def test_net_prices_never_need_a_rounding_amount(lines):
    totals = compute_totals(lines, False)
    assert totals.rounding_cents == 0
    assert [x.amount_cents for x in totals.lines] == [x.net_cents for x in totals.lines]


@given(LINES)
def test_a_gross_total_is_what_was_typed_and_its_rounding_stays_under_a_cent_per_rate(lines):
    totals = compute_totals(lines, True)
    assert totals.total_cents == sum(line_amount(x) for x in lines)
    assert abs(totals.rounding_cents) <= len({x.vat_rate for x in lines})
    for found, given_line in zip(totals.lines, lines, strict=True):
        exact = found.amount_cents * WHOLE
        assert abs(found.net_cents * (WHOLE + given_line.vat_rate) - exact) < WHOLE + given_line.vat_rate


@given(LINES)
def test_the_vat_of_each_kind_is_within_a_cent_of_its_exact_value(lines):
    for part in compute_totals(lines, False).vat:
        assert abs(part.vat_cents * WHOLE - part.net_cents * part.rate) < WHOLE


@given(LINES, st.booleans())
def test_turning_every_quantity_round_turns_every_total_round(lines, prices_include_vat):
    totals = compute_totals(lines, prices_include_vat)
    mirrored = compute_totals([replace(x, quantity=-x.quantity) for x in lines], prices_include_vat)
    assert mirrored.net_cents == -totals.net_cents
    assert mirrored.vat_cents == -totals.vat_cents
    assert mirrored.rounding_cents == -totals.rounding_cents
    assert mirrored.total_cents == -totals.total_cents
    assert [x.amount_cents for x in mirrored.lines] == [-x.amount_cents for x in totals.lines]


@given(LINES, st.booleans(), st.randoms())
def test_the_order_of_lines_does_not_change_the_totals(lines, prices_include_vat, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    first, second = compute_totals(lines, prices_include_vat), compute_totals(shuffled, prices_include_vat)
    assert (first.net_cents, first.vat_cents, first.total_cents) == (
        second.net_cents,
        second.vat_cents,
        second.total_cents,
    )
