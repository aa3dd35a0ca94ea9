"""core/money.py: reading, writing and dividing amounts without losing a cent."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    LARGEST_SCALED,
    MoneyTextError,
    as_decimal,
    format_cents,
    format_scaled,
    parse_cents,
    parse_scaled,
    round_half_up_div,
    spread_by_largest_remainder,
)

AMOUNTS = st.integers(-LARGEST_SCALED, LARGEST_SCALED)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1 234,56", 123456),
        ("1234.56", 123456),
        ("1\u00a0234,56", 123456),
        ("1\u202f234\u202f567,8\u00a0€", 123456780),
        ("  12 ", 1200),
        ("0", 0),
        (",5", 50),
        (".05", 5),
        ("007,10", 710),
        ("-3,20", -320),
        ("\u22123,20", -320),
        ("- 3,20", -320),
        ("+3,20", 320),
        ("12 EUR", 1200),
        ("12€", 1200),
        ("10,0000", 1000),
        ("10000000000000,00", LARGEST_SCALED),
    ],
)
def test_an_amount_is_read_as_cents(text: str, cents: int) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "abc", "-", ",", "€", "5,", "1,2,3", "1.2.3", "12 34", "1 2345", "1 234 56", "1,23 4", "--1",
        "1-", "1e3", "1E-2", "nan", "inf", "0x10", "1_000", "١٢", "1/2", "10 $", "12,5 €€", "<script>", "1\n2",
    ],
)  # fmt: skip
def test_a_text_that_is_not_one_number_is_refused(text: str) -> None:
    with pytest.raises(MoneyTextError):
        parse_cents(text)


@pytest.mark.parametrize("text", ["1.234,56", "1,234.56", "1,234", "1.000", "1 234,567"])
def test_an_amount_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(MoneyTextError):
        parse_cents(text)


@pytest.mark.parametrize("text", ["0,0001", "12,3450001", "10000000000000,01", "9" * 41, "9" * 10_000])
def test_too_many_decimals_and_too_large_numbers_are_refused(text: str) -> None:
    with pytest.raises(MoneyTextError):
        parse_cents(text)


def test_the_refusal_is_a_sentence_that_can_be_shown() -> None:
    with pytest.raises(MoneyTextError) as refusal:
        parse_scaled("1,23456", 4)
    assert str(refusal.value) == "At most 4 decimals are allowed here."
    assert str(refusal.value.message) == str(refusal.value)


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [
        ("1,5", 4, 15000),
        ("1,234", 4, 12340),
        ("0,000001", 6, 1),
        ("-2", 4, -20000),
        ("5,5", 2, 550),
        ("20", 2, 2000),
    ],
)
def test_quantities_prices_and_rates_are_scaled_integers(text: str, decimals: int, value: int) -> None:
    assert parse_scaled(text, decimals) == value


def test_a_float_is_not_a_text() -> None:
    with pytest.raises(AttributeError):
        parse_cents(12.5)  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize(
    ("cents", "locale", "text"),
    [
        (123456, "fr", "1\u202f234,56\u00a0€"),
        (123456, "en", "€1,234.56"),
        (-5, "fr", "-0,05\u00a0€"),
        (0, "fr", "0,00\u00a0€"),
        (LARGEST_SCALED + 1, "fr", "10\u202f000\u202f000\u202f000\u202f000,01\u00a0€"),
    ],
)
def test_an_amount_is_written_in_the_readers_language(cents: int, locale: str, text: str) -> None:
    assert format_cents(cents, locale) == text


def test_an_amount_can_be_written_without_its_currency() -> None:
    assert format_cents(123450, "fr", currency=False) == "1\u202f234,50"


@pytest.mark.parametrize(
    ("value", "decimals", "least", "text"),
    [
        (20000, 4, 0, "2"),
        (25000, 4, 0, "2,5"),
        (1, 6, 2, "0,000001"),
        (12_500_000, 6, 2, "12,50"),
        (550, 2, 0, "5,5"),
    ],
)
def test_a_scaled_number_is_written_without_useless_zeros(
    value: int, decimals: int, least: int, text: str
) -> None:
    assert format_scaled(value, decimals, "fr", least_decimals=least) == text


@given(AMOUNTS)
def test_what_is_written_in_french_reads_back_to_the_same_cents(cents: int) -> None:
    assert parse_cents(format_cents(cents, "fr")) == cents
    assert parse_cents(str(as_decimal(cents, 2))) == cents


@given(AMOUNTS, st.sampled_from([2, 4, 6]))
def test_what_is_written_with_decimals_reads_back_to_the_same_value(value: int, decimals: int) -> None:
    assert parse_scaled(format_scaled(value, decimals, "fr"), decimals) == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_never_crashed_on(text: str) -> None:
    try:
        cents = parse_cents(text)
    except MoneyTextError:
        return
    assert abs(cents) <= LARGEST_SCALED


@pytest.mark.parametrize(
    ("numerator", "denominator", "result"),
    [
        (5, 2, 3),
        (-5, 2, -3),
        (5, -2, -3),
        (-5, -2, 3),
        (4, 3, 1),
        (-4, 3, -1),
        (0, -7, 0),
        (1, 2, 1),
        (1, 3, 0),
    ],
)
def test_a_half_is_rounded_away_from_zero(numerator: int, denominator: int, result: int) -> None:
    assert round_half_up_div(numerator, denominator) == result


@given(AMOUNTS, st.integers(-(10**12), 10**12).filter(bool))
def test_rounding_agrees_with_the_decimal_librarys_half_up(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    rounded = round_half_up_div(numerator, denominator)
    assert abs(exact - rounded) <= Fraction(1, 2)
    if exact.denominator in (1, 2):
        halves = Decimal(exact.numerator) / exact.denominator
        assert rounded == int(halves.quantize(Decimal(1), ROUND_HALF_UP))


def test_dividing_by_zero_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        round_half_up_div(1, 0)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (100, [-1, -1, -1], [34, 33, 33]),
        (10, [0, 3, 0], [0, 10, 0]),
        (10, [100, -20], [13, -3]),
        (-10, [100, -20], [-13, 3]),
        (1, [1, 2, 2], [0, 1, 0]),
        (0, [], []),
        (0, [0, 0], [0, 0]),
        (0, [1, -1], [0, 0]),
    ],
)
def test_a_total_is_spread_by_largest_remainder(total: int, weights: list[int], shares: list[int]) -> None:
    assert spread_by_largest_remainder(total, weights) == shares


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_that_sum_to_zero_cannot_share_anything(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        spread_by_largest_remainder(5, weights)


@given(AMOUNTS, st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=30).filter(sum))
def test_shares_sum_to_the_total_and_stay_near_their_exact_value(total: int, weights: list[int]) -> None:
    shares = spread_by_largest_remainder(total, weights)
    assert sum(shares) == total
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    assert all(abs(share - aim) < 1 for share, aim in zip(shares, exact, strict=True))
    assert shares == [-share for share in spread_by_largest_remainder(-total, weights)]


def test_an_amount_of_any_size_is_shown_whole() -> None:
    assert format_cents(10**48 + 1, "en") == f"€{10**46:,}.01"
    assert format_cents(-(10**30), "en", currency=False) == f"-{10**28:,}.00"
