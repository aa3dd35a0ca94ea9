"""How wide the columns of a printed document are: a number is never broken over two lines, the label has the rest.

The widths are reckoned from the numbers themselves instead of being left to the table: a table that measures all of its
cells takes twice as long to set. Used by `render_pdf`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from core.money import CENT_DECIMALS, QUANTITY_DECIMALS, RATE_DECIMALS, UNIT_PRICE_DECIMALS
from invoicing.document_rows import PrintedRow
from invoicing.document_view import DocumentView
from invoicing.document_words import unit_text
from invoicing.units import DEFAULT_UNIT

# Inter at 9 pt with figures of one width, and its headings at 7.5 pt; in mm, measured and rounded up.
_DIGIT_MM = 2.05
_MARK_MM = 0.95
_LETTER_MM = 1.85
_HEADING_LETTER_MM = 1.6
_GAP_MM = 3.0


@dataclass(frozen=True)
class Columns:
    """Widths in mm, gap included; 0 for a column that is not printed."""

    quantity: float
    unit: float
    price: float
    discount: float
    rate: float
    amount: float

    @property
    def count(self) -> int:
        """The number of columns printed, that of the labels included."""
        return 1 + sum(1 for width in vars(self).values() if width)


def columns_of(view: DocumentView, rows: Iterable[PrintedRow]) -> Columns:
    """The columns of a document's lines, their headings in the language that is on."""
    rows = tuple(rows)
    lines = [row.line for row in rows if row.has_price]
    units = {line.unit: unit_text(line) for line in lines}
    discounts = [line.discount for line in lines if line.discount]
    gross = view.prices_include_vat
    return Columns(
        quantity=_numbers((line.quantity for line in lines), QUANTITY_DECIMALS, 0, _("Quantity")),
        unit=_texts(units.values(), _("Unit")) if set(units) - {DEFAULT_UNIT} else 0,
        price=_numbers(
            (line.unit_price for line in lines), UNIT_PRICE_DECIMALS, 2,
            _("Unit price incl. VAT") if gross else _("Unit price excl. VAT"),
        ),
        discount=_numbers(discounts, RATE_DECIMALS, 0, _("Discount"), " %") if discounts else 0,
        rate=_texts((row.rate for row in rows if row.has_price), _("VAT")),
        amount=_numbers(
            (row.amount_cents or 0 for row in rows), CENT_DECIMALS, CENT_DECIMALS,
            _("Total incl. VAT") if gross else _("Total excl. VAT"), "()",
        ),
    )  # fmt: skip


def _numbers(
    values: Iterable[int], decimals: int, least_decimals: int, heading: str, around: str = ""
) -> float:
    widest = max((_number_mm(value, decimals, least_decimals) for value in values), default=0.0)
    return max(widest + len(around) * _MARK_MM, len(heading) * _HEADING_LETTER_MM) + _GAP_MM


def _number_mm(value: int, decimals: int, least_decimals: int) -> float:
    whole, part = divmod(abs(value), 10**decimals)
    digits = len(str(whole))
    shown = max(len(f"{part:0{decimals}}".rstrip("0")) if part else 0, least_decimals)
    marks = (digits - 1) // 3 + (shown > 0) + (value < 0)
    return (digits + shown) * _DIGIT_MM + marks * _MARK_MM


def _texts(texts: Iterable[str], heading: str) -> float:
    widest = max((len(text) * _LETTER_MM for text in texts), default=0.0)
    return max(widest, len(heading) * _HEADING_LETTER_MM) + _GAP_MM
