"""Money as text and as exact integers: reading what people type, writing it, dividing without losing a cent.

Everybody who handles an amount uses this module: forms and CSV imports parse with it, templates and documents
format with it, the VAT and discount computations divide with it. No float ever enters or leaves. An amount is
an integer number of cents; a quantity has 4 decimals, a unit price 6, a rate in percent 2, each kept as a
scaled integer (`2.5` as a quantity is 25000).
"""

import re
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from typing import Final

from babel import Locale
from babel.numbers import format_currency, format_decimal
from flask_babel import LazyString, lazy_gettext

CENT_DECIMALS: Final = 2
QUANTITY_DECIMALS: Final = 4
UNIT_PRICE_DECIMALS: Final = 6
RATE_DECIMALS: Final = 2

LARGEST_SCALED: Final = 10**15
"""No text is read above this scaled value, so that sums of many amounts still fit a BIGINT column."""

# The editor shows totals of figures that no check has bounded yet: three of them multiplied pass Python's 28 digits.
_WIDE = Context(prec=100)
_LONGEST_TEXT = 40
_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007\t"), " ")
_NUMBER = re.compile(r"([-+\u2212]?) ?([0-9]{1,3}(?: [0-9]{3})+|[0-9]*)(?:[.,]([0-9]+))?(?: ?(?:€|EUR))?")


class MoneyTextError(ValueError):
    """A text that is not one clear number; `message` is translated when shown, for beside the field."""

    def __init__(self, message: LazyString) -> None:
        super().__init__(message)
        self.message = message


def parse_cents(text: str) -> int:
    """Read an amount in euros (`1 234,56`, `1234.5`, `-12 €`) as cents. Raises `MoneyTextError`."""
    return parse_scaled(text, CENT_DECIMALS)


def parse_scaled(text: str, decimals: int) -> int:
    """Read a number with at most `decimals` decimals as an integer scaled by 10**decimals.

    Comma and point both mean the decimal mark; spaces of any width may separate thousands. What could be read
    in two ways is refused: both marks in one text, or exactly three decimals where fewer are allowed (`1,234`
    euros). Zeros beyond the allowed decimals are dropped. Raises `MoneyTextError`.
    """
    clean = text.translate(_SPACES).strip()
    if not clean:
        raise MoneyTextError(lazy_gettext("Enter a number."))
    if "." in clean and "," in clean:
        raise MoneyTextError(
            lazy_gettext("Use either a comma or a point for the decimals, and spaces for thousands.")
        )
    match = _NUMBER.fullmatch(clean) if len(clean) <= _LONGEST_TEXT else None
    if match is None or not (match[2] or match[3]):
        raise MoneyTextError(lazy_gettext("This is not a number. Write it like 1234,56."))
    whole_digits = match[2].replace(" ", "")
    scaled = int(whole_digits + _fraction_digits(match[3] or "", decimals))
    if scaled > LARGEST_SCALED:
        raise MoneyTextError(lazy_gettext("This number is too large."))
    return -scaled if match[1] in ("-", "\u2212") else scaled


def _fraction_digits(digits: str, decimals: int) -> str:
    """The digits after the decimal mark, brought to exactly `decimals` of them."""
    if len(digits) == 3 > decimals:
        raise MoneyTextError(
            lazy_gettext("Three decimals could also be thousands. Write thousands with a space or nothing.")
        )
    if digits[decimals:].strip("0"):
        raise MoneyTextError(lazy_gettext("At most %(count)d decimals are allowed here.", count=decimals))
    return digits[:decimals].ljust(decimals, "0")


def as_decimal(value: int, decimals: int) -> Decimal:
    """The exact number that a scaled integer stands for: `as_decimal(12345, 2)` is `Decimal("123.45")`."""
    return Decimal(value).scaleb(-decimals)


def format_cents(cents: int, locale: str | Locale, *, currency: bool = True) -> str:
    """An amount as people of that language write it: `1 234,56 €`, or `1 234,56` without `currency`."""
    with localcontext(_WIDE):
        amount = as_decimal(cents, CENT_DECIMALS)
        if currency:
            return format_currency(amount, "EUR", locale=locale)
        return format_decimal(amount, format="#,##0.00", locale=locale)


def format_scaled(value: int, decimals: int, locale: str | Locale, *, least_decimals: int = 0) -> str:
    """A scaled integer as people of that language write it, without the zeros beyond `least_decimals`."""
    pattern = "#,##0." + "0" * least_decimals + "#" * (decimals - least_decimals)
    with localcontext(_WIDE):
        return format_decimal(as_decimal(value, decimals), format=pattern, locale=locale)


def round_half_up_div(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest integer; a half goes away from zero.

    Half-up is applied to the absolute value, so that a credit note mirrors its invoice: 5/2 gives 3, -5/2
    gives -3. Raises `ZeroDivisionError`.
    """
    magnitude, divisor = abs(numerator), abs(denominator)
    rounded = (2 * magnitude + divisor) // (2 * divisor)
    return rounded if (numerator < 0) == (denominator < 0) else -rounded


def round_to_sum(numerators: Sequence[int], denominator: int, total: int) -> list[int]:
    """Each `numerator / denominator` rounded down or up so that they sum to `total`: largest remainders go up.

    `total` is the exact sum, rounded; equal remainders go to the first. Unlike shares in proportion this also holds
    when parts of opposite sign cancel out. A negative total gives the mirror of the positive one.
    """
    if total < 0:
        return [-share for share in round_to_sum([-n for n in numerators], denominator, -total)]
    divided = [divmod(numerator, denominator) for numerator in numerators]
    shares = [share for share, _ in divided]
    by_remainder = sorted(range(len(divided)), key=lambda index: (-divided[index][1], index))
    missing = total - sum(shares)
    assert 0 <= missing <= len(shares), "the total is not the rounded sum of its parts"
    for index in by_remainder[:missing]:
        shares[index] += 1
    return shares


def spread_by_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, in integers whose sum is exactly `total`.

    Each share is within one unit of its exact value; the units left over go to the largest remainders, the
    first of equals first. A negative total gives the mirror of the positive one. Weights may be negative too
    (a returned line takes its share of a discount back) as long as their sum is not zero; an item of weight
    zero gets nothing. Raises `ValueError` when the weights sum to zero and there is something to split.
    """
    weight_sum = sum(weights)
    if weight_sum == 0:
        if total == 0:
            return [0] * len(weights)
        raise ValueError("weights that sum to zero cannot share a total")
    sign = -1 if total < 0 else 1
    direction = -1 if weight_sum < 0 else 1
    divided = [divmod(abs(total) * weight * direction, abs(weight_sum)) for weight in weights]
    shares = [share for share, _ in divided]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-divided[index][1], index))
    for index in by_remainder[: abs(total) - sum(shares)]:
        shares[index] += 1
    return [sign * share for share in shares]
